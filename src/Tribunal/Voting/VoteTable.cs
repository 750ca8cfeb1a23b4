using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Rollouts;

namespace Tribunal.Voting;

/// <summary>
/// The usable judgements of a rollout or of a match, a row each, by sample: for each candidate its score as a share of the score range
/// (a pair's winner 1, its loser 0, a draw ½ each), NaN for candidates that a judgement did not look at.
/// </summary>
/// <param name="candidates">How many candidates there are.</param>
/// <param name="mirrored">Whether samples 2m and 2m+1 show the same two responses in opposite orders.</param>
/// <param name="model">Makes the meta rewards, instead of those of the judgements.</param>
/// <param name="features">Whether to keep what a learned meta reward model looks at.</param>
/// <param name="members">How judgements of several judges are put on one footing.</param>
internal sealed class VoteTable(int candidates, bool mirrored, LearnedMetaModel? model = null, bool features = false, MemberVotes members = MemberVotes.Apart) : ISiblings
{
    private readonly List<VoteRow> _rows = [];
    private readonly bool _features = model is not null || features;

    public int Candidates => candidates;

    /// <summary>Whether every row is a choice between two rather than a list of scores.</summary>
    public bool Pairs => Choices == Count;

    /// <summary>How many rows are choices between two.</summary>
    public int Choices { get; private set; }

    public bool Mirrored => mirrored;

    /// <summary>The rollout's domain; null for none.</summary>
    public string? Domain { get; init; }

    /// <summary>Whether rows say no more than which of two is better, because their scores can't be compared.</summary>
    public bool Comparisons => members == MemberVotes.Comparisons;

    public int Count => _rows.Count;

    /// <summary>Valid judgements that hold nothing that can be voted on.</summary>
    public int Unusable { get; set; }

    public double[] Row(int row) => _rows[row].Values;

    /// <summary>The number of a row's judgement; numbers ascend.</summary>
    public int Sample(int row) => _rows[row].Sample;

    /// <summary>Where the winner of a choice was shown: −1 first, 1 second, 0 for draws and for lists.</summary>
    public int Place(int row) => _rows[row].Place;

    /// <summary>How early a list's candidates were shown, ½ for the first place to −½ for the last; empty where nothing says.</summary>
    public ReadOnlySpan<float> Shown(int row) => _rows[row].Shown;

    public ReadOnlySpan<float> Features(int row) => _rows[row].Features;

    /// <summary>How many rows are of judgements numbered below a checkpoint.</summary>
    public int Below(int sample) => _rows.FindLastIndex(row => row.Sample < sample) + 1;

    /// <summary>
    /// Adds a list's scores, each as a share of the judgement's own scale, or of the given range where nothing tells it; equal texts have
    /// the mean of theirs. False when the judgement does not hold one score of its scale per response.
    /// </summary>
    public bool AddScores(int sample, Judgement judgement, Candidates of, (double Min, double Max) range, double panel)
    {
        if (judgement.Scores is not { } scores || scores.Count != of.Responses || RecordedScores.WhyNot(judgement, range) is not null)
        {
            return false;
        }

        range = RecordedScores.ScaleOf(judgement) ?? range;
        double[] values = new double[candidates];
        for (int response = 0; response < scores.Count; response++)
        {
            values[of[response]] += (scores[response] - range.Min) / (range.Max - range.Min);
        }

        for (int candidate = 0; candidate < candidates; candidate++)
        {
            values[candidate] /= of.Size(candidate);
        }

        Add(sample, judgement, values, panel, place: 0, of.First, choice: false, Shown(judgement.Order, of));
        return true;
    }

    /// <summary>Adds a choice between candidates a and b; null is a draw.</summary>
    public void AddChoice(int sample, Judgement judgement, int a, int b, int? winner, double panel)
    {
        double[] values = new double[candidates];
        Array.Fill(values, double.NaN);
        values[a] = winner == a ? 1 : winner == b ? 0 : 0.5;
        values[b] = 1 - values[a];
        Choices++;
        Add(sample, judgement, values, panel, winner is null ? 0 : judgement.Winner == judgement.Order[0] ? -1 : 1, static candidate => candidate, choice: true);
    }

