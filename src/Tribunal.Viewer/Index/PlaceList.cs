using System.Globalization;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Viewer.Index;

/// <summary>Places as the ledger has them, and by row once it is read: 36 bytes a judgement while an index is made.</summary>
internal sealed class PlaceList
{
    private const int Chunk = 64 * 1024;
    private readonly List<(int Row, IndexPlace Place)[]> _chunks = [];
    private int[] _order = [];

    public int Count { get; private set; }

    /// <summary>A place by its number in the order of the rows.</summary>
    public IndexPlace this[int number] => At(_order[number]).Place;

    public void Add(int row, IndexPlace place)
    {
        if (Count % Chunk == 0)
        {
            _chunks.Add(new (int, IndexPlace)[Chunk]);
        }

        _chunks[^1][Count++ % Chunk] = (row, place);
    }

    /// <summary>
    /// Orders the places by row and sample, and tells the rows where theirs begin and what the order of two
    /// responses did to their judgements.
    /// </summary>
    /// <param name="index">The rows.</param>
    /// <param name="sameTexts">The rollouts, without texts, that have several responses of the same text.</param>
    public void Order(RunIndex index, Dictionary<int, Rollout> sameTexts)
    {
        int rows = index.Count;
        int[] next = new int[rows + 1];
        for (int i = 0; i < Count; i++)
        {
            next[At(i).Row + 1]++;
        }

        for (int row = 0; row < rows; row++)
        {
            next[row + 1] += next[row];
        }

        // The places stay where they are: there are many.
        _order = new int[Count];
        int[] at = next[..rows];
        for (int i = 0; i < Count; i++)
        {
            _order[at[At(i).Row]++] = i;
        }

        for (int row = 0; row < rows; row++)
        {
            Span<int> own = _order.AsSpan(next[row]..next[row + 1]);
            own.Sort((a, b) => At(a).Place.Sample.CompareTo(At(b).Place.Sample));
            index[row].First = next[row];
            (index[row].Matched, index[row].Flipped) = Orders(own, index[row].Responses, sameTexts.GetValueOrDefault(row));
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
    private (int Matched, int Flipped) Orders(ReadOnlySpan<int> places, int responses, Rollout? sameTexts)
    {
        List<Judgement>? judgements = null;
        foreach (int number in places)
        {
            IndexPlace place = At(number).Place;
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

    private ref (int Row, IndexPlace Place) At(int number) => ref _chunks[number / Chunk][number % Chunk];

    private static Rollout Different(int responses) => new()
    {
        Id = "", Prompt = [], Responses = [.. Enumerable.Range(0, responses).Select(static i => new Response(i.ToString(CultureInfo.InvariantCulture)))],
    };
}
