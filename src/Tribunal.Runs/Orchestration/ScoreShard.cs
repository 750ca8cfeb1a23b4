namespace Tribunal.Runs.Orchestration;

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
                    Names.DrawChunk, new ChunkReference(shard.RunId, shard.Shard, shard.Wave, round, chunk, plan.PerChunk, shard.Attempt));
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
