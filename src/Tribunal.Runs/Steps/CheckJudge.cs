using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Runs.Steps;

/// <summary>Asks whether whoever is asked is up: the judges, and the meta reward models beside them.</summary>
public sealed class CheckJudge
{
    private readonly OpenRuns _runs;

    internal CheckJudge(OpenRuns runs) => _runs = runs;

    /// <summary>Asks.</summary>
    public async Task<JudgeState> RunAsync(RunReference run, CancellationToken cancellationToken)
    {
        RunContext context = await _runs.OpenAsync(run.RunId, run.Attempt);
        if (await _runs.StopAskedAsync(context, cancellationToken) is { } halt)
        {
            return new JudgeState(false, halt.Detail, halt);
        }

        JudgeHealth[] states = await Task.WhenAll(
        [
            .. context.Branches.Routes.All.Select(static binding => binding.Judge).DistinctBy(static judge => judge.Name).Select(judge => judge.CheckHealthAsync(cancellationToken)),
            .. context.Branches.Routes.All.Select(static binding => binding.Meta).OfType<MetaReward.IMetaRewardModel>().DistinctBy(static meta => meta.Name).Select(meta => meta.CheckHealthAsync(cancellationToken)),
        ]);
        return new JudgeState(Array.TrueForAll(states, static state => state.Ready), (Array.Find(states, static state => !state.Ready) ?? states[0]).Detail);
    }
}
