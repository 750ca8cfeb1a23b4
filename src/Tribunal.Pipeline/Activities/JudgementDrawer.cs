using Tribunal.Judging;
using Tribunal.Pipeline.Judges;
using Tribunal.Pipeline.Ledger;
using Tribunal.Pipeline.Orchestration;
using Tribunal.Pipeline.Runs;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Training;

namespace Tribunal.Pipeline.Activities;

/// <summary>Draws one judgement: composes, asks, reads, asks once more where the budget cut it off, and has it meta-scored.</summary>
internal sealed class JudgementDrawer(RunContext context, double validRateFloor)
{
    /// <summary>
    /// The judgement, in the ledger; null where the run has to stop instead. A place at the gate is held until the ledger has
    /// it, so that a kill loses no more judgements than the gate has places.
    /// </summary>
    public async Task<Judgement?> DrawAsync(Rollout rollout, PlannedDraw draw, LedgerWriter ledger, CancellationToken cancellationToken)
    {
        BranchJudge asked = context.Branches.Of(draw);
        await asked.Gate.WaitAsync(cancellationToken);
        try
        {
            if (context.Monitor.Halt is not null || await DrawNowAsync(rollout, draw, asked.Binding, cancellationToken) is not { } judgement)
            {
                return null;
            }

            // Counted before the next one may go, so that a limit is passed by no more than what is in flight.
            context.Monitor.Add(judgement, context.Manifest.Request.Limits, context.Branches.Routes.Price, validRateFloor);
            await ledger.AppendAsync(judgement);
            return judgement;
        }
        finally
        {
            asked.Gate.Release();
        }
    }

    private async Task<Judgement?> DrawNowAsync(Rollout rollout, PlannedDraw draw, JudgeBinding binding, CancellationToken cancellationToken)
    {
        IProtocol protocol = binding.Protocol;
        SamplingDefaults sampling = binding.Sampling;
        JudgePrompt prompt = protocol.Compose(rollout, draw.Order);
        if (draw.Hint is int position)
        {
            prompt = Hints.Append(prompt, protocol.Name, position);
        }

        var question = new JudgeQuestion
        {
            Messages = prompt.Messages,
            Temperature = sampling.Temperature,
            TopP = sampling.TopP,
            MaxTokens = sampling.MaxTokens,
            ThinkingTokens = sampling.ThinkingTokens,
            Seed = SampleSeed.Of(context.Manifest.Request.Seed, rollout.Id, draw.Sample),
        };

        JudgeReply? cutOff = null;
        Judgement judgement;
        try
        {
            JudgeReply reply = await binding.Judge.AskAsync(question, cancellationToken);
            if (reply.Finish == "length")
            {
                cutOff = reply;
                reply = AfterCutOff(cutOff, await binding.Judge.AskAsync(question with { MaxTokens = question.MaxTokens * 2 }, cancellationToken));
            }

            judgement = JudgementReader.Read(rollout.Id, draw.Sample, question.Seed, protocol, binding.Judge.Name, draw.Order, draw.Pair, reply);
        }
        catch (JudgeException exception)
        {
            if (await StopsRunAsync(exception, binding.Judge, cancellationToken))
            {
                return null;
            }

            judgement = cutOff is null
                ? JudgementReader.Failed(rollout.Id, draw.Sample, question.Seed, protocol, binding.Judge.Name, draw.Order, draw.Pair, exception)
                : JudgementReader.Read(
                    rollout.Id, draw.Sample, question.Seed, protocol, binding.Judge.Name, draw.Order, draw.Pair,
                    cutOff with { Tries = Sum(cutOff.Tries, exception.Tries) with { Truncated = 1 } });
        }

        if (draw.Route is { } route)
        {
            judgement = judgement with { Route = route };
        }

        if (prompt.Neutralised > 0)
        {
            judgement = judgement with { Neutralised = prompt.Neutralised };
        }

        if (draw.Hint is not null)
        {
            return judgement with { Hinted = true };
        }

        return judgement.Outcome == JudgementOutcome.Valid && binding.Meta is { } meta
            ? judgement with { Meta = await meta.ScoreAsync(rollout, judgement, cancellationToken) }
            : judgement;
    }

    private static JudgeReply AfterCutOff(JudgeReply first, JudgeReply second) => second with
    {
        Usage = first.Usage + second.Usage,
        Latency = first.Latency + second.Latency,
        Tries = Sum(first.Tries, second.Tries) with { Truncated = 1 },
    };

    private static Tries Sum(Tries a, Tries b) => new()
    {
        Requests = a.Requests + b.Requests,
        Throttled = a.Throttled + b.Throttled,
        Unavailable = a.Unavailable + b.Unavailable,
        Reset = a.Reset + b.Reset,
        TimedOut = a.TimedOut + b.TimedOut,
        Malformed = a.Malformed + b.Malformed,
        Truncated = a.Truncated + b.Truncated,
    };

    // An endpoint that is away, or refuses us as such, is no judgement of anything: the run stops and can be resumed.
    private async Task<bool> StopsRunAsync(JudgeException exception, IJudge judge, CancellationToken cancellationToken)
    {
        switch (exception.Fault)
        {
            case JudgeFault.Rejected:
                context.Monitor.Stop(new Halt(HaltKind.Rejected, exception.Message));
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
