using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Tests.Verdicts;

/// <summary>Makes rollouts and ledger lines for tests.</summary>
internal static class Ledgers
{
    public static Rollout Rollout(int responses, string id = "r") => new()
    {
        Id = id,
        Prompt = [new Message("user", "Which?")],
        Responses = [.. Enumerable.Range(0, responses).Select(i => new Response($"answer {i}"))],
    };

    public static TracedJudgement List(int sample, double[] scores, double? meta = null, string id = "r") => new()
    {
        RolloutId = id,
        Sample = sample,
        Protocol = "grm",
        Judge = "j",
        Order = [.. Enumerable.Range(0, scores.Length)],
        Outcome = JudgementOutcome.Valid,
        Scores = scores,
        Meta = meta,
        Usage = new Usage(10, 5),
    };

    public static TracedJudgement Pair(int sample, int i, int j, int? winner, double? meta = null, string id = "r", IReadOnlyList<int>? order = null) => new()
    {
        RolloutId = id,
        Sample = sample,
        Protocol = "rrm",
        Judge = "j",
        Order = order ?? [i, j],
        Pair = [i, j],
        Outcome = JudgementOutcome.Valid,
        Winner = winner,
        Meta = meta,
        Usage = new Usage(10, 5),
    };

    public static Judgement Without(int sample, JudgementOutcome outcome, string id = "r") => new()
    {
        RolloutId = id,
        Sample = sample,
        Protocol = "grm",
        Judge = "j",
        Order = [0, 1],
        Outcome = outcome,
        Why = "no box",
    };

    /// <summary>A pair judge whose verdict depends on the pair and the vote only.</summary>
    public static Judgement Answer(Draw draw, Rollout rollout, Func<int, int, int, int?> winner)
    {
        int vote = PairIndex.FromSample(draw.Sample, rollout.Responses.Count).Vote;
        return Pair(draw.Sample, draw.Pair![0], draw.Pair[1], winner(draw.Pair[0], draw.Pair[1], vote), id: rollout.Id, order: draw.Order);
    }

    /// <summary>Draws until the scheme is satisfied.</summary>
    public static (List<Judgement> Ledger, StopReason? Stop) Run(
        IJudgingScheme scheme, Rollout rollout, Func<Draw, Judgement> judge, int? allowance = null)
    {
        List<Judgement> ledger = [];
        while (true)
        {
            NextDraws next = scheme.Next(rollout, ledger, allowance);
            if (next.Draws.Count == 0)
            {
                return (ledger, next.Stop);
            }

            Assert.Null(next.Stop);
            ledger.AddRange(next.Draws.Select(judge));
        }
    }
}
