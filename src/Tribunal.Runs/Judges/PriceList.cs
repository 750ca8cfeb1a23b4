using Tribunal.Judgements;

namespace Tribunal.Runs.Judges;

/// <summary>What judgements cost: by one price for all, or by each judge's own.</summary>
/// <param name="One">The price of all judges; null where they differ.</param>
/// <param name="Each">A price per judge, by its name in ledgers.</param>
public sealed record PriceList(TokenPrice? One, IReadOnlyDictionary<string, TokenPrice> Each)
{
    /// <summary>The prices of some judges; null where that of any is unknown.</summary>
    public static PriceList? Of(IReadOnlyList<Judge> judges)
    {
        if (judges.Any(static judge => judge.Price is null))
        {
            return null;
        }

        TokenPrice first = judges[0].Price!;
        return new PriceList(
            judges.All(judge => judge.Price == first) ? first : null,
            judges.DistinctBy(static judge => judge.Name).ToDictionary(static judge => judge.Name, static judge => judge.Price!, StringComparer.Ordinal));
    }

    /// <summary>The cost of what each judge used.</summary>
    public double Of(IReadOnlyDictionary<string, Usage> byJudge) => One is { } one
        ? one.Of(byJudge.Values.Aggregate(default(Usage), static (sum, usage) => sum + usage))
        : byJudge.Sum(judge => Each.TryGetValue(judge.Key, out TokenPrice? price) ? price.Of(judge.Value) : 0);
}
