using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace Tribunal.Worker.Queues;

/// <summary>Keeps a message hidden for as long as it is worked on.</summary>
internal sealed class MessageHold : IAsyncDisposable
{
    private readonly QueueClient _queue;
    private readonly string _messageId;
    private readonly TimeSpan _visibility;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _renewal;
    private string _receipt;

    public MessageHold(QueueClient queue, QueueMessage message, TimeSpan visibility, TimeProvider time)
    {
        _queue = queue;
        _messageId = message.MessageId;
        _receipt = message.PopReceipt;
        _visibility = visibility;
        _time = time;
        _renewal = RenewAsync();
    }

    /// <returns>The receipt with which the message can be deleted or shown again.</returns>
    public async Task<string> ReleaseAsync()
    {
        await _ending.CancelAsync();
        await _renewal;
        return _receipt;
    }

    public async ValueTask DisposeAsync()
    {
        await ReleaseAsync();
        _ending.Dispose();
    }

    private async Task RenewAsync()
    {
        while (true)
        {
            await Task.Delay(_visibility / 3, _time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_ending.IsCancellationRequested)
            {
                return;
            }

            try
            {
                // Not cut off at the end: a renewal that went through unseen would make the receipt stale.
                UpdateReceipt renewed = await _queue.UpdateMessageAsync(_messageId, _receipt, visibilityTimeout: _visibility, cancellationToken: CancellationToken.None);
                _receipt = renewed.PopReceipt;
            }
            catch (RequestFailedException exception) when (exception.Status is 400 or 404)
            {
                // It became visible and another has it: then two wait for the run, and the record takes one end.
                return;
            }
            catch (Exception exception) when (exception is RequestFailedException or AggregateException)
            {
                // Storage is away: the next round tries again.
            }
        }
    }
}
