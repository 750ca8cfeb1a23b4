using System.Runtime.InteropServices;

namespace Tribunal.Azure.Storage;

/// <summary>Memory as a stream that a client may read again when it retries; nothing is copied where an array is behind it.</summary>
internal sealed class BinaryStream : MemoryStream
{
    public BinaryStream(ReadOnlyMemory<byte> content)
        : this(MemoryMarshal.TryGetArray(content, out ArraySegment<byte> array) ? array : new ArraySegment<byte>(content.ToArray()))
    {
    }

    private BinaryStream(ArraySegment<byte> array)
        : base(array.Array ?? [], array.Offset, array.Count, writable: false)
    {
    }
}
