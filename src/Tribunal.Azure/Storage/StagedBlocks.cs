using System.Buffers.Binary;
using System.Security.Cryptography;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Tribunal.Azure.Storage;

/// <summary>Collects content into blocks of a blob that appears when they are committed. Memory: one block.</summary>
internal sealed class StagedBlocks(BlockBlobClient target, int blockBytes)
{
    private readonly List<string> _ids = [];
    private readonly byte[] _block = new byte[blockBytes];
    private int _filled;

    /// <summary>Takes a stream over, without what follows its last line feed.</summary>
    public async Task AppendLinesAsync(Stream source, CancellationToken cancellationToken)
    {
        // Bytes since the last line feed may be dropped at the end: they wait apart until their line is whole.
        using MemoryStream open = new();
        byte[] buffer = new byte[128 * 1024];
        while (await source.ReadAsync(buffer, cancellationToken) is > 0 and int read)
        {
            int whole = buffer.AsSpan(0, read).LastIndexOf((byte)'\n') + 1;
            if (whole > 0)
            {
                await AddAsync(open.GetBuffer().AsMemory(0, (int)open.Length), cancellationToken);
                open.SetLength(0);
                await AddAsync(buffer.AsMemory(0, whole), cancellationToken);
            }

            open.Write(buffer, whole, read - whole);
        }
    }

    /// <summary>Takes bytes over as they are.</summary>
    public async Task AddAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            int taken = Math.Min(bytes.Length, blockBytes - _filled);
            bytes[..taken].CopyTo(_block.AsMemory(_filled));
            _filled += taken;
            bytes = bytes[taken..];
            if (_filled == blockBytes)
            {
                await StageAsync(cancellationToken);
            }
        }
    }

    /// <param name="conditions">When it may appear; null for always.</param>
    public async Task CommitAsync(BlobRequestConditions? conditions, CancellationToken cancellationToken)
    {
        await StageAsync(cancellationToken);
        await target.CommitBlockListAsync(_ids, new CommitBlockListOptions { Conditions = conditions }, cancellationToken);
    }

    private async Task StageAsync(CancellationToken cancellationToken)
    {
        if (_filled == 0)
        {
            return;
        }

        byte[] id = new byte[sizeof(int) + SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt32BigEndian(id, _ids.Count);
        SHA256.HashData(_block.AsSpan(0, _filled), id.AsSpan(sizeof(int)));
        string name = Convert.ToBase64String(id);
        using Stream body = BinaryData.FromBytes(_block.AsMemory(0, _filled)).ToStream();
        await target.StageBlockAsync(name, body, cancellationToken: cancellationToken);
        _ids.Add(name);
        _filled = 0;
    }
}
