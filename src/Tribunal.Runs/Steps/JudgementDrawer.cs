using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>Draws a run's judgements: within its limits, and into its ledger.</summary>
internal sealed class JudgementDrawer(RunContext context, OpenRuns runs, double validRateFloor)
{
    /// <summary>
    /// The judgement, in the ledger; null where the run has to stop instead. A place at a gate is held until the ledger has it, so that a
    /// kill loses no more judgements than the gates have places: the judge's while it is asked, the meta reward model's from then on,
    /// so that the judge never waits for a meta reward.
    /// </summary>
    public async Task<Judgement?> DrawAsync(Rollout rollout, PlannedDraw draw, LedgerWriter ledger, CancellationToken cancellationToken)
    {
        BranchJudge asked = context.Branches.Of(draw, rollout.Responses.Count);
        Draw shown = context.Branches.ShownOf(draw, rollout, context.Manifest.Request.Seed);
        SemaphoreSlim held = asked.Gate;
        await held.WaitAsync(cancellationToken);
        try
        {
            if (await runs.IsStoppedAsync(context, cancellationToken) || await IsLimitReachedAsync(context.Allowance.EnterAsync(cancellationToken)) || await AskAsync(asked.Binding, rollout, shown, draw.Hint, cancellationToken) is not { } judgement)
            {
                return null;
            }

            if (draw.Route is { } route)
            {
                judgement = judgement with { Route = route };
            }

            // Counted before the next one may go, so that a limit is passed by no more than what is in flight.
            await IsLimitReachedAsync(context.Allowance.CountAsync(judgement, cancellationToken));
            context.Monitor.Add(judgement, validRateFloor, members: context.Branches.Routes is { Panel: not null } or { IsCascade: true });
            if (asked.MetaGate is { } metaGate)
            {
                // Not let go of before the other is had: no judgement is without a place.
                await metaGate.WaitAsync(cancellationToken);
                held.Release();
                held = metaGate;
                judgement = await JudgementSource.MetaScoreAsync(asked.Binding, rollout, judgement, cancellationToken);
            }

            await ledger.AppendAsync(judgement);
            return judgement;
        }
        finally
        {
            held.Release();
        }
    }

    private async Task<Judgement?> AskAsync(Judge judge, Rollout rollout, Draw shown, int? hint, CancellationToken cancellationToken)
    {
        long asked = context.Monitor.Asked();
        try
        {
            return await JudgementSource.AskAsync(judge, context.Manifest.Request.Seed, rollout, shown, hint, (exception, token) => StopsRunAsync(exception, judge.Endpoint, token), cancellationToken);
        }
        finally
        {
            context.Monitor.Answered(asked);
        }
    }

    private async Task<bool> IsLimitReachedAsync(Task<Halt?> asking)
    {
        if (await asking is not { } reached)
        {
            return false;
        }

        context.Monitor.Stop(reached);
        return true;
    }

    // An endpoint that is away, or refuses us as such, is no judgement of anything: the run stops and can be resumed.
    private async Task<bool> StopsRunAsync(JudgeException exception, IJudge judge, CancellationToken cancellationToken)
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
