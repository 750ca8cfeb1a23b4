namespace Tribunal.Runs.Orchestration;

/// <summary>
/// What an orchestrator may do: the small part of a durable orchestration that Tribunal needs. functions/ adapts it to
/// <c>TaskOrchestrationContext</c>; the in-process host implements it as a loop. Orchestrators must be deterministic:
/// no clock but <see cref="CurrentUtc"/>, no I/O but activities, no tasks that do not come from here.
/// </summary>
public interface IOrchestrationContext
{
    /// <summary>The replay-safe clock.</summary>
    DateTimeOffset CurrentUtc { get; }

    /// <summary>Whether an instance is replayed from its start by a history, which then must not grow with the batch.</summary>
    bool KeepsHistory { get; }

    /// <summary>Calls an activity.</summary>
    /// <exception cref="ActivityFailedException">It failed after the host's retries.</exception>
    Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input);

    /// <summary>Calls a sub-orchestrator as its own instance.</summary>
    /// <exception cref="ActivityFailedException">It failed.</exception>
    Task<TOutput> CallSubOrchestratorAsync<TInput, TOutput>(OrchestratorName<TInput, TOutput> orchestrator, string instanceId, TInput input);

    /// <summary>Waits durably.</summary>
    Task CreateTimerAsync(TimeSpan delay);

    /// <summary>Publishes progress: counts and words, under 16 KB.</summary>
    void SetCustomStatus(RunProgress status);
}

/// <summary>Names an activity and types its input and output; both cross a durable boundary as JSON: references and counts only.</summary>
public readonly record struct ActivityName<TInput, TOutput>(string Name);

/// <summary>Names an orchestrator and types its input and output.</summary>
public readonly record struct OrchestratorName<TInput, TOutput>(string Name);

/// <summary>An activity or a sub-orchestrator failed after the host's retries.</summary>
/// <param name="kind">The name of the exception's type where it happened, such as <c>JudgeException</c>.</param>
/// <param name="message">What it says.</param>
/// <param name="inner">What the host gives instead of it.</param>
public sealed class ActivityFailedException(string kind, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The name of the exception's type where it happened.</summary>
    public string Kind => kind;
}

/// <summary>How far a run is: what custom status, the run table and the live view show.</summary>
public sealed record RunProgress
{
    /// <summary><c>planning</c>, <c>waiting-for-judge</c>, <c>judging</c>, <c>publishing</c>, <c>done</c>, <c>failed</c>, <c>cancelled</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>Which pass over the run's shards it is of; a later one has a higher number, whichever orchestration makes it.</summary>
    public long Pass { get; init; }

    /// <summary>Rollouts in the batch.</summary>
    public long Rollouts { get; init; }

    /// <summary>Rollouts with a verdict.</summary>
    public long Finished { get; init; }

    /// <summary>Judgements in finished shards' ledgers.</summary>
    public long Judgements { get; init; }

    /// <summary>Shards in all.</summary>
    public int Shards { get; init; }

    /// <summary>Shards finished.</summary>
    public int ShardsFinished { get; init; }

    /// <summary>A word for people: what is awaited, or why it failed.</summary>
    public string? Detail { get; init; }

    /// <summary>Whether another report of the same run is newer: they may arrive in any order.</summary>
    public bool IsBefore(RunProgress other) => (Pass, ShardsFinished).CompareTo((other.Pass, other.ShardsFinished)) < 0;
}
