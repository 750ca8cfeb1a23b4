namespace Tribunal.Cli.Inputs;

/// <summary>A line per tenth of a large upload.</summary>
internal sealed class UploadProgress(long length) : IProgress<long>
{
    private const long Large = 8 * 1024 * 1024;
    private long _shown;

    /// <inheritdoc/>
    public void Report(long value)
    {
        long tenth = length < Large ? 0 : value * 10 / length;
        if (tenth > Interlocked.Read(ref _shown))
        {
            Interlocked.Exchange(ref _shown, tenth);
            Console.Error.WriteLine($"uploading: {tenth * 10} %");
        }
    }
}
