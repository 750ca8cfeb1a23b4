namespace Tribunal.Runs.Orchestration;

/// <summary>Evaluates a batch: plan, await the judge, fan shards out, publish; and once more over what failed, where that is asked for.</summary>
public static class EvaluateBatch
{
    /// <summary>How often in a row a judge that went away is waited for, where no further judgement comes in between.</summary>
    public const int MostReturns = 5;

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Runs it. Deterministic: everything that reads a clock or a store is an activity.</summary>
    public static async Task<RunOutcome> RunAsync(IOrchestrationContext context, BatchRun run)
    {
        long attempt = context.CurrentUtc.UtcTicks;
        context.SetCustomStatus(new RunProgress { Stage = RunStages.Planning, Pass = attempt });
        RunOutcome outcome = await OnceAsync(context, run, attempt);
        if (!run.Request.RetryFailed || outcome.Halt is not null || outcome.Failed == 0)
        {
            return outcome;
        }

        attempt = Later(context, attempt);
        context.SetCustomStatus(new RunProgress { Stage = RunStages.Planning, Pass = attempt, Detail = $"{outcome.Failed:N0} failed judgements are drawn again" });
        return await OnceAsync(context, run with { Reopen = true }, attempt);
    }

    private static async Task<RunOutcome> OnceAsync(IOrchestrationContext context, BatchRun run, long attempt)
    {
        RunPlan plan = await context.CallActivityAsync(Names.PlanBatch, run);
        if (plan.Complete is not null)
        {
            return plan.Complete;
        }

        var progress = new RunProgress { Stage = RunStages.Judging, Pass = attempt, Rollouts = plan.Rollouts, Shards = plan.Shards };
        Halt? halt = plan.Shards > 0 ? await AwaitJudgeAsync(context, run, attempt, progress) : null;
        int pilots = plan.Pilots ? 1 : 0;
        (long judgements, int returns) = (0, 0);
        for (int wave = 0, last = pilots + plan.Waves - 1; wave <= last && halt is null; wave++)
        {
            bool isPilot = wave < pilots;
            if (plan.Waves > 1 && !isPilot)
            {
                WavePlan budget = await context.CallActivityAsync(Names.AllocateBudget, new WaveRequest(run.RunId, wave, attempt));
                last = budget.Judgements == 0 ? wave : last;
            }

            (progress, halt) = await FanOutAsync(context, run, attempt, plan, wave, wave == last, progress with { Pass = Math.Max(attempt, progress.Pass + 1) });
            if (halt?.Kind == HaltKind.Unreachable && run.PatienceMinutes > 0)
            {
                // The judge went away in between: as at the start, it has its time to come back. The stop was this attempt's.
                (judgements, returns) = progress.Judgements > judgements ? (progress.Judgements, 1) : (judgements, returns + 1);
                if (returns <= MostReturns)
                {
                    attempt = Later(context, attempt);
                    halt = await AwaitJudgeAsync(context, run, attempt, progress, halt);
                    wave--;
                }
            }
            else if (isPilot && halt is null)
            {
                await context.CallActivityAsync(Names.FitJudge, new RunReference(run.RunId, attempt));
            }
        }

        if (plan.Weighs && halt is null && await context.CallActivityAsync(Names.WeighPanel, new RunReference(run.RunId, attempt)))
        {
            // Nothing is drawn any more: the policy has what it asked for, and what was voted on is voted on with the weights.
            (progress, halt) = await FanOutAsync(context, run, attempt, plan, pilots + plan.Waves, last: true, progress with { Pass = progress.Pass + 1 });
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

    // Plans, stops and instances of an attempt are its own.
    private static long Later(IOrchestrationContext context, long attempt) => Math.Max(context.CurrentUtc.UtcTicks, attempt + 1);

    private static async Task<Halt?> AwaitJudgeAsync(IOrchestrationContext context, BatchRun run, long attempt, RunProgress progress, Halt? away = null)
    {
        DateTimeOffset deadline = context.CurrentUtc + TimeSpan.FromMinutes(run.PatienceMinutes);
        TimeSpan wait = FirstWait;
        if (away is not null)
        {
            // Whatever its health says, it has just failed.
            context.SetCustomStatus(progress with { Stage = RunStages.WaitingForJudge, Detail = away.Detail });
            await context.CreateTimerAsync(wait);
        }

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
                : await context.CallSubOrchestratorAsync(Names.ScoreShards, InstanceNames.Stretch(run.RunId, attempt, wave, first), stretch);
        }

        return (progress, halt);
    }
}
