using System.Text.Json.Serialization;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Runs.Storage;

/// <summary>Where a run stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunState>))]
public enum RunState
{
    /// <summary>Asked for; nobody works on it yet, or nobody does at the moment.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued,

    /// <summary>Somebody works on it.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>Its results are published.</summary>
    [JsonStringEnumMemberName("done")]
    Done,

    /// <summary>It ended without results; the reason says why.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Somebody cancelled it.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>It never began: the message that asked for it can't be understood, or asks for what is not allowed.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,
}

/// <summary>What is known of a run without opening it.</summary>
public sealed record RunRecord
{
    // Longer than a worker or a host takes to look into its queue, and counted in such steps, so that who watches is told now and then.
    private static readonly TimeSpan Unserved = TimeSpan.FromSeconds(30);

    /// <summary>The run's id.</summary>
    public required string RunId { get; init; }

    /// <summary>Where it stands.</summary>
    public required RunState State { get; init; }

    /// <summary>Why, for people: what failed, what was refused, who interrupted it.</summary>
    public string? Reason { get; init; }

    /// <summary>Somebody asked for an end; who works on the run stops at the next chance.</summary>
    public bool CancelRequested { get; init; }

    /// <summary>What was asked for; null when that can't be understood.</summary>
    public EvaluationRequest? Request { get; init; }

    /// <summary>How far it is.</summary>
    public RunProgress? Progress { get; init; }

    /// <summary>The process that worked on it last, for people.</summary>
    public string? Worker { get; init; }

    /// <summary>How often a process began to work on it: more than one after interruptions.</summary>
    public int Attempts { get; init; }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>When the record changed last.</summary>
    public DateTimeOffset Updated { get; init; }

    /// <summary>
    /// The record with what it waits for as its reason, for people and programs that look at it: nobody is there to write that no
    /// worker takes a run.
    /// </summary>
    /// <param name="now">When it is looked at.</param>
    public RunRecord Told(DateTimeOffset now)
    {
        long unserved = (long)((now - Updated) / Unserved);
        return this switch
        {
            { State: RunState.Queued } when unserved > 0 => this with { Reason = $"{(Reason is null ? "" : $"{Reason}; ")}no worker took it for {(unserved * Unserved).TotalSeconds:0} s" },
            { State: RunState.Running, Progress: { Stage: RunStages.WaitingForJudge, Detail: { } detail } } => this with { Reason = $"waiting for the judge: {detail}" },
            _ => this,
        };
    }

    /// <summary>Whether nothing more will happen.</summary>
    [JsonIgnore]
    public bool IsOver => State is RunState.Done or RunState.Failed or RunState.Cancelled or RunState.Refused;
}

/// <summary>
/// The runs of an account: state, progress, requests to cancel. Changes are optimistic: two writers never
/// undo each other's. A local folder is its own record.
/// </summary>
public interface IRunCatalog
{
    /// <summary>Adds a run.</summary>
    /// <returns>False when there is one of this id: it is left as it was.</returns>
    Task<bool> TryAddAsync(RunRecord run, CancellationToken cancellationToken);

    /// <summary>Reads a run; null when there is none.</summary>
    Task<RunRecord?> GetAsync(string runId, CancellationToken cancellationToken);

    /// <summary>Every run, in ordinal order of ids.</summary>
    IAsyncEnumerable<RunRecord> ListAsync(CancellationToken cancellationToken);

    /// <summary>Changes a run; called again with what is there now when another writer was faster. Keep it pure.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="change">Gives the new record, or null to leave it as it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The record as it is now; null when there is no such run.</returns>
    Task<RunRecord?> UpdateAsync(string runId, Func<RunRecord, RunRecord?> change, CancellationToken cancellationToken);
}
