using Tribunal.Rollouts;
using Tribunal.Tournaments;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>What a trainer asks: rewards for responses to one prompt.</summary>
/// <param name="Prompt">The conversation, at least one turn.</param>
/// <param name="Responses">The responses, texts or trajectories, at least one; equal ones share a reward.</param>
/// <param name="Reference">A reference answer that the judge is shown.</param>
internal sealed record RewardQuestion(IReadOnlyList<Message> Prompt, IReadOnlyList<Response> Responses, string? Reference = null)
{
    /// <summary>The criteria that the responses are graded by, or that the judge is shown; null where there are none but the server's own.</summary>
    public Rubric? Rubric { get; init; }

    /// <summary>Who meets whom where a pair judge compares them; null as the server does. Another schedule is another question.</summary>
    public TournamentOptions? Tournament { get; init; }

    /// <summary>How the rewards are said; null as the server does.</summary>
    public RewardScale? Scale { get; init; }
}

/// <summary>The answer to a <see cref="RewardQuestion"/>.</summary>
internal sealed record RewardAnswer
{
    /// <summary>The verdict over the rollout that was judged; its indexes are the rollout's own.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>For each response asked about: its index in the verdict.</summary>
    public required IReadOnlyList<int> Index { get; init; }

    /// <summary>What each member of a panel says by itself; null for one judge.</summary>
    public IReadOnlyList<MemberVote>? Members { get; init; }

    /// <summary>Responses that were judged together.</summary>
    public required int Group { get; init; }

    /// <summary>False where a group of a known size was judged without all of its responses, because the wait for them was over.</summary>
    public bool Whole { get; init; } = true;

    /// <summary>Whether the policy was done; false when the time limit came first and the verdict uses the votes there were.</summary>
    public required bool Complete { get; init; }

    /// <summary>A reward per response of the verdict on the scale that was asked for; null where there is none.</summary>
    public required IReadOnlyList<double>? Scaled { get; init; }

    /// <summary>The reward of each response asked about, on the scale that was asked for; null where there is none.</summary>
    public IReadOnlyList<double?> Rewards => [.. Index.Select(index => Scaled is { } rewards ? rewards[index] : (double?)null)];

    /// <summary>The reward of each response asked about, in [0, 1]; null where there is none.</summary>
    public IReadOnlyList<double?> Unit => [.. Index.Select(index => Verdict.Rewards is { } rewards ? rewards[index] : (double?)null)];
}

/// <summary>More is under way than the server takes; the trainer should come back.</summary>
internal sealed class TooBusyException(int retryAfterSeconds) : Exception("too many rollouts are waiting to be judged")
{
    /// <summary>When to come back, in seconds, from 1 to 60.</summary>
    public int RetryAfterSeconds { get; } = retryAfterSeconds;
}

/// <summary>The judge can't be reached or rejects us; nothing can be said of the responses.</summary>
internal sealed class JudgeAwayException(string message) : Exception(message);
