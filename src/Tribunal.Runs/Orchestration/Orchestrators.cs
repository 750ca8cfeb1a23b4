using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Orchestration;

/// <summary>Evaluates a batch: plan, await the judge, fan shards out, publish.</summary>
public static class EvaluateBatch
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Runs it. Deterministic: everything that reads a clock or a store is an activity.</summary>
    public static async Task<RunOutcome> RunAsync(IOrchestrationContext context, BatchRun run)
    {
        long attempt = context.CurrentUtc.UtcTicks;
        context.SetCustomStatus(new RunProgress { Stage = RunStages.Planning });
        RunPlan plan = await context.CallActivityAsync(Names.PlanBatch, run);
        if (plan.Complete is not null)
        {
            return plan.Complete;
        }

        var progress = new RunProgress { Stage = RunStages.Judging, Rollouts = plan.Rollouts, Shards = plan.Shards };
        Halt? halt = plan.Shards > 0 ? await AwaitJudgeAsync(context, run, attempt, progress) : null;
        bool last = false;
        for (int wave = 0; !last && halt is null; wave++)
        {
            last = wave >= plan.Waves - 1;
            if (plan.Waves > 1)
            {
                WavePlan budget = await context.CallActivityAsync(Names.AllocateBudget, new WaveRequest(run.RunId, wave, attempt));
                last |= budget.Judgements == 0;
            }

            (progress, halt) = await FanOutAsync(context, run, attempt, plan, wave, last, progress);
        }

        if (plan.Weighs && halt is null && await context.CallActivityAsync(Names.WeighPanel, new RunReference(run.RunId, attempt)))
        {
            // Nothing is drawn any more: the policy has what it asked for, and what was voted on is voted on with the weights.
            (progress, halt) = await FanOutAsync(context, run, attempt, plan, plan.Waves, last: true, progress);
        }

        context.SetCustomStatus(progress with { Stage = RunStages.Publishing, Detail = halt?.Detail });
        RunOutcome outcome = await context.CallActivityAsync(Names.Publish, new PublishRequest(run.RunId, halt, attempt));
        context.SetCustomStatus(progress with
        {
            Stage = RunStages.Of(outcome.Status == RunStatus.Complete, halt?.Kind == HaltKind.Cancelled),
            Detail = halt?.Detail,
        });
        return outcome;
    }

    private static async Task<Halt?> AwaitJudgeAsync(IOrchestrationContext context, BatchRun run, long attempt, RunProgress progress)
    {
        DateTimeOffset deadline = context.CurrentUtc + TimeSpan.FromMinutes(run.PatienceMinutes);
        TimeSpan wait = FirstWait;
        while (true)
        {
            JudgeState state = await context.CallActivityAsync(Names.CheckJudge, new RunReference(run.RunId, attempt));
            if (state.Ready || state.Halt is not null)
            {
                return state.Halt;
            }

            if (context.CurrentUtc + wait > deadline)
            {
                return new Halt(HaltKind.Unreachable, state.Detail);
            }

            context.SetCustomStatus(progress with { Stage = RunStages.WaitingForJudge, Detail = state.Detail });
            await context.CreateTimerAsync(wait);
            wait = wait * 1.5 < LongestWait ? wait * 1.5 : LongestWait;
        }
    }

    private static async Task<(RunProgress Progress, Halt? Halt)> FanOutAsync(
        IOrchestrationContext context, BatchRun run, long attempt, RunPlan plan, int wave, bool last, RunProgress progress)
    {
        Halt? halt = null;
        int shards = plan.Shards;
        progress = progress with { Finished = 0, Judgements = 0, ShardsFinished = 0 };
        context.SetCustomStatus(progress);
        int most = context.KeepsHistory ? Math.Min(shards, plan.ShardsPerInstance) : shards;
        for (int first = 0; first < shards && halt is null; first += most)
        {
            // An instance is replayed from its start whenever a shard of its own ends, so what it may hold is bounded, and
            // the batch's instance holds stretches where there are more shards.
            var stretch = new ShardStretch(run.RunId, first, Math.Min(most, shards - first), wave, last, run.Window, progress, attempt);
            (progress, halt) = most == shards
                ? await ScoreShards.RunAsync(context, stretch)
                : await context.CallSubOrchestratorAsync(Names.ScoreShards, $"{context.InstanceId}-{wave}-from-{first}", stretch);
        }

        return (progress, halt);
    }
}

/// <summary>Scores shards that follow one another, a window of them at a time.</summary>
public static class ScoreShards
{
    /// <summary>Runs it. Deterministic.</summary>
    public static async Task<StretchResult> RunAsync(IOrchestrationContext context, ShardStretch stretch)
    {
        var running = new List<Task<ShardResult>>();
        RunProgress progress = stretch.Progress;
        Halt? halt = null;
        int next = stretch.First;
        int end = stretch.First + stretch.Count;
        while (running.Count > 0 || (next < end && halt is null))
        {
            while (running.Count < stretch.Window && next < end && halt is null)
            {
                running.Add(context.CallSubOrchestratorAsync(
                    Names.ScoreShard, $"{stretch.RunId}-{stretch.Wave}-{next}", new ShardRun(stretch.RunId, next, stretch.Wave, stretch.LastWave, stretch.Attempt)));
                next++;
            }

            Task<ShardResult> ended = await Task.WhenAny(running);
            running.Remove(ended);
            ShardResult result = await ended;
            halt ??= result.Halt;
            progress = progress with
            {
                Finished = progress.Finished + (stretch.LastWave && result.Halt is null ? result.Rollouts : 0),
                Judgements = progress.Judgements + result.Judgements,
                ShardsFinished = progress.ShardsFinished + 1,
            };
            context.SetCustomStatus(progress);
        }

        return new StretchResult(progress, halt);
    }
}

/// <summary>Scores a shard: rounds of draws until the policy asks for nothing, then verdicts.</summary>
public static class ScoreShard
{
    /// <summary>Runs it. Deterministic.</summary>
    public static async Task<ShardResult> RunAsync(IOrchestrationContext context, ShardRun shard)
    {
        Halt? halt = null;
        for (int round = 0; halt is null; round++)
        {
            RoundPlan plan = await context.CallActivityAsync(Names.PlanRound, new ShardRound(shard.RunId, shard.Shard, shard.Wave, round, shard.LastWave, shard.Attempt));
            halt = plan.Halt;
            if (plan.Draws == 0 || halt is not null)
            {
                break;
            }

            var chunks = new Task<ChunkResult>[plan.Chunks];
            for (int chunk = 0; chunk < chunks.Length; chunk++)
            {
                chunks[chunk] = context.CallActivityAsync(
                    Names.DrawChunk, new ChunkReference(shard.RunId, shard.Shard, shard.Wave, round, chunk, shard.Attempt));
            }

            foreach (ChunkResult result in await Task.WhenAll(chunks))
            {
                halt ??= result.Halt;
            }
        }

        ShardResult cast = await context.CallActivityAsync(Names.CastShard, shard);
        return cast with { Halt = halt ?? cast.Halt };
    }
}
