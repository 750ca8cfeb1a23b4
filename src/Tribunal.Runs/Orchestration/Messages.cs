using System.Text.Json.Serialization;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Orchestration;

// What crosses a durable boundary: references and counts, never prompts or texts.

/// <summary>Input of <see cref="EvaluateBatch"/>.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Request">What to evaluate.</param>
/// <param name="Window">Shards under way at once, 1 to 64.</param>
/// <param name="PatienceMinutes">How long a judge may take to come up, 0 or more: a GPU app that starts from zero pulls its image and loads its weights.</param>
/// <param name="Reopen">Whether a run that has ended goes on with what failed in it.</param>
public sealed record BatchRun(string RunId, EvaluationRequest Request, int Window = BatchRun.DefaultWindow, double PatienceMinutes = BatchRun.DefaultPatienceMinutes, bool Reopen = false)
{
    /// <summary>Enough shards that others fill the gap where one waits for its last answers; more only take memory.</summary>
    public const int DefaultWindow = 4;

    /// <summary>Longer than a large model takes to be loaded.</summary>
    public const double DefaultPatienceMinutes = 30;
}

/// <summary>A run by name.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">Which of the attempts at it asks, later ones higher: what stopped an earlier one, in whatever process, stops no later one.</param>
public sealed record RunReference(string RunId, long Attempt = 0);

/// <summary>What was planned.</summary>
/// <param name="Shards">Shards cut.</param>
/// <param name="Rollouts">Valid rollouts.</param>
/// <param name="Invalid">Refused lines.</param>
/// <param name="Waves">How often shards are gone through, at most: 1, but for the budget policy.</param>
/// <param name="Complete">The run was already published; nothing is left to do.</param>
/// <param name="ShardsPerInstance">Shards that one orchestration goes through, on a host with histories; 1 or more.</param>
/// <param name="Pilots">Whether a first wave is drawn to learn from how the judge judges.</param>
/// <param name="Weighs">Whether the panel's weights are learned once all is drawn, and all is voted on again with them.</param>
public sealed record RunPlan(int Shards, long Rollouts, long Invalid, int Waves, RunOutcome? Complete, int ShardsPerInstance, bool Weighs = false, bool Pilots = false);

/// <summary>The judge's state.</summary>
public sealed record JudgeState(bool Ready, string Detail, Halt? Halt = null);

/// <summary>Input of <see cref="ScoreShards"/>: shards of a batch that follow one another.</summary>
/// <param name="RunId">The run.</param>
/// <param name="First">Index of the first shard.</param>
/// <param name="Count">How many.</param>
/// <param name="Wave">From 0.</param>
/// <param name="LastWave">Whether verdicts are cast after it.</param>
/// <param name="Window">Shards under way at once.</param>
/// <param name="Progress">How far the wave was before.</param>
/// <param name="Attempt">See <see cref="RunReference"/>.</param>
public sealed record ShardStretch(string RunId, int First, int Count, int Wave, bool LastWave, int Window, RunProgress Progress, long Attempt = 0);

/// <summary>What came of a stretch.</summary>
/// <param name="Progress">How far the wave is.</param>
/// <param name="Halt">The run is stopping.</param>
public sealed record StretchResult(RunProgress Progress, Halt? Halt = null);

/// <summary>Input of <see cref="ScoreShard"/>.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Shard">Index of the shard.</param>
/// <param name="Wave">From 0.</param>
/// <param name="LastWave">Whether verdicts are cast after it.</param>
/// <param name="Attempt">See <see cref="RunReference"/>.</param>
public sealed record ShardRun(string RunId, int Shard, int Wave, bool LastWave, long Attempt = 0);

/// <summary>A round of a shard.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Shard">Index of the shard.</param>
/// <param name="Wave">From 0.</param>
/// <param name="Round">From 0 in each wave.</param>
/// <param name="LastWave">Whether no wave follows: hinted samples are drawn then, if at all.</param>
/// <param name="Attempt">See <see cref="RunReference"/>.</param>
public sealed record ShardRound(string RunId, int Shard, int Wave, int Round, bool LastWave = false, long Attempt = 0);

/// <summary>What a round draws.</summary>
/// <param name="Draws">Judgements; 0 when the policy asks for nothing more.</param>
/// <param name="PerChunk">How many of them one activity draws, 1 or more.</param>
/// <param name="Halt">The run is stopping.</param>
public sealed record RoundPlan(int Draws, int PerChunk, Halt? Halt = null)
{
    /// <summary>Activities that draw them.</summary>
    [JsonIgnore]
    public int Chunks => (Draws + PerChunk - 1) / PerChunk;
}

/// <summary>A chunk of a round: what one activity draws.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Shard">Index.</param>
/// <param name="Wave">Index.</param>
/// <param name="Round">Index.</param>
/// <param name="Chunk">Index.</param>
/// <param name="PerChunk">Lines of the plan that a chunk has: as it was planned, whatever the process that draws it is set to.</param>
/// <param name="Attempt">See <see cref="RunReference"/>.</param>
public sealed record ChunkReference(string RunId, int Shard, int Wave, int Round, int Chunk, int PerChunk, long Attempt = 0);

/// <summary>What came of a chunk.</summary>
/// <param name="Drawn">Judgements in the ledger.</param>
/// <param name="Valid">Of these, valid.</param>
/// <param name="Halt">The run is stopping; the chunk may be incomplete.</param>
public sealed record ChunkResult(int Drawn, int Valid, Halt? Halt = null);

/// <summary>What came of a shard.</summary>
/// <param name="Shard">Index.</param>
/// <param name="Rollouts">Rollouts in it.</param>
/// <param name="Judgements">In its ledger.</param>
/// <param name="Halt">The run is stopping.</param>
public sealed record ShardResult(int Shard, int Rollouts, long Judgements, Halt? Halt = null);

/// <summary>Asks how a batch-wide budget is shared out in a wave.</summary>
public sealed record WaveRequest(string RunId, int Wave, long Attempt = 0);

/// <summary>What a wave may draw.</summary>
/// <param name="Judgements">In all; 0 when nothing is left.</param>
public sealed record WavePlan(long Judgements);

/// <summary>Publishes a run.</summary>
public sealed record PublishRequest(string RunId, Halt? Halt, long Attempt = 0);

/// <summary>How a run ended.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Status">Complete or partial.</param>
/// <param name="Rollouts">In the batch.</param>
/// <param name="Scored">With rewards.</param>
/// <param name="Unscorable">Without.</param>
/// <param name="Invalid">Refused lines.</param>
/// <param name="Judgements">Drawn.</param>
/// <param name="Halt">Why it stopped before its end.</param>
/// <param name="Failed">Judgements that nobody answered.</param>
public sealed record RunOutcome(string RunId, RunStatus Status, long Rollouts, long Scored, long Unscorable, long Invalid, long Judgements, Halt? Halt = null, long Failed = 0);
