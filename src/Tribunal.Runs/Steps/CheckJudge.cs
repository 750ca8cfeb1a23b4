using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Runs.Steps;

/// <summary>Asks whether whoever is asked is up: the judges, and the meta reward models beside them.</summary>
internal sealed class CheckJudge(OpenRuns runs)
{
    /// <summary>Asks.</summary>
    public async Task<JudgeState> RunAsync(RunReference run, CancellationToken cancellationToken)
    {
        RunContext context = await runs.OpenAsync(run.RunId, run.Attempt);
        if (await runs.StopAskedAsync(context, cancellationToken) is { } halt)
        {
            return new JudgeState(false, halt.Detail, halt);
        }

        JudgeHealth[] states = await Task.WhenAll(
        [
            .. context.Branches.Routes.All.Select(static binding => binding.Endpoint).DistinctBy(static judge => judge.Name).Select(judge => judge.CheckHealthAsync(cancellationToken)),
            .. context.Branches.Routes.All.Select(static binding => binding.Meta).OfType<MetaReward.IMetaRewardModel>().DistinctBy(static meta => meta.Name).Select(meta => meta.CheckHealthAsync(cancellationToken)),
        ]);
        if (Array.Find(states, static state => !state.Ready) is { } away)
        {
            return new JudgeState(false, away.Detail);
        }

        SpendLimits limits = context.Manifest.Request.Limits;
        if (limits is not { Tokens: null, Cost: null })
        {
            IReadOnlyDictionary<string, Usage> spent = await RunSpending.OfPartsAsync(context.Store, cancellationToken);
            if (RunSpending.Reached(spent, limits, context.Branches.Routes.Prices) is { } reached)
            {
                return new JudgeState(false, reached.ToString(), new Halt(HaltKind.Limit, reached.ToString()));
            }

            await context.Allowance.BeginAsync(spent, cancellationToken);
        }

        return new JudgeState(true, states[0].Detail);
    }
}
