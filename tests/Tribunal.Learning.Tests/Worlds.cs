using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Learning.Tests;

/// <summary>Labelled rollouts whose judgements hedge the more the poorer they are, or don't.</summary>
internal static class Worlds
{
    private static readonly string[] Plain = ["It addresses the question.", "The tone is fine.", "Nothing is missing here.", "The steps are in order."];

    /// <summary>Makes rollouts of two responses.</summary>
    /// <param name="rollouts">How many.</param>
    /// <param name="judgements">Of each.</param>
    /// <param name="cue">Whether poor judgements hedge; otherwise hedges fall anywhere.</param>
    /// <param name="first">Number of the first.</param>
    public static List<RolloutLedger> Make(int rollouts, int judgements = 6, bool cue = true, int first = 0) => [.. Enumerable.Range(first, rollouts).Select(i =>
    {
        var random = new SeededRandom(StableHash.Of(9, $"{i}"));
        string id = $"r{i}";
        int best = random.Next(2);
        var rollout = new Rollout { Id = id, Prompt = [new Message("user", $"Question {i}?")], Responses = [new Response($"one {i}"), new Response($"two {i}")], Best = [best] };
        return new RolloutLedger(rollout, [.. Enumerable.Range(0, judgements).Select(sample =>
        {
            bool sound = random.Next(2) == 0;
            bool right = random.NextDouble() < (sound ? 0.9 : 0.4);
            bool hedges = (cue ? !sound : random.Next(2) == 0) ? random.NextDouble() < 0.9 : random.NextDouble() < 0.1;
            double high = 6 + random.Next(4);
            double low = 1 + random.Next(4);
            return new TracedJudgement
            {
                RolloutId = id,
                Sample = sample,
                Protocol = "grm",
                Judge = "j",
                Order = random.Next(2) == 0 ? [0, 1] : [1, 0],
                Outcome = JudgementOutcome.Valid,
                Finish = "stop",
                Scores = (best == 0) == right ? [high, low] : [low, high],
                Text = $"{Plain[random.Next(4)]} {Plain[random.Next(4)]} {(hedges ? "Perhaps it might be otherwise." : "It holds as it stands.")}",
            };
        })]);
    })];
}
