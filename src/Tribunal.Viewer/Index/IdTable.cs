using System.IO.Hashing;
using System.Text;

namespace Tribunal.Viewer.Index;

/// <summary>Ids of rollouts and the rows they have: UTF-8 in one block, found by hash, a few bytes an id beside its text.</summary>
internal sealed class IdTable
{
    private byte[] _text = new byte[64 * 1024];
    private int _used;
    private (int At, int Length)[] _ids = new (int, int)[1024];
    private int[] _slots = NewSlots(4096);

    public int Count { get; private set; }

    public int Bytes => _used;

    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _used);

    public string this[int row] => Encoding.UTF8.GetString(_text, _ids[row].At, _ids[row].Length);

    public (int At, int Length) PlaceOf(int row) => _ids[row];

    /// <summary>The id's row; −1 where there is none.</summary>
    public int Find(string id)
    {
        Span<byte> utf8 = id.Length <= 256 ? stackalloc byte[1024] : new byte[Encoding.UTF8.GetMaxByteCount(id.Length)];
        return Find(utf8[..Encoding.UTF8.GetBytes(id, utf8)], out _);
    }

    /// <summary>The id's row, a new one where it had none.</summary>
    public int Add(string id, out bool added)
    {
        Span<byte> utf8 = id.Length <= 256 ? stackalloc byte[1024] : new byte[Encoding.UTF8.GetMaxByteCount(id.Length)];
        utf8 = utf8[..Encoding.UTF8.GetBytes(id, utf8)];
        int row = Find(utf8, out int slot);
        added = row < 0;
        return added ? Append(utf8, slot) : row;
    }

    /// <summary>Adds ids as they stand in an index file, in the order of their rows.</summary>
    public void Load(byte[] text, ReadOnlySpan<IndexRow> rows)
    {
        (_text, _used, Count) = (text, text.Length, rows.Length);
        _ids = new (int, int)[Math.Max(1, rows.Length)];
        for (int row = 0; row < rows.Length; row++)
        {
            _ids[row] = (rows[row].Id, rows[row].IdLength);
        }

        Rehash();
    }

    private int Append(ReadOnlySpan<byte> utf8, int slot)
    {
        if (_used + utf8.Length > _text.Length)
        {
            Array.Resize(ref _text, Math.Max(_text.Length * 2, _used + utf8.Length));
        }

        if (Count == _ids.Length)
        {
            Array.Resize(ref _ids, Count * 2);
        }

        utf8.CopyTo(_text.AsSpan(_used));
        _ids[Count] = (_used, utf8.Length);
        _used += utf8.Length;
        _slots[slot] = Count++;
        if (Count * 2 > _slots.Length)
        {
            Rehash();
        }

        return Count - 1;
    }

    private int Find(ReadOnlySpan<byte> utf8, out int slot)
    {
        slot = SlotOf(utf8);
        while (_slots[slot] is >= 0 and var row)
        {
            (int at, int length) = _ids[row];
            if (utf8.SequenceEqual(_text.AsSpan(at, length)))
            {
                return row;
            }

            slot = (slot + 1) & (_slots.Length - 1);
        }

        return -1;
    }

    private void Rehash()
    {
        int size = 4096;
        while (size < Count * 4)
        {
            size *= 2;
        }

        _slots = NewSlots(size);
        for (int row = 0; row < Count; row++)
        {
            (int at, int length) = _ids[row];
            int slot = SlotOf(_text.AsSpan(at, length));
            while (_slots[slot] >= 0)
            {
                slot = (slot + 1) & (size - 1);
            }

            _slots[slot] = row;
        }
    }

    private int SlotOf(ReadOnlySpan<byte> utf8) => (int)XxHash3.HashToUInt64(utf8) & (_slots.Length - 1);

    private static int[] NewSlots(int size)
    {
        int[] slots = new int[size];
        Array.Fill(slots, -1);
        return slots;
    }
}