    /// <summary>Weights of some rows, one rollout or match: meta use times the panel's weights. Returns how many are above 0.</summary>
    public int Weights(int start, int rows, MetaOptions meta, Span<double> weights)
    {
        double[] metas = [.. _rows.GetRange(start, rows).Select(static row => row.Meta)];

        // Siblings are these rows and no others: at a checkpoint, what is drawn later must not be known.
        model?.Score(this, start, rows, metas);
        MetaWeights.Fill(metas, meta, weights[..rows]);
        int kept = 0;
        for (int row = 0; row < rows; row++)
        {
            weights[row] *= _rows[start + row].Panel;
            kept += weights[row] > 0 ? 1 : 0;
        }

        if (members != MemberVotes.Apart)
        {
            Share(start, weights[..rows]);
        }

        return kept;
    }

    // A member's say is divided over the votes that it has: who was asked once, or failed more often, is heard no less. A list
    // votes on all pairs of candidates, a choice on one.
    private void Share(int start, Span<double> weights)
    {
        double choice = candidates > 2 ? 1.0 / PairIndex.Count(candidates) : 1;
        var votes = new Dictionary<(string Judge, string Protocol), double>();
        for (int row = 0; row < weights.Length; row++)
        {
            if (weights[row] > 0)
            {
                (string, string) member = _rows[start + row].Member;
                votes[member] = votes.GetValueOrDefault(member) + (_rows[start + row].IsChoice ? choice : 1);
            }
        }

        double mean = votes.Count > 0 ? votes.Values.Average() : 1;
        for (int row = 0; row < weights.Length; row++)
        {
            weights[row] *= votes.TryGetValue(_rows[start + row].Member, out double own) ? mean / own : 1;
        }
    }

    /// <summary>
    /// Turns votes into evidence: what a meta filter drops has no vote, but half a weight in how sure the vote is. Counted as nothing,
    /// every rollout would need twice the judgements to be as sure.
    /// </summary>
    public void Soften(int rows, MetaOptions meta, Span<double> weights)
    {
        const double dropped = 0.5;
        if (!MetaWeights.Active(meta) || meta.Use != MetaUse.Filter)
        {
            return;
        }

        for (int row = 0; row < rows; row++)
        {
            weights[row] = Math.Max(weights[row], dropped * _rows[row].Panel);
        }
    }

    /// <summary>The same votes as if the record had been in another order: position p holds what stood at <paramref name="order"/>[p].</summary>
    public VoteTable Shuffled(ReadOnlySpan<int> order)
    {
        var at = _rows.ToDictionary(static row => row.Sample);
        var shuffled = new VoteTable(candidates, mirrored, model, features, members) { Choices = Choices, Domain = Domain };
        for (int position = 0; position < order.Length; position++)
        {
            if (at.TryGetValue(order[position], out VoteRow? row))
            {
                shuffled._rows.Add(row with { Sample = position });
            }
        }

        return shuffled;
    }

    private static float[]? Shown(IReadOnlyList<int> order, Candidates of)
    {
        if (order.Count != of.Responses || of.Responses < 2)
        {
            return null;
        }

        float[] shown = new float[of.Count];
        for (int place = 0; place < order.Count; place++)
        {
            if (order[place] < 0 || order[place] >= of.Responses)
            {
                return null;
            }

            shown[of[order[place]]] += 0.5f - ((float)place / (order.Count - 1));
        }

        for (int candidate = 0; candidate < shown.Length; candidate++)
        {
            shown[candidate] /= of.Size(candidate);
        }

        return shown;
    }

    private void Add(int sample, Judgement judgement, double[] values, double panel, int place, Func<int, int> firstResponse, bool choice, float[]? shown = null) => _rows.Add(new VoteRow(
        sample,
        values,
        judgement.Meta ?? double.NaN,
        panel,
        place,
        shown ?? [],
        _features ? MetaFeatures.Own(judgement, values, firstResponse) : [],
        (judgement.Judge, judgement.Protocol),
        choice));

    private sealed record VoteRow(int Sample, double[] Values, double Meta, double Panel, int Place, float[] Shown, float[] Features, (string Judge, string Protocol) Member, bool IsChoice);
}
