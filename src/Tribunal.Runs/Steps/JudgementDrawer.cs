using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>Draws a run's judgements: within its limits, and into its ledger.</summary>
internal sealed class JudgementDrawer(RunContext context, OpenRuns runs, LedgerWriter ledger, double validRateFloor) : IDrawing
{
    /// <summary>What waits at a gate when the run stops is never sent.</summary>
    public async Task<bool> IsOverAsync(CancellationToken cancellationToken) =>
        await runs.IsStoppedAsync(context, cancellationToken) || await IsLimitReachedAsync(context.Allowance.EnterAsync(cancellationToken));

    /// <inheritdoc/>
    public IDisposable Waiting() => context.Monitor.Asked();

    /// <summary>The judgement, in the ledger; null where the run has to stop instead.</summary>
    public Task<TracedJudgement?> DrawAsync(Rollout rollout, PlannedDraw planned, CancellationToken cancellationToken)
    {
        GatedJudge asked = context.Branches.Of(planned, rollout.Responses.Count);
        Draw draw = context.Branches.ShownOf(planned, rollout, context.Manifest.Request.Seed);
        return asked.DrawAsync(this, context.Manifest.Request.Seed, rollout, new NextSample(draw, planned.Route, planned.Hint), cancellationToken);
    }

    /// <summary>Counted before the next one may go, so that a limit is passed by no more than what is in flight.</summary>
    public async Task DrawnAsync(Judgement judgement, CancellationToken cancellationToken)
    {
        await IsLimitReachedAsync(context.Allowance.CountAsync(judgement, cancellationToken));
        context.Monitor.Add(judgement, validRateFloor, members: context.Branches.Routes is { Panel: not null } or { IsCascade: true });
    }

    /// <inheritdoc/>
    public Task KeepAsync(TracedJudgement judgement) => ledger.AppendAsync(judgement);

    private async Task<bool> IsLimitReachedAsync(Task<Halt?> asking)
    {
        if (await asking is not { } reached)
        {
            return false;
        }

        context.Monitor.Stop(reached);
        return true;
    }

    /// <summary>An endpoint that is away, or refuses us as such, is no judgement of anything: the run stops and can be resumed.</summary>
    public async Task<bool> StopsAsync(JudgeException exception, IJudge judge, CancellationToken cancellationToken)
    {
        switch (exception.Fault)
        {
            case JudgeFault.Rejected:
                context.Monitor.Stop(new Halt(HaltKind.Rejected, exception.Message));
                return true;
            case JudgeFault.Exhausted:
                context.Monitor.Stop(new Halt(HaltKind.Unreachable, exception.Message));
                return true;
            case JudgeFault.Unreachable:
                JudgeHealth health = await judge.CheckHealthAsync(cancellationToken);
                if (!health.Ready)
                {
                    context.Monitor.Stop(new Halt(HaltKind.Unreachable, $"{exception.Message}; {health.Detail}"));
                }

                return !health.Ready;
            default:
                return false;
        }
    }
}
