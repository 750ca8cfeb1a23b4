namespace Tribunal.Runs.Orchestration;

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
                    Names.ScoreShard, InstanceNames.Shard(stretch.RunId, stretch.Attempt, stretch.Wave, next), new ShardRun(stretch.RunId, next, stretch.Wave, stretch.LastWave, stretch.Attempt)));
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
