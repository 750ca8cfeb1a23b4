using Tribunal.Benchmarks;
using Tribunal.Formats.Batches;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Formats.Suites;

/// <summary>Scores a benchmark from what a run left: its items, their ledger, and the verdicts or a vote.</summary>
public static class BenchmarkScorer
{
    /// <summary>Scores it.</summary>
    /// <param name="suite">The benchmark.</param>
    /// <param name="items">Its items, as <see cref="BenchmarkReader"/> gives them.</param>
    /// <param name="judgements">The ledger; texts are not needed.</param>
    /// <param name="vote">Casts an item's verdict over its judgements: the run's own, or a vote on the ledger.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BatchFormatException">The items can't be read.</exception>
    /// <exception cref="BenchmarkDataException">No judgement is about any item.</exception>
    public static async Task<BenchmarkResult> ScoreAsync(
        IBenchmarkSuite suite,
        IAsyncEnumerable<Rollout> items,
        IAsyncEnumerable<Judgement> judgements,
        Func<Rollout, IReadOnlyList<Judgement>, Verdict?> vote,
        CancellationToken cancellationToken = default)
    {
        ILookup<string, Judgement> ledger = await judgements.ToLookupAsync(static judgement => judgement.RolloutId, StringComparer.Ordinal, cancellationToken);
        var single = new List<BenchmarkOutcome>();
        var voted = new List<BenchmarkOutcome>();
        var judges = new List<(string Judge, string Protocol)>();
        long drawn = 0;
        bool simulated = false;
        await foreach (Rollout item in items.WithCancellation(cancellationToken))
        {
            IReadOnlyList<Judgement> own = SortedLedger.Of([.. ledger[item.Id]]);
            judges.AddRange(own.Select(static judgement => (judgement.Judge, judgement.Protocol)).Distinct().Except(judges));
            drawn += own.Count;
            Verdict? verdict = vote(item, own);
            simulated |= verdict?.Simulated == true;
            Rollout slim = Slim(item);
            single.Add(BenchmarkOutcome.Single(slim, own));
            voted.Add(BenchmarkOutcome.Voted(slim, verdict, own));
        }

        if (judges.Count == 0)
        {
            throw new BenchmarkDataException($"none of the judgements is about an item of {suite.Title}");
        }

        return new BenchmarkResult
        {
            Suite = suite.Name,
            Judge = judges is [var only] ? only.Judge : string.Join(", ", judges.Select(static one => $"{one.Judge} by {one.Protocol}")),
            Protocol = judges is [var alone] ? alone.Protocol : "panel",
            JudgementsPerItem = (double)drawn / single.Count,
            Simulated = simulated,
            Single = suite.Score(single),
            Vote = suite.Score(voted),
        };
    }

    /// <summary>The verdicts of a run, to look up while scoring.</summary>
    public static async Task<Func<Rollout, IReadOnlyList<Judgement>, Verdict?>> VerdictsAsync(IAsyncEnumerable<Verdict> verdicts, CancellationToken cancellationToken = default)
    {
        ILookup<string, Verdict> byId = await verdicts.ToLookupAsync(static verdict => verdict.Id, StringComparer.Ordinal, cancellationToken);
        return (item, _) => byId[item.Id].LastOrDefault();
    }

    // The rules need labels and counts; the texts of tens of thousands of items would only fill memory.
    private static Rollout Slim(Rollout item) => item with { Prompt = [], Responses = [.. Enumerable.Repeat(Nothing, item.Responses.Count)], Reference = null };

    private static readonly Response Nothing = new("");
}
