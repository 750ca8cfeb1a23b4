using System.Buffers;
using System.Threading.Channels;
using Tribunal.Judging;
using Tribunal.Pipeline.Storage;

namespace Tribunal.Pipeline.Ledger;

/// <summary>
/// Appends judgements that finish at the same time in one write (group commit). <see cref="AppendAsync"/> completes when the
/// judgement can no longer be lost by a kill.
/// </summary>
internal sealed class LedgerWriter : IAsyncDisposable
{
    private readonly ILedgerPart _part;
    private readonly Channel<Entry> _entries = Channel.CreateUnbounded<Entry>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _pump;

    public LedgerWriter(ILedgerPart part)
    {
        _part = part;
        _pump = Task.Run(PumpAsync);
    }

    /// <summary>Appends one judgement.</summary>
    /// <exception cref="PartBusyException">Another writer has taken the part over.</exception>
    public Task AppendAsync(Judgement judgement)
    {
        var entry = new Entry(judgement, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        return _entries.Writer.TryWrite(entry) ? entry.Written.Task : throw new ObjectDisposedException(nameof(LedgerWriter));
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
                JudgementLine.Write(buffer, entry.Judgement);
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

    private readonly record struct Entry(Judgement Judgement, TaskCompletionSource Written);
}
