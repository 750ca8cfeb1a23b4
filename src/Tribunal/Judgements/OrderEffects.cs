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
        var winners = new Dictionary<(int First, int Second), List<int>>();
        var effects = new OrderEffects();
        foreach (Judgement judgement in judgements)
        {
            if (judgement.Outcome == JudgementOutcome.Valid && judgement.Order is [var first, var second]
                && WinnerOf(judgement, first, second) is { } winner && !AreEqual(first, second))
            {
                effects = effects with { Decided = effects.Decided + 1, FirstShown = effects.FirstShown + (winner == first ? 1 : 0) };
                if (!winners.TryGetValue((first, second), out List<int>? shown))
                {
                    winners.Add((first, second), shown = []);
                }

                shown.Add(winner);
            }
        }

        foreach (((int first, int second), List<int> shown) in winners)
        {
            if (first < second && winners.TryGetValue((second, first), out List<int>? turned))
            {
                effects = effects with
                {
                    Matched = effects.Matched + Math.Min(shown.Count, turned.Count),
                    Flipped = effects.Flipped + shown.Zip(turned).Count(static pair => pair.First != pair.Second),
                };
            }
        }

        return effects;

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
