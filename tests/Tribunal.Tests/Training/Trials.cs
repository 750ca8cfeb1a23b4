using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Tests.Training;

/// <summary>Labelled rollouts and trajectories, written out by hand.</summary>
internal static class Trials
{
    public static Rollout Rollout(int responses, int[]? best = null, double[]? scores = null, string id = "r") => new()
    {
        Id = id,
        Prompt = [new Message("user", "Which is right?")],
        Responses = [.. Enumerable.Range(0, responses).Select(i => new Response($"answer {i}"))],
        Best = best,
        Scores = scores,
    };

    public static TracedJudgement Scored(int sample, params double[] scores) => new()
    {
        RolloutId = "r",
        Sample = sample,
        Protocol = "grm",
        Judge = "j",
        Order = [.. Enumerable.Range(0, scores.Length)],
        Outcome = JudgementOutcome.Valid,
        Finish = "stop",
        Scores = scores,
        Text = $"Scores: \\boxed{{{string.Join(", ", scores)}}}",
    };

    public static TracedJudgement Pair(int sample, int i, int j, int? winner, string protocol = "rm-r1") => new()
    {
        RolloutId = "r",
        Sample = sample,
        Protocol = protocol,
        Judge = "j",
        Order = [i, j],
        Pair = [i, j],
        Outcome = JudgementOutcome.Valid,
        Finish = "stop",
        Winner = winner,
        Text = protocol == "rrm"
            ? $"<think>\nhm\n</think>\n\n\\boxed{{Assistant {(winner == i ? 1 : 2)}}}"
            : $"<eval>hm</eval>\n<answer>[[{(winner == i ? 'A' : 'B')}]]</answer>",
    };

    public static TracedJudgement Without(int sample, JudgementOutcome outcome, string? text = "no verdict here", string protocol = "grm") => new()
    {
        RolloutId = "r",
        Sample = sample,
        Protocol = protocol,
        Judge = "j",
        Order = [0, 1],
        Pair = protocol == "grm" ? null : [0, 1],
        Outcome = outcome,
        Finish = outcome == JudgementOutcome.Truncated ? "length" : outcome == JudgementOutcome.Failed ? null : "stop",
        Why = "a reason",
        Text = outcome == JudgementOutcome.Failed ? null : text,
    };
}
