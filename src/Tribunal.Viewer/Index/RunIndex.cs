using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tribunal.Reports;
using Tribunal.Viewer.Forms;

namespace Tribunal.Viewer.Index;

/// <summary>
/// A run's rollouts by number, in the order of its verdicts, and where their lines are. Rows are there as soon as they are read: who asks
/// meanwhile gets those, and is told how far the index is.
/// </summary>
internal sealed class RunIndex : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly List<string> _ids = [];
    private IndexRow[] _rows = new IndexRow[1024];
    private int _count;
    private int _idBytes;
    private int _version;
    private PlaceList? _places;
    private SafeFileHandle? _file;
    private long _placesAt;

    /// <summary>The rows' ids, for the writer.</summary>
    public IReadOnlyList<string> Ids => _ids;

    /// <summary>Names of domains by number.</summary>
    public List<string> Domains { get; init; } = [];

    /// <summary>The ledger files that places name by number.</summary>
    public List<string> Files { get; init; } = [];

    /// <summary>Rewards, in bins that fit the scores they come from.</summary>
    public Histogram Rewards { get; set; } = new();

    /// <summary>Bytes of ledger and batch, for telling how far a search is.</summary>
    public long Bytes { get; set; }

    /// <summary>Judgements in all.</summary>
    public long Judgements { get; set; }

    /// <summary>Whether the batch with its texts was there.</summary>
    public bool HasBatch { get; set; }

    public ProgressForm Progress { get; set; } = new("waiting", 0);

    public bool IsWhole => Progress.Stage.Length == 0;

    /// <summary>Grows with every change, so that what was made of the rows is known to be old.</summary>
    public int Version => Volatile.Read(ref _version);

    public int Count => Volatile.Read(ref _count);

    /// <summary>The rows that are there. The one writer changes those that the passes to come still have figures for.</summary>
    public ReadOnlySpan<IndexRow> Rows
    {
        get
        {
            lock (_gate)
            {
                return _rows.AsSpan(0, _count);
            }
        }
    }

    /// <summary>A row to change; of the writer alone, and until it adds another.</summary>
    public ref IndexRow this[int row] => ref _rows[row];

    public int Add(string id)
    {
        lock (_gate)
        {
            if (!_numbers.TryAdd(id, _count))
            {
                return _numbers[id];
            }

            if (_count == _rows.Length)
            {
                Array.Resize(ref _rows, _count * 2);
            }

            _ids.Add(id);
            _rows[_count] = IndexRow.Empty;
            (_rows[_count].Id, _rows[_count].IdLength) = (_idBytes, Encoding.UTF8.GetByteCount(id));
            _idBytes += _rows[_count].IdLength;
            return _count++;
        }
    }

    public string IdOf(int row)
    {
        lock (_gate)
        {
            return _ids[row];
        }
    }

    public int Find(string id)
    {
        lock (_gate)
        {
            return _numbers.GetValueOrDefault(id, -1);
        }
    }

    public void Changed() => Interlocked.Increment(ref _version);

    /// <summary>Takes the places in, ordered by row.</summary>
    public void Place(PlaceList places) => _places = places;

    /// <summary>The places are read from the index file from now on.</summary>
    public void Place(SafeFileHandle file, long at) => (_file, _placesAt, _places) = (file, at, null);

    /// <summary>The lines of a row's judgements, in the order of their samples.</summary>
    public IndexPlace[] PlacesOf(int row)
    {
        IndexRow known = Rows[row];
        if (_places is { } places)
        {
            return [.. Enumerable.Range(known.First, known.Drawn).Select(number => places[number])];
        }

        var read = new IndexPlace[_file is null ? 0 : known.Drawn];
        if (read.Length > 0)
        {
            Span<byte> bytes = MemoryMarshal.AsBytes(read.AsSpan());
            int done = 0;
            while (done < bytes.Length && RandomAccess.Read(_file!, bytes[done..], _placesAt + ((long)known.First * Marshal.SizeOf<IndexPlace>()) + done) is > 0 and int more)
            {
                done += more;
            }
        }

        return read;
    }

    /// <summary>Takes the rows of an index file in.</summary>
    public void Load(IndexRow[] rows, byte[] ids)
    {
        lock (_gate)
        {
            foreach (IndexRow row in rows)
            {
                _ids.Add(Encoding.UTF8.GetString(ids, row.Id, row.IdLength));
                _numbers.Add(_ids[^1], _numbers.Count);
            }

            (_rows, _count) = (rows.Length == 0 ? new IndexRow[1] : rows, rows.Length);
        }
    }

    public void Dispose() => _file?.Dispose();
}
