using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;

namespace Tribunal.Runs.Steps;

/// <summary>The work that judgements are drawn for.</summary>
internal interface IDrawing
{
    /// <summary>Whether nothing new may begin.</summary>
    Task<bool> IsOverAsync(CancellationToken cancellationToken);

    /// <summary>Told that a judge is asked; what it gives is disposed of once the judge has answered, or was given up.</summary>
    IDisposable? Waiting() => null;

    /// <summary>Whether a judge that gave no answer ends the work instead of this judgement.</summary>
    Task<bool> StopsAsync(JudgeException exception, IJudge judge, CancellationToken cancellationToken);

    /// <summary>Told of a judgement as soon as the judge has given it, before the next one may begin.</summary>
    Task DrawnAsync(Judgement judgement, CancellationToken cancellationToken);

    /// <summary>Keeps a judgement with its meta reward.</summary>
    Task KeepAsync(TracedJudgement judgement);
}

/// <summary>A judge with as many places as requests to it may be under way at once in this process.</summary>
/// <param name="judge">Who is asked.</param>
/// <param name="gate">Places at the judge.</param>
/// <param name="metaGate">Places of judgements that have their answer and wait for a meta reward; null where there is none to wait for.</param>
internal sealed class GatedJudge(Judge judge, SemaphoreSlim gate, SemaphoreSlim? metaGate)
{
    /// <summary>Who is asked.</summary>
    public Judge Judge => judge;

    /// <summary>
    /// Draws a judgement and has it kept; null where the work is over. A place is held until the judgement is kept, so that a kill loses
    /// no more judgements than there are places: the judge's while it is asked, the meta reward model's from then on, so that the
    /// judge never waits for a meta reward.
    /// </summary>
    public async Task<TracedJudgement?> DrawAsync(IDrawing drawing, long seed, Rollout rollout, NextSample next, CancellationToken cancellationToken)
    {
        SemaphoreSlim held = gate;
        await held.WaitAsync(cancellationToken);
        try
        {
            if (await drawing.IsOverAsync(cancellationToken) || await AskAsync(drawing, seed, rollout, next, cancellationToken) is not { } judgement)
            {
                return null;
            }

            if (next.Route is { } route)
            {
                judgement = judgement with { Route = route };
            }

            await drawing.DrawnAsync(judgement, cancellationToken);
            if (metaGate is not null)
            {
                // Not let go of before the other is had: no judgement is without a place.
                await metaGate.WaitAsync(cancellationToken);
                held.Release();
                held = metaGate;
                judgement = await JudgementSource.MetaScoreAsync(judge, rollout, judgement, cancellationToken);
            }

            await drawing.KeepAsync(judgement);
            return judgement;
        }
        finally
        {
            held.Release();
        }
    }

    /// <summary>Asks what somebody else wrote, in one of the judge's places; who gives up waiting for one has asked nothing.</summary>
    /// <exception cref="JudgeException">There is no answer.</exception>
    public async Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            return await judge.Endpoint.AskAsync(question, CancellationToken.None);
        }
        finally
        {
            gate.Release();
        }
    }

    private async Task<TracedJudgement?> AskAsync(IDrawing drawing, long seed, Rollout rollout, NextSample next, CancellationToken cancellationToken)
    {
        using IDisposable? waiting = drawing.Waiting();
        return await JudgementSource.AskAsync(judge, seed, rollout, next.Draw, next.Hint, (exception, token) => drawing.StopsAsync(exception, judge.Endpoint, token), cancellationToken);
    }

    /// <summary>Asks for a judgement's meta reward again; null where the work was over before there was a place.</summary>
    public async Task<TracedJudgement?> MetaScoreAsync(Func<bool> isOver, Rollout rollout, TracedJudgement judgement, CancellationToken cancellationToken)
    {
        await metaGate!.WaitAsync(cancellationToken);
        try
        {
            return isOver() ? null : await JudgementSource.MetaScoreAsync(judge, rollout, judgement, cancellationToken);
        }
        finally
        {
            metaGate.Release();
        }
    }
}
