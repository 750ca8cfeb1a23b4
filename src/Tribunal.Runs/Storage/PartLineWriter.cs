using System.Buffers;
using System.Threading.Channels;

namespace Tribunal.Runs.Storage;

/// <summary>
/// Appends lines that are ready at the same time in one write (group commit). <see cref="AppendAsync"/> completes when the
/// line can no longer be lost by a kill.
/// </summary>
/// <typeparam name="T">What a line holds.</typeparam>
internal class PartLineWriter<T> : IAsyncDisposable
{
    private readonly ILedgerPart _part;
    private readonly Action<IBufferWriter<byte>, T> _write;
    private readonly Channel<Entry> _entries = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _pump;

    /// <param name="part">Where they go.</param>
    /// <param name="write">Writes one with its line feed.</param>
    public PartLineWriter(ILedgerPart part, Action<IBufferWriter<byte>, T> write)
    {
        _part = part;
        _write = write;
        _pump = Task.Run(PumpAsync);
    }

    /// <summary>Appends one.</summary>
    /// <exception cref="PartBusyException">Another writer has taken the part over.</exception>
    public Task AppendAsync(T line)
    {
        var entry = new Entry(line, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return _entries.Writer.TryWrite(entry) ? entry.Written.Task : throw new ObjectDisposedException(GetType().Name);
    }

    public async ValueTask DisposeAsync()
    {
        _entries.Writer.TryComplete();
        await _pump;
    }

    private async Task PumpAsync()
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        var waiting = new List<TaskCompletionSource>();
        while (await _entries.Reader.WaitToReadAsync())
        {
            buffer.ResetWrittenCount();
            waiting.Clear();
            while (buffer.WrittenCount < 1024 * 1024 && _entries.Reader.TryRead(out Entry entry))
            {
                _write(buffer, entry.Line);
                waiting.Add(entry.Written);
            }

            try
            {
                await _part.AppendAsync(buffer.WrittenMemory, CancellationToken.None);
                waiting.ForEach(static written => written.SetResult());
            }
            catch (Exception exception)
            {
                // Whoever waits learns of it; the pump goes on, so that nobody waits for ever.
                waiting.ForEach(written => written.SetException(exception));
            }
        }
    }

    private readonly record struct Entry(T Line, TaskCompletionSource Written);
}
