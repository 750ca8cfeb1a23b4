using Tribunal.Cli.Output;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Sampling;

namespace Tribunal.Cli.Doctor;

/// <summary>The judge and the meta reward model: there, asked, and read.</summary>
internal static class JudgeChecks
{
    // A verdict on it is no news; that one comes back at all is.
    private static readonly Rollout Question = new()
    {
        Id = "doctor",
        Prompt = [new Message("user", "What is 2 + 2? Answer with the number.")],
        Responses = [new Response("4"), new Response("5")],
    };

    /// <summary>Asks the judge for one judgement, twice with the same seed; the judgement where one was read.</summary>
    public static async Task<TracedJudgement?> RunAsync(Checkup checkup, Judge judge, CancellationToken cancellationToken)
    {
        JudgeHealth health = await judge.Endpoint.CheckHealthAsync(cancellationToken);
        if (!health.Ready)
        {
            checkup.Fail("judge", health.Detail, "start it, wait until its weights are loaded, or correct --judge and --model");
            return null;
        }

        checkup.Ok("judge", health.Detail);
        try
        {
            (JudgeReply reply, TracedJudgement judgement) = await AskAsync(judge, cancellationToken);
            Judged(checkup, judge, reply, judgement);
            (JudgeReply again, _) = await AskAsync(judge, cancellationToken);
            if (again.Text == reply.Text)
            {
                checkup.Ok("seed", "the same seed gave the same answer");
            }
            else
            {
                checkup.Warn("seed", "the same seed gave another answer", "a resumed run keeps what it has; two runs with one seed will differ where this judge does");
            }

            checkup.Ok("thinking", reply.Reasoning is { Length: > 0 } ? "the server keeps thinking apart from the answer" : "no thinking apart from the answer");
            return judgement.Outcome == JudgementOutcome.Valid ? judgement : null;
        }
        catch (JudgeException exception)
        {
            checkup.Fail("judgement", exception.Message, ReasonAdvice.For(exception.Message) ?? "the endpoint is up and does not answer this: read its own words above, and its log");
            return null;
        }
    }

    /// <summary>Has a judgement scored.</summary>
    public static async Task MetaAsync(Checkup checkup, IMetaRewardModel meta, TracedJudgement? judgement, CancellationToken cancellationToken)
    {
        judgement ??= new TracedJudgement
        {
            RolloutId = Question.Id,
            Sample = 0,
            Protocol = "grm",
            Judge = "doctor",
            Order = [0, 1],
            Outcome = JudgementOutcome.Valid,
            Finish = "stop",
            Scores = [9, 2],
            Text = @"Specific Criteria: correctness. Analysis: 2 + 2 is 4. Scores: \boxed{9, 2}",
        };
        if ((await meta.ScoreAsync(Question, judgement, cancellationToken)).Reward is { } reward)
        {
            checkup.Ok("meta reward model", $"gave {reward:0.####} to a judgement");
        }
        else
        {
            checkup.Fail("meta reward model", "gave no reward", "correct --meta and --meta-model; vLLM /classify and /pooling, SGLang /classify, TEI /predict and generative judges are known");
        }
    }

    private static void Judged(Checkup checkup, Judge judge, JudgeReply reply, Judgement judgement)
    {
        string facts = $"{reply.Latency.TotalMilliseconds:N0} ms, {reply.Usage.Input:N0} tokens in, {reply.Usage.Output:N0} out, finish {reply.Finish ?? "not said"}";
        switch (judgement.Outcome)
        {
            case JudgementOutcome.Valid:
                checkup.Ok("judgement", $"read by {judge.Protocol.Name}; {facts}");
                break;
            case JudgementOutcome.Truncated:
                checkup.Fail("judgement", $"cut off; {facts}", "raise --max-tokens, or bound thinking with --thinking-tokens");
                break;
            case JudgementOutcome.Refused:
                checkup.Fail("judgement", $"refused: {judgement.Why}; {facts}", "a content filter or the model declines to judge");
                break;
            default:
                checkup.Fail("judgement", $"no verdict that {judge.Protocol.Name} can read: {judgement.Why}; {facts}", "choose the --protocol that this model was trained for, or give its own prompt with --template");
                break;
        }

        if (reply.Usage is { Input: 0, Output: 0 })
        {
            checkup.Warn("usage", "the endpoint reports no tokens", "token and cost limits can't work with this judge");
        }
    }

    private static async Task<(JudgeReply Reply, TracedJudgement Judgement)> AskAsync(Judge judge, CancellationToken cancellationToken)
    {
        int[] order = [0, 1];
        int[]? pair = judge.Protocol.Kind == JudgingKind.Pairwise ? [0, 1] : null;
        long seed = SampleSeed.Of(0, Question.Id, 0);
        JudgePrompt prompt = judge.Protocol.Compose(Question, order);
        JudgeReply reply = await judge.Endpoint.AskAsync(prompt, JudgeQuestion.Of(prompt, judge.Sampling) with { Seed = seed }, cancellationToken);
        return (reply, JudgementReader.Read(Question.Id, 0, seed, judge.Protocol, judge.Name, order, pair, reply));
    }
}
