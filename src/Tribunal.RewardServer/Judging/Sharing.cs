using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// What several servers of one record do together: each writes down which responses wait at it for others of their group, reads what the
/// others write, and judges what nobody else does. A server that has its record alone does none of it.
/// </summary>
/// <param name="ledger">The record.</param>
/// <param name="reader">Takes what the others have added.</param>
/// <param name="look">Looks whether anything that waits is settled by it; says whether anything waits still.</param>
/// <param name="time">The clock.</param>
internal sealed class Sharing(RewardLedger ledger, RecordReader reader, Func<bool> look, TimeProvider time) : IAsyncDisposable
{
    private const int LooksPerSign = 4;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _reading = new(1);
    private readonly CancellationTokenSource _closing = new();
    private Task _looking = Task.CompletedTask;
    private long _asked;
    private long _read;
    private long _number;
    private int _judgedElsewhere;

    /// <summary>Whether there may be others.</summary>
    public bool IsShared => ledger.Instance is not null;

    /// <summary>Begins to look at what the others do, for as long as anything waits for it.</summary>
    public void Begin()
    {
        if (IsShared)
        {
            _looking = LookAsync(_closing.Token);
        }
    }

    /// <summary>Reads what the others have written until now. Who asks while it is read shares the next reading.</summary>
    public async Task CatchUpAsync()
    {
        if (!IsShared)
        {
            return;
        }

        long asked = Interlocked.Increment(ref _asked);
        await _reading.WaitAsync();
        try
        {
            if (_read >= asked)
            {
                return;
            }

            long all = Interlocked.Read(ref _asked);
            await ledger.ReadAsync(reader, CancellationToken.None);
            _read = all;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>The rollout that a group becomes. Who reads of these responses elsewhere counts them; who gives up, or has its answer, says so.</summary>
    /// <param name="gathering">The group.</param>
    /// <param name="question">What was asked.</param>
    /// <param name="responses">How many responses came.</param>
    /// <param name="gate">Guards the group.</param>
    /// <param name="cancellationToken">The client gives up.</param>
    public async Task<JudgedRollout> GatheredAsync(Gathering gathering, RewardQuestion question, int responses, Lock gate, CancellationToken cancellationToken)
    {
        Task<JudgedRollout> wait = gathering.WaitAsync(responses, gate, cancellationToken);
        if (wait.IsCompletedSuccessfully || ledger.Arrivals is not { } arrivals)
        {
            return await wait;
        }

        long number = Interlocked.Increment(ref _number);
        await arrivals.AppendAsync(new Arrival(
            number, GroupRecord.NameOf(gathering.Key, gathering.Key.Schedule),
            new Rollout { Id = "waiting", Prompt = question.Prompt, Responses = question.Responses, Reference = question.Reference, Rubric = question.Rubric }));
        await CatchUpAsync();
        look();
        try
        {
            return await wait;
        }
        finally
        {
            await arrivals.AppendAsync(new Arrival(number, Judged: gathering.Ready.Task.IsCompletedSuccessfully));
        }
    }

    /// <summary>Takes a rollout, waiting for whoever has it.</summary>
    /// <returns>False where it was judged elsewhere meanwhile.</returns>
    public async Task<bool> TakeAsync(JudgedRollout judged, CancellationToken closing)
    {
        if (!IsShared)
        {
            return true;
        }

        Interlocked.Increment(ref _judgedElsewhere);
        try
        {
            for (TimeSpan pause = Look; ; pause = pause < LongestPause ? pause * 2 : pause)
            {
                await CatchUpAsync();
                if (judged.Verdict is not null)
                {
                    return false;
                }

                if (await ledger.Claims.TakeAsync(judged.Id, closing))
                {
                    // Its verdict is written down before it is given back.
                    await CatchUpAsync();
                    if (judged.Verdict is null)
                    {
                        return true;
                    }

                    await ledger.Claims.ReleaseAsync(judged.Id);
                    return false;
                }

                await Task.WhenAny(judged.Settled, Task.Delay(pause, time, closing));
                closing.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _judgedElsewhere);
        }
    }

    /// <summary>Gives a rollout back.</summary>
    public Task GiveBackAsync(JudgedRollout judged) => ledger.Claims.ReleaseAsync(judged.Id);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _looking;
        _closing.Dispose();
        _reading.Dispose();
    }

    private async Task LookAsync(CancellationToken closing)
    {
        bool waits = false;
        for (int looks = 0; ; looks++)
        {
            try
            {
                await Task.Delay(Look, time, closing);
                if (looks % LooksPerSign == 0 && waits)
                {
                    await ledger.Arrivals!.AppendAsync(new Arrival(0));
                }

                if (waits || Volatile.Read(ref _judgedElsewhere) > 0)
                {
                    await CatchUpAsync();
                }

                waits = look();
            }
            catch (OperationCanceledException) when (closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is not ObjectDisposedException)
            {
                // Storage is away: what waits goes on waiting, until its time is over.
            }
        }
    }
}
