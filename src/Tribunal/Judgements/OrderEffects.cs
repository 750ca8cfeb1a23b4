using Tribunal.Rollouts;

namespace Tribunal.Judgements;

/// <summary>How the order in which two responses are shown shows in who wins.</summary>
/// <param name="Decided">Judgements of two responses that name a winner.</param>
/// <param name="FirstShown">Of these, the one shown first won.</param>
/// <param name="Matched">Judgements matched with one of the same two in the opposite order: the j-th with the j-th.</param>
/// <param name="Flipped">Of these, the winner differed.</param>
public readonly record struct OrderEffects(long Decided, long FirstShown, long Matched, long Flipped)
{
    /// <summary>Those of a rollout's judgements. Two responses of the same text have no better one, and count for nothing.</summary>
    /// <param name="rollout">The rollout.</param>
    /// <param name="judgements">In the order of their samples.</param>
    public static OrderEffects Of(Rollout rollout, IEnumerable<Judgement> judgements)
    {
        var candidates = Candidates.Of(rollout);
        ILookup<(int First, int Second), int> winners = (
            from judgement in judgements
            where judgement.Outcome == JudgementOutcome.Valid && judgement.Order.Count == 2
            let shown = (First: judgement.Order[0], Second: judgement.Order[1])
            let winner = WinnerOf(judgement, shown.First, shown.Second)
            where winner is not null && !AreEqual(shown.First, shown.Second)
            select (shown, winner.Value)).ToLookup(static one => one.shown, static one => one.Value);
        (int First, int Second)[] matched = [.. winners.Where(static shown => shown.Key.First < shown.Key.Second).SelectMany(shown => shown.Zip(winners[(shown.Key.Second, shown.Key.First)]))];
        return new OrderEffects(
            winners.Sum(static shown => shown.Count()), winners.Sum(static shown => shown.Count(winner => winner == shown.Key.First)),
            matched.Length, matched.Count(static pair => pair.First != pair.Second));

        // Judgements of any origin may name responses that the rollout doesn't have.
        bool AreEqual(int i, int j) => Math.Min(i, j) >= 0 && Math.Max(i, j) < candidates.Responses && candidates[i] == candidates[j];
    }

    /// <summary>Adds two.</summary>
    public static OrderEffects operator +(OrderEffects left, OrderEffects right) =>
        new(left.Decided + right.Decided, left.FirstShown + right.FirstShown, left.Matched + right.Matched, left.Flipped + right.Flipped);

    private static int? WinnerOf(Judgement judgement, int a, int b) =>
        judgement.Scores is not { } scores ? judgement.Winner
        : a < 0 || b < 0 || scores.Count <= Math.Max(a, b) || scores[a] == scores[b] ? null
        : scores[a] > scores[b] ? a : b;
}
