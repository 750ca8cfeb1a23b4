using CsCheck;
using Tribunal.Runs.Storage;

namespace Tribunal.Testing.Storage;

/// <summary>What every batch file promises.</summary>
public abstract class BatchFileConformance
{
    private static int _names;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ranges_give_the_bytes_of_the_whole()
    {
        byte[] content = Enumerable.Range(0, 5000).Select(static i => (byte)(i * 7)).ToArray();
        IBatchFile file = await WriteAsync(NewName(), content);
        BatchFingerprint fingerprint = await file.FingerprintAsync(Cancel);
        Assert.Equal(content.Length, fingerprint.Length);
        await Gen.Select(Gen.Int[0, 5200], Gen.Int[0, 5200].Nullable()).SampleAsync(
            async (offset, length) =>
            {
                byte[] read = await ReadAsync(file, fingerprint, offset, length);
                Assert.Equal(content.Skip(offset).Take(length ?? int.MaxValue), read);
            },
            iter: 60,
            threads: 1);
    }

    [Fact]
    public async Task An_empty_file_reads_empty()
    {
        IBatchFile file = await WriteAsync(NewName(), []);
        Assert.Empty(await ReadAsync(file, await file.FingerprintAsync(Cancel), 0, null));
    }

    [Fact]
    public async Task A_whole_file_can_be_sought()
    {
        IBatchFile file = await WriteAsync(NewName(), "0123456789"u8.ToArray());
        await using Stream stream = await file.OpenAsync(await file.FingerprintAsync(Cancel), 0, null, Cancel);
        Assert.True(stream.CanSeek);
        stream.Seek(-3, SeekOrigin.End);
        byte[] tail = new byte[3];
        await stream.ReadExactlyAsync(tail, Cancel);
        Assert.Equal("789"u8, tail);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(4)]
    public async Task An_overwritten_file_is_not_read_on(int? length)
    {
        string name = NewName();
        IBatchFile file = await WriteAsync(name, "version one"u8.ToArray());
        BatchFingerprint fingerprint = await file.FingerprintAsync(Cancel);
        await WriteAsync(name, "version two, longer"u8.ToArray());
        Assert.NotEqual(fingerprint, await file.FingerprintAsync(Cancel));
        BatchChangedException thrown = await Assert.ThrowsAsync<BatchChangedException>(() => ReadAsync(file, fingerprint, 2, length));
        Assert.Contains("was changed", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(4)]
    public async Task A_deleted_file_is_told_from_a_missing_one(int? length)
    {
        string name = NewName();
        IBatchFile file = await WriteAsync(name, "version one"u8.ToArray());
        BatchFingerprint fingerprint = await file.FingerprintAsync(Cancel);
        await DeleteAsync(name);
        BatchChangedException thrown = await Assert.ThrowsAsync<BatchChangedException>(() => ReadAsync(file, fingerprint, 2, length));
        Assert.Contains("was deleted", thrown.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<FileNotFoundException>(() => Missing().FingerprintAsync(Cancel));
    }

    protected abstract Task<IBatchFile> WriteAsync(string name, byte[] content);

    protected abstract Task DeleteAsync(string name);

    protected abstract IBatchFile Missing();

    private static string NewName() => $"batch-{Interlocked.Increment(ref _names)}.jsonl";

    private static async Task<byte[]> ReadAsync(IBatchFile file, BatchFingerprint fingerprint, long offset, long? length)
    {
        await using Stream stream = await file.OpenAsync(fingerprint, offset, length, Cancel);
        using MemoryStream content = new();
        await stream.CopyToAsync(content, Cancel);
        return content.ToArray();
    }
}
