namespace Tribunal.Runs.Orchestration;

/// <summary>Names under which both hosts know the orchestrators and activities.</summary>
public static class Names
{
    /// <summary>The batch orchestrator.</summary>
    public static readonly OrchestratorName<BatchRun, RunOutcome> EvaluateBatch = new("EvaluateBatch");

    /// <summary>The shard orchestrator.</summary>
    public static readonly OrchestratorName<ShardRun, ShardResult> ScoreShard = new("ScoreShard");

    /// <summary>The orchestrator of a stretch of shards.</summary>
    public static readonly OrchestratorName<ShardStretch, StretchResult> ScoreShards = new("ScoreShards");

    /// <summary>Validates, counts, cuts into shards, writes the manifest.</summary>
    public static readonly ActivityName<BatchRun, RunPlan> PlanBatch = new("PlanBatch");

    /// <summary>Asks the judge's health.</summary>
    public static readonly ActivityName<RunReference, JudgeState> CheckJudge = new("CheckJudge");

    /// <summary>The policy reads the ledger: who needs how many more.</summary>
    public static readonly ActivityName<ShardRound, RoundPlan> PlanRound = new("PlanRound");

    /// <summary>The GPU work.</summary>
    public static readonly ActivityName<ChunkReference, ChunkResult> DrawChunk = new("DrawChunk");

    /// <summary>Fan in: the meta-RM-guided vote.</summary>
    public static readonly ActivityName<ShardRun, ShardResult> CastShard = new("CastShard");

    /// <summary>Shares a batch-wide budget out.</summary>
    public static readonly ActivityName<WaveRequest, WavePlan> AllocateBudget = new("AllocateBudget");

    /// <summary>Learns what the members of a panel weigh.</summary>
    public static readonly ActivityName<RunReference, bool> WeighPanel = new("WeighPanel");

    /// <summary>Learns how the judge judges from what the first wave drew.</summary>
    public static readonly ActivityName<RunReference, bool> FitJudge = new("FitJudge");

    /// <summary>Stitches shard outputs; atomically visible.</summary>
    public static readonly ActivityName<PublishRequest, RunOutcome> Publish = new("Publish");
}
