using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Benchmarks;

/// <summary>What a judge said of one item of a benchmark.</summary>
public sealed record BenchmarkOutcome
{
    /// <summary>The item.</summary>
    public required Rollout Rollout { get; init; }

    /// <summary>A reward per response, any scale; null when the judge gave none.</summary>
    public IReadOnlyList<double>? Rewards { get; init; }

    /// <summary>Decisions on pairs, keyed by ascending indexes: the winner's index, or −1 for a draw. They go before rewards.</summary>
    public IReadOnlyDictionary<(int I, int J), int>? Pairs { get; init; }

    /// <summary>
    /// For pairs played in both orders: what each game said, as shown first and as shown swapped: the winner's original
    /// index, −1 for a draw, null for no verdict. Null when the judge does not depend on the order.
    /// </summary>
    public IReadOnlyList<int?>? Games { get; init; }

    /// <summary>
    /// Compares two responses: 1 when <paramref name="i"/> is better, −1 when <paramref name="j"/> is, 0 when they are
    /// equal, null when the judge did not decide.
    /// </summary>
    public int? Compare(int i, int j)
    {
        if (Pairs is not null)
        {
            return !Pairs.TryGetValue(i < j ? (i, j) : (j, i), out int winner) ? null : winner < 0 ? 0 : winner == i ? 1 : -1;
        }

        return Rewards is null ? null : Rewards[i].CompareTo(Rewards[j]) is var sign && sign > 0 ? 1 : sign < 0 ? -1 : 0;
    }

    /// <summary>
    /// The verdict of a vote over many judgements: its rewards. Where a classic reward model alone judged, they are the model's own
    /// numbers, whose distances some rules compare.
    /// </summary>
    public static BenchmarkOutcome Voted(Rollout rollout, Verdict? verdict, IReadOnlyList<Judgement> judgements) => new()
    {
        Rollout = rollout,
        Rewards = verdict?.Rewards is not null && judgements.Count > 0 && judgements.All(static judgement => judgement.Logits is not null || judgement.Outcome != JudgementOutcome.Valid)
            ? Means([.. judgements.Select(static judgement => judgement.Logits).OfType<IReadOnlyList<double>>()], rollout.Responses.Count)
            : verdict?.Rewards,
    };

    /// <summary>
    /// A single judgement, as the suites' authors draw it: the first sample of the list, or of every pair, whatever became
    /// of it. With more than two responses, wins (a draw counts half) stand in for rewards.
    /// </summary>
    public static BenchmarkOutcome Single(Rollout rollout, IEnumerable<Judgement> judgements)
    {
        Judgement[] ordered = [.. judgements.OrderBy(static j => j.Sample)];
        if (ordered.Length == 0)
        {
            return new BenchmarkOutcome { Rollout = rollout };
        }

        if (ordered[0].Logits is { } logits)
        {
            // A reward of each response alone: no order, and so one game.
            return new BenchmarkOutcome { Rollout = rollout, Rewards = logits };
        }

        IReadOnlyList<int?>? games = rollout.Responses.Count == 2 ? [Game(ordered, 0), Game(ordered, 1)] : null;
        if (ordered[0].Pair is null)
        {
            return new BenchmarkOutcome { Rollout = rollout, Rewards = ordered[0].Outcome == JudgementOutcome.Valid ? ordered[0].Scores : null, Games = games };
        }

        Dictionary<(int I, int J), int> pairs = ordered.Where(static judgement => judgement.Pair is [_, _]).DistinctBy(static judgement => (judgement.Pair![0], judgement.Pair[1]))
            .Where(static judgement => judgement.Outcome == JudgementOutcome.Valid).ToDictionary(static judgement => (judgement.Pair![0], judgement.Pair[1]), static judgement => judgement.Winner ?? -1);
        return new BenchmarkOutcome { Rollout = rollout, Rewards = Wins(rollout.Responses.Count, pairs), Pairs = pairs, Games = games };
    }

    private static double[]? Means(List<IReadOnlyList<double>> logits, int responses) => logits.Count == 0 || logits.Exists(own => own.Count != responses)
        ? null
        : [.. Enumerable.Range(0, responses).Select(i => logits.Average(own => own[i]))];

    private static int? Game(Judgement[] ordered, int shownFirst) =>
        Array.Find(ordered, j => j.Order.Count == 2 && j.Order[0] == shownFirst) is { Outcome: JudgementOutcome.Valid } game
            ? game switch
            {
                { Pair: not null } => game.Winner ?? -1,
                { Scores: [double first, double second] } => first > second ? 0 : second > first ? 1 : -1,
                _ => null,
            }
            : null;

    private static double[]? Wins(int responses, Dictionary<(int I, int J), int> pairs) => pairs.Count == 0 ? null
        : [.. Enumerable.Range(0, responses).Select(own => pairs.Where(pair => pair.Key.I == own || pair.Key.J == own).Sum(pair => pair.Value < 0 ? 0.5 : pair.Value == own ? 1 : 0))];
}
