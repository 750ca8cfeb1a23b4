using Tribunal.Benchmarks;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Tests.Benchmarks;

/// <summary>Records and outcomes, short to write.</summary>
internal static class BenchmarkSamples
{
    public static Rollout Record(string id, string? domain, int responses, params int[] best) => new()
    {
        Id = id,
        Prompt = [new Message("user", "p")],
        Responses = [.. Enumerable.Range(0, responses).Select(static i => new Response($"r{i}"))],
        Best = best.Length == 0 ? null : best,
        Domain = domain,
    };

    public static BenchmarkOutcome Rewarded(Rollout rollout, params double[] rewards) => new() { Rollout = rollout, Rewards = rewards };

    public static BenchmarkOutcome Silent(Rollout rollout) => new() { Rollout = rollout };

    public static BenchmarkOutcome Played(Rollout rollout, params int?[] games) => new() { Rollout = rollout, Games = games };

    public static Judgement List(int sample, int[] order, params double[]? scores) => new()
    {
        RolloutId = "a",
        Sample = sample,
        Protocol = "grm",
        Judge = "j",
        Order = order,
        Outcome = scores is null ? JudgementOutcome.Unparsable : JudgementOutcome.Valid,
        Scores = scores,
    };

    public static Judgement Pair(int sample, int i, int j, int? winner, int first = -1, JudgementOutcome outcome = JudgementOutcome.Valid) => new()
    {
        RolloutId = "a",
        Sample = sample,
        Protocol = "rrm",
        Judge = "j",
        Order = first == j ? [j, i] : [i, j],
        Pair = [i, j],
        Winner = winner,
        Outcome = outcome,
    };

    public static double Section(this BenchmarkScore score, string name) => score.Sections.Single(s => s.Name == name).Score!.Value;
}
