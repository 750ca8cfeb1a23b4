using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using Tribunal.Azure.Names;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Storage;

/// <summary>Leave to upload one batch.</summary>
/// <param name="Batch">Its path in the rollouts container, as requests name it.</param>
/// <param name="Address">Where its content is put, for minutes and for this blob only; null: it is there already.</param>
/// <param name="Expires">When the leave ends.</param>
public sealed record UploadGrant(string Batch, Uri? Address, DateTimeOffset Expires);

/// <summary>
/// Batches that wait for a request of their own. They are named by content: the same batch is uploaded once, and a changed one is
/// another.
/// </summary>
public sealed class SubmittedBatches(StorageClients clients, TimeProvider time)
{
    /// <summary>How long a grant holds.</summary>
    public static readonly TimeSpan GrantTime = TimeSpan.FromMinutes(15);

    /// <summary>The largest batch that is taken as a request's body, bytes: what a function app can stream before its time ends.</summary>
    public const long MaxBody = 1L << 30;

    private const int BlockBytes = 4 * 1024 * 1024;
    private const int BufferBytes = 128 * 1024;
    private const int NamedDigits = 16;

    // Clocks differ: what begins now has begun a little while ago.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>A batch's path in the rollouts container.</summary>
    /// <param name="fileName">The file's name, for people: what a path may not hold is left out of it.</param>
    /// <param name="sha256">SHA-256 of its content, in 64 hexadecimal digits.</param>
    /// <exception cref="ProblemsException">The hash is none, or the name can't be used.</exception>
    public static string PathOf(string fileName, string sha256)
    {
        if (sha256.Length != 2 * SHA256.HashSizeInBytes || !sha256.All(char.IsAsciiHexDigitLower))
        {
            throw new ProblemsException([new Problem("sha256", "64 lower-case hexadecimal digits")]);
        }

        string name = BatchPath.Cleaned(fileName);
        string path = $"{ResourceNames.SubmittedPrefix}{sha256[..NamedDigits]}/{name.Replace('/', '-')}";
        return BatchPath.Fault(path) is { } fault ? throw new ProblemsException([new Problem("name", fault)]) : path;
    }

    /// <summary>
    /// Gives leave to upload one batch: by a shared access signature of the caller's identity (the action
    /// generateUserDelegationKey on the account), which creates and writes this blob only. Azurite signs by its key.
    /// </summary>
    /// <exception cref="ProblemsException">As <see cref="PathOf"/>.</exception>
    /// <exception cref="RequestFailedException">Storage refuses, or can't be reached.</exception>
    public async Task<UploadGrant> GrantAsync(string fileName, string sha256, CancellationToken cancellationToken)
    {
        string path = PathOf(fileName, sha256);
        BlobClient blob = clients.Rollouts.GetBlobClient(path);
        DateTimeOffset expires = time.GetUtcNow() + GrantTime;
        if (await blob.ExistsAsync(cancellationToken))
        {
            return new UploadGrant(path, null, expires);
        }

        BlobSasBuilder signature = Signature(path, time.GetUtcNow() - ClockSkew, expires, blob.Uri.Scheme == Uri.UriSchemeHttps);
        if (blob.CanGenerateSasUri)
        {
            return new UploadGrant(path, blob.GenerateSasUri(signature), expires);
        }

        UserDelegationKey key = await clients.Blobs.GetUserDelegationKeyAsync(signature.StartsOn, expires, cancellationToken);
        return new UploadGrant(path, Signed(blob.Uri, signature, key, clients.Account), expires);
    }

    /// <summary>What a grant allows: this blob, to be created and written, until then.</summary>
    internal static BlobSasBuilder Signature(string path, DateTimeOffset begins, DateTimeOffset expires, bool isHttps) => new(BlobSasPermissions.Create | BlobSasPermissions.Write, expires)
    {
        BlobContainerName = ResourceNames.RolloutsContainer,
        BlobName = path,
        StartsOn = begins,
        Protocol = isHttps ? SasProtocol.Https : SasProtocol.HttpsAndHttp,
    };

    /// <summary>A blob's address with a signature by an identity's key.</summary>
    internal static Uri Signed(Uri blob, BlobSasBuilder signature, UserDelegationKey key, string account) =>
        new BlobUriBuilder(blob) { Sas = signature.ToSasQueryParameters(key, account) }.ToUri();

    /// <summary>Takes a batch's content: it appears when it is whole and is what its name says. Memory: one block of 4 MiB.</summary>
    /// <returns>Its path in the rollouts container.</returns>
    /// <exception cref="ProblemsException">As <see cref="PathOf"/>; the content is another, or larger than <see cref="MaxBody"/>.</exception>
    /// <exception cref="RequestFailedException">Storage refuses, or can't be reached.</exception>
    public async Task<string> TakeAsync(string fileName, string sha256, Stream content, CancellationToken cancellationToken)
    {
        string path = PathOf(fileName, sha256);
        BlockBlobClient blob = clients.Rollouts.GetBlockBlobClient(path);
        if (await blob.ExistsAsync(cancellationToken))
        {
            // Written again it would be another version, and a run that reads it would stop.
            return path;
        }

        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        StagedBlocks blocks = new(blob, BlockBytes);
        byte[] buffer = new byte[BufferBytes];
        long length = 0;
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and int read)
        {
            length += read;
            if (length > MaxBody)
            {
                throw new ProblemsException([new Problem("batch", $"at most {MaxBody} bytes")]);
            }

            hash.AppendData(buffer, 0, read);
            await blocks.AddAsync(buffer.AsMemory(0, read), cancellationToken);
        }

        if (Convert.ToHexStringLower(hash.GetHashAndReset()) != sha256)
        {
            throw new ProblemsException([new Problem("sha256", "the content is another: it was cut or changed on its way")]);
        }

        try
        {
            await blocks.CommitAsync(new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 409)
        {
            // Somebody else's upload of the same content was done first.
        }

        return path;
    }
}
