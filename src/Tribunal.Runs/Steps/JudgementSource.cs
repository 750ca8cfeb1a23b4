using System.Diagnostics;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Telemetry;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>Draws one judgement: composes, asks, reads, asks once more where the budget cut it off; has it meta-scored.</summary>
internal static class JudgementSource
{
    /// <summary>The judgement with its meta reward, where it takes one.</summary>
    public static async Task<TracedJudgement> MetaScoreAsync(Judge binding, Rollout rollout, TracedJudgement judgement, CancellationToken cancellationToken)
    {
        if (binding.Meta is not { } meta || !LateMetaRewards.IsMissing(judgement))
        {
            return judgement;
        }

        MetaReading reading = await meta.ScoreAsync(binding.View.Of(rollout), judgement, cancellationToken);
        Usage usage = (judgement.MetaUsage ?? default) + reading.Usage;
        return judgement with { Meta = reading.Reward, MetaUsage = usage == default ? null : usage, MetaCut = reading.PromptCut };
    }

    /// <summary>The judgement as the judge gave it; null where <paramref name="stops"/> says that a fault is no judgement of anything.</summary>
    /// <param name="binding">Whom to ask, and how.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="rollout">The rollout.</param>
    /// <param name="draw">Which sample of it.</param>
    /// <param name="hint">The displayed position that the prompt names as the best; null for ordinary samples.</param>
    /// <param name="stops">Whether a judge that gave no answer ends the work instead of this judgement.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<TracedJudgement?> AskAsync(
        Judge binding, long seed, Rollout rollout, Draw draw, int? hint, Func<JudgeException, CancellationToken, Task<bool>> stops, CancellationToken cancellationToken)
    {
        IProtocol protocol = binding.Protocol;
        SamplingDefaults sampling = binding.Sampling;
        JudgePrompt prompt = AskedPrompts.Of(protocol, binding.View.Of(rollout), draw.Order);
        if (hint is int position)
        {
            prompt = Hints.Append(prompt, protocol.Name, position);
        }

        JudgeQuestion question = JudgeQuestion.Of(prompt, sampling) with { Seed = SampleSeed.Of(seed, rollout.Id, draw.Sample) };

        JudgeReply? cutOff = null;
        TracedJudgement judgement;
        try
        {
            JudgeReply reply = await ReplyAsync(binding, prompt, question, cancellationToken);
            if (FinishReasons.AtBudget(reply.Finish))
            {
                cutOff = reply;
                reply = AfterCutOff(cutOff, await ReplyAsync(binding, prompt, question with { MaxTokens = question.MaxTokens * 2 }, cancellationToken));
            }

            judgement = JudgementReader.Read(rollout.Id, draw.Sample, question.Seed, protocol, binding.Name, draw.Order, draw.Pair, reply, rollout);
        }
        catch (JudgeException exception)
        {
            if (await stops(exception, cancellationToken))
            {
                return null;
            }

            judgement = cutOff is null
                ? JudgementReader.Failed(rollout.Id, draw.Sample, question.Seed, protocol, binding.Name, draw.Order, draw.Pair, exception)
                : JudgementReader.Read(
                    rollout.Id, draw.Sample, question.Seed, protocol, binding.Name, draw.Order, draw.Pair,
                    cutOff with { Tries = (cutOff.Tries + exception.Tries) with { Truncated = 1 }, Usage = cutOff.Usage + exception.Usage }, rollout);
        }

        if (prompt.Neutralised > 0)
        {
            judgement = judgement with { Neutralised = prompt.Neutralised };
        }

        return hint is null ? judgement : judgement with { Hinted = true };
    }

    private static Task<JudgeReply> ReplyAsync(Judge binding, JudgePrompt prompt, JudgeQuestion question, CancellationToken cancellationToken) =>
        binding.Simulated ? SimulatedAsync(binding, prompt, question, cancellationToken) : binding.Endpoint.AskAsync(prompt, question, cancellationToken);

    private static async Task<JudgeReply> SimulatedAsync(Judge binding, JudgePrompt prompt, JudgeQuestion question, CancellationToken cancellationToken)
    {
        using Activity? span = SimulatedCalls.Start(binding.Model);
        long start = Stopwatch.GetTimestamp();
        JudgeReply reply = await binding.Endpoint.AskAsync(prompt, question, cancellationToken);
        SimulatedCalls.Ended(span, binding.Model, Stopwatch.GetElapsedTime(start), reply.Usage);
        return reply;
    }

    private static JudgeReply AfterCutOff(JudgeReply first, JudgeReply second) => second with
    {
        Usage = first.Usage + second.Usage,
        Latency = first.Latency + second.Latency,
        Tries = (first.Tries + second.Tries) with { Truncated = 1 },
    };
}
