using System.Text.Json.Serialization;
using Tribunal.Rollouts;

namespace Tribunal.Tournaments;

/// <summary>The constants of Elo.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EloOptions
{
    /// <summary>Everyone's rating at the start; default 1000.</summary>
    public double Initial { get; init; } = 1000;

    /// <summary>Base of the odds, above 1; default 10.</summary>
    public double Base { get; init; } = 10;

    /// <summary>Rating points per factor <see cref="Base"/> of the odds, above 0; default 400.</summary>
    public double Scale { get; init; } = 400;

    /// <summary>Points that one match moves at most, above 0; default 30.</summary>
    public double K { get; init; } = 30;

    /// <summary>
    /// 0 (default) rates the matches in the order played. Above 0, ratings are the average over this many seeded orders, so that no
    /// match weighs more for having come last.
    /// </summary>
    public int Orders { get; init; }
}

/// <summary>The result of a match between two candidates.</summary>
/// <param name="A">One candidate.</param>
/// <param name="B">The other.</param>
/// <param name="ScoreA">1 when A won, 0 when B did, ½ for a draw.</param>
internal readonly record struct MatchResult(int A, int B, double ScoreA);

/// <summary>Elo ratings: after a match, R_A += K·(score − expected), expected = 1 / (1 + base^((R_B − R_A)/scale)).</summary>
internal static class Elo
{
    /// <summary>Ratings after all matches.</summary>
    /// <param name="candidates">How many there are.</param>
    /// <param name="matches">In the order played.</param>
    /// <param name="options">The constants; null for the defaults.</param>
    /// <param name="seed">Of the orders averaged over.</param>
    public static double[] Rate(int candidates, IReadOnlyList<MatchResult> matches, EloOptions? options = null, ulong seed = 0)
    {
        options ??= new EloOptions();
        double[] average = new double[candidates];
        if (options.Orders <= 0)
        {
            Apply(average, matches, options);
            return average;
        }

        // Averaging starts from a canonical order, so that the order played can't show through.
        MatchResult[] order = [.. matches.OrderBy(m => m.A).ThenBy(m => m.B).ThenBy(m => m.ScoreA)];
        var random = new SeededRandom(seed);
        double[] ratings = new double[candidates];
        for (int pass = 0; pass < options.Orders; pass++)
        {
            random.Shuffle(order.AsSpan());
            Apply(ratings, order, options);
            for (int i = 0; i < candidates; i++)
            {
                average[i] += ratings[i] / options.Orders;
            }
        }

        return average;
    }

    /// <summary>The score that A can expect against B, in (0, 1).</summary>
    public static double Expected(double ratingA, double ratingB, EloOptions options) =>
        1 / (1 + Math.Pow(options.Base, (ratingB - ratingA) / options.Scale));

    /// <summary>Rewards in [0, 1]: the mean score that each can expect against all others.</summary>
    public static double[] Rewards(IReadOnlyList<double> ratings, EloOptions options) =>
        [.. ratings.Select((own, i) => ratings.Where((_, j) => j != i).Sum(other => Expected(own, other, options) / (ratings.Count - 1)))];

    private static void Apply(double[] ratings, IReadOnlyList<MatchResult> matches, EloOptions options)
    {
        Array.Fill(ratings, options.Initial);
        foreach (MatchResult match in matches)
        {
            double change = options.K * (match.ScoreA - Expected(ratings[match.A], ratings[match.B], options));
            ratings[match.A] += change;
            ratings[match.B] -= change;
        }
    }
}
