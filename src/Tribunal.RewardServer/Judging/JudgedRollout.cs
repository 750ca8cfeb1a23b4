using System.Collections.Concurrent;
using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>What the desk knows of one rollout. Texts are kept only until there is a verdict.</summary>
internal sealed class JudgedRollout(string id, UInt128[] keys, string schedule)
{
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ConcurrentDictionary<int, Judgement> _drawn = [];
    private IReadOnlyList<MemberVote>? _members;

    public string Id { get; } = id;

    /// <summary>Who meets whom, where it is another schedule than the server's; empty otherwise.</summary>
    public string Schedule { get; } = schedule;

    /// <summary>The responses' keys in the rollout's order, ascending.</summary>
    public UInt128[] Keys { get; } = keys;

    /// <summary>The group that it was recorded for; null where it was asked for as a whole, or here since the server's start.</summary>
    public GroupKey? Group { get; set; }

    /// <summary>Whether the rollout stands in the ledger.</summary>
    public bool Recorded { get; set; }

    /// <summary>The rollout, until there is a verdict.</summary>
    public Rollout? Kept { get; set; }

    /// <summary>The judging under way.</summary>
    public Task? Work { get; set; }

    /// <summary>The verdict that stands.</summary>
    public Verdict? Verdict { get; private set; }

    /// <summary>Completes with the verdict that stands.</summary>
    public Task Settled => _settled.Task;

    /// <summary>What each member of a panel says by itself; null for one judge.</summary>
    public IReadOnlyList<MemberVote>? Members => _members ?? (Kept is { } kept ? MemberVote.Of(kept, Drawn) : null);

    /// <summary>The last verdict, whether it stands or not.</summary>
    public Verdict? Last { get; set; }

    /// <summary>The judgements so far, by sample.</summary>
    public IReadOnlyList<Judgement> Drawn => [.. _drawn.Values.OrderBy(static judgement => judgement.Sample)];

    public void Add(Judgement judgement) => _drawn.TryAdd(judgement.Sample, judgement);

    public int IndexOf(UInt128 key) => Array.IndexOf(Keys, key);

    /// <summary>Waits for a judging, or for a verdict from elsewhere.</summary>
    /// <param name="work">The judging; null where none is under way.</param>
    /// <param name="limit">For how long.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JudgeAwayException">It ended so.</exception>
    public async Task WaitAsync(Task? work, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        if (work is null)
        {
            return;
        }

        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(work, Settled, Task.Delay(limit, time, waiting.Token));
        await waiting.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        if (Verdict is null && (work.IsFaulted || work.IsCanceled))
        {
            await work;
        }
    }

    public void Finish(Verdict verdict)
    {
        _members = Members;
        Verdict = verdict;
        Kept = null;
        _drawn = [];
        _settled.TrySetResult();
    }

    public void DropFailed()
    {
        foreach ((int sample, Judgement judgement) in _drawn)
        {
            if (judgement.Outcome == JudgementOutcome.Failed)
            {
                _drawn.TryRemove(sample, out _);
            }
        }
    }
}
