using System.Globalization;
using System.Runtime.InteropServices;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Viewer.Index;

/// <summary>Places as the ledger has them, and by row once it is read.</summary>
internal sealed class PlaceList
{
    private readonly List<(int Row, IndexPlace Place)> _places = [];

    public int Count => _places.Count;

    /// <summary>A place by its number in the order of the rows.</summary>
    public IndexPlace this[int number] => _places[number].Place;

    public void Add(int row, IndexPlace place) => _places.Add((row, place));

    /// <summary>
    /// Orders the places by row and sample, and tells the rows where theirs begin and what the order of two
    /// responses did to their judgements.
    /// </summary>
    /// <param name="index">The rows.</param>
    /// <param name="sameTexts">The rollouts, without texts, that have several responses of the same text.</param>
    public void Order(RunIndex index, Dictionary<int, Rollout> sameTexts)
    {
        _places.Sort(static (a, b) => (a.Row, a.Place.Sample).CompareTo((b.Row, b.Place.Sample)));
        for (int first = 0; first < _places.Count; first += index[_places[first].Row].Drawn)
        {
            int row = _places[first].Row;
            index[row].First = first;
            (index[row].Matched, index[row].Flipped) = Orders(CollectionsMarshal.AsSpan(_places).Slice(first, index[row].Drawn), index[row].Responses, sameTexts.GetValueOrDefault(row));
        }
    }

    /// <summary>A judgement of two in one number; −1 where it is none.</summary>
    public static int PairOf(Judgement judgement)
    {
        if (judgement.Outcome != JudgementOutcome.Valid || judgement.Order is not [>= 0 and < 127 and var first, >= 0 and < 127 and var second])
        {
            return -1;
        }

        int? winner = judgement.Scores is not { } scores ? judgement.Winner
            : scores.Count <= Math.Max(first, second) || scores[first] == scores[second] ? null
            : scores[first] > scores[second] ? first : second;
        return winner is { } won && (won == first || won == second) ? first | (second << 8) | (won << 16) : -1;
    }

    // By the same reckoning as a run's flip rate.
    private static (int Matched, int Flipped) Orders(ReadOnlySpan<(int Row, IndexPlace Place)> places, int responses, Rollout? sameTexts)
    {
        List<Judgement>? judgements = null;
        foreach ((_, IndexPlace place) in places)
        {
            if (place.Pair >= 0)
            {
                (judgements ??= []).Add(new Judgement
                {
                    RolloutId = "", Sample = place.Sample, Protocol = "", Judge = "", Outcome = JudgementOutcome.Valid,
                    Order = [place.Pair & 0xFF, (place.Pair >> 8) & 0xFF], Winner = place.Pair >> 16,
                });
            }
        }

        if (judgements is not { Count: > 1 })
        {
            return default;
        }

        int named = judgements.Max(static judgement => Math.Max(judgement.Order[0], judgement.Order[1])) + 1;
        OrderEffects effects = OrderEffects.Of(sameTexts ?? Different(Math.Max(responses, named)), judgements);
        return ((int)effects.Matched, (int)effects.Flipped);
    }

    private static Rollout Different(int responses) => new()
    {
        Id = "", Prompt = [], Responses = [.. Enumerable.Range(0, responses).Select(static i => new Response(i.ToString(CultureInfo.InvariantCulture)))],
    };
}
