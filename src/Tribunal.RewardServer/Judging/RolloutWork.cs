using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>The judging under way: each rollout is taken, drawn, concluded and written down by one instance.</summary>
/// <param name="ledger">The record.</param>
/// <param name="drawing">Draws.</param>
/// <param name="sharing">Says whose a rollout is.</param>
/// <param name="counts">What is counted.</param>
/// <param name="recent">What was judged last.</param>
/// <param name="gate">Guards the rollouts.</param>
/// <param name="time">The clock.</param>
internal sealed class RolloutWork(RewardLedger ledger, RolloutDrawing drawing, Sharing sharing, RewardCounts counts, RecentGroups recent, Lock gate, TimeProvider time) : IAsyncDisposable
{
    private readonly CancellationTokenSource _closing = new();
    private readonly HashSet<Task> _working = [];
    private double _seconds = 1;

    /// <summary>How many are under way; under the desk's lock.</summary>
    public int Count => _working.Count;

    /// <summary>How long one takes, in seconds; the mean of the last ones.</summary>
    public double Seconds => _seconds;

    /// <summary>Cancelled when nothing new may begin.</summary>
    public CancellationToken Closing => _closing.Token;

    /// <summary>Judges a rollout in the background; under the desk's lock.</summary>
    public void Start(JudgedRollout judged, Rollout rollout)
    {
        judged.Kept = rollout;
        Task work = Task.Run(() => WorkAsync(judged, rollout));
        judged.Work = work;
        _working.Add(work);
        _ = work.ContinueWith(
            _ =>
            {
                lock (gate)
                {
                    _working.Remove(work);
                }
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task WorkAsync(JudgedRollout judged, Rollout rollout)
    {
        try
        {
            bool fits = drawing.Fits(judged, rollout);
            if (fits && !await sharing.TakeAsync(judged, _closing.Token))
            {
                lock (gate)
                {
                    counts.Remember();
                    judged.Work = null;
                }

                return;
            }

            try
            {
                await JudgeAsync(judged, rollout, fits);
            }
            finally
            {
                await (fits ? sharing.GiveBackAsync(judged) : Task.CompletedTask);
            }
        }
        catch
        {
            lock (gate)
            {
                judged.Work = null;
                judged.DropFailed();
            }

            throw;
        }
    }

    private async Task JudgeAsync(JudgedRollout judged, Rollout rollout, bool fits)
    {
        long start = time.GetTimestamp();
        if (fits)
        {
            await drawing.DrawAsync(judged, rollout, _closing.Token);
        }

        Verdict verdict = drawing.Cast(judged, rollout, judged.Drawn);

        // What failed is asked again with the next question; everything else stands.
        bool stands = verdict.Status == VerdictStatus.Scored || verdict.Votes.Failed == 0;
        if (stands && fits)
        {
            await ledger.Verdicts.AppendAsync(verdict);
        }

        lock (gate)
        {
            counts.Judged(verdict);
            recent.Add(new RecentGroup(verdict, time.GetUtcNow(), time.GetElapsedTime(start)));
            judged.Last = verdict;
            judged.Work = null;
            _seconds = (0.9 * _seconds) + (0.1 * time.GetElapsedTime(start).TotalSeconds);
            if (stands)
            {
                judged.Finish(verdict);
            }
            else
            {
                judged.DropFailed();
            }
        }
    }

    /// <summary>What can be said of a rollout: its verdict, or when the limit comes first that of the votes there are.</summary>
    /// <param name="rollout">The rollout.</param>
    /// <param name="index">Which of its responses are asked about.</param>
    /// <param name="scale">How rewards are said.</param>
    /// <param name="limit">When to answer.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    /// <exception cref="JudgeAwayException">The judge can't be reached or rejects us.</exception>
    public async Task<RewardAnswer> AnswerAsync(JudgedRollout rollout, int[] index, Func<Verdict, IReadOnlyList<double>?> scale, TimeSpan limit, CancellationToken cancellationToken)
    {
        Task? work;
        lock (gate)
        {
            // A group may be known by what another instance wrote down of it: that one judges it, or has died, and only a judging of one's own
            // finds out which.
            if (rollout is { Verdict: null, Work: null, Last: null, Kept: { } kept })
            {
                Start(rollout, kept);
            }

            work = rollout.Work;
        }

        await rollout.WaitAsync(work, limit, time, cancellationToken);
        lock (gate)
        {
            if ((rollout.Verdict ?? (rollout.Work is null ? rollout.Last : null)) is { } verdict)
            {
                return Answer(verdict, complete: true);
            }
        }

        IReadOnlyList<Judgement> drawn = rollout.Drawn;
        Verdict present = drawn.Count == 0 || rollout.Kept is not { } whole
            ? new Verdict { Id = rollout.Id, Status = VerdictStatus.Unscorable, Votes = new VoteCounts(), Reason = "the time limit came before the first judgement" }
            : drawing.Cast(rollout, whole, drawn);
        return Answer(present, complete: false);

        RewardAnswer Answer(Verdict verdict, bool complete) => new()
        {
            Verdict = verdict,
            Scaled = scale(verdict),
            Members = rollout.Members,
            Index = index,
            Group = rollout.Keys.Length,
            Complete = complete,
        };
    }

    /// <summary>Ends what is under way, softly: draws in flight end, nothing new begins.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] working;
        lock (gate)
        {
            working = [.. _working];
        }

        await _closing.CancelAsync();
        await Task.WhenAll(working.Select(static task => task.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)));
        _closing.Dispose();
    }
}
