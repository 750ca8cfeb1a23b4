using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;

namespace Tribunal.Voting;

/// <summary>
/// The usable judgements of a rollout or of a match, by sample: for each candidate its score as a share of the score range
/// (a pair's winner 1, its loser 0, a draw ½ each), NaN for candidates that a judgement did not look at.
/// </summary>
internal sealed class Ballots : ISiblings
{
    private readonly double[] _values;
    private readonly int[] _slots;
    private readonly double[] _metas;
    private readonly double[] _panel;
    private readonly sbyte[] _places;
    private readonly LearnedMetaModel? _model;
    private readonly float[][]? _features;

    public Ballots(int candidates, int capacity, bool mirrored, LearnedMetaModel? model = null, bool features = false)
    {
        Candidates = candidates;
        Mirrored = mirrored;
        _model = model;
        _features = model is null && !features ? null : new float[capacity][];
        _values = new double[candidates * capacity];
        _slots = new int[capacity];
        _metas = new double[capacity];
        _panel = new double[capacity];
        _places = new sbyte[capacity];
    }

    public int Candidates { get; }

    /// <summary>Whether every row is a choice between two rather than a list of scores.</summary>
    public bool Pairs => Choices == Count;

    /// <summary>How many rows are choices between two.</summary>
    public int Choices { get; private set; }

    /// <summary>Whether slots 2m and 2m+1 show the same two responses in opposite orders.</summary>
    public bool Mirrored { get; }

    public int Count { get; private set; }

    public ReadOnlySpan<double> Row(int row) => _values.AsSpan(row * Candidates, Candidates);

    public int Slot(int row) => _slots[row];

    /// <summary>Where the winner of a choice was shown: −1 first, 1 second, 0 for draws and for lists.</summary>
    public int Place(int row) => _places[row];

    /// <summary>What a judgement's words and verdict look like; only where a learned meta reward model will ask.</summary>
    public ReadOnlySpan<float> Features(int row) => _features![row];

    /// <summary>Rows whose slot is below a checkpoint; slots ascend.</summary>
    public int Below(int slot)
    {
        int rows = Count;
        while (rows > 0 && _slots[rows - 1] >= slot)
        {
            rows--;
        }

        return rows;
    }

    /// <summary>Adds a list's scores. False when the judgement does not hold one finite score per candidate.</summary>
    public bool AddScores(int slot, Judgement judgement, (double Min, double Max) range, double panel)
    {
        if (judgement.Scores is not { } scores || scores.Count != Candidates)
        {
            return false;
        }

        Span<double> row = _values.AsSpan(Count * Candidates, Candidates);
        for (int i = 0; i < row.Length; i++)
        {
            if (!double.IsFinite(scores[i]))
            {
                return false;
            }

            row[i] = Math.Clamp((scores[i] - range.Min) / (range.Max - range.Min), 0, 1);
        }

        Append(slot, judgement, panel);
        return true;
    }

    /// <summary>Adds a choice between candidates a and b; null is a draw.</summary>
    public void AddChoice(int slot, Judgement judgement, int a, int b, int? winner, double panel)
    {
        Span<double> row = _values.AsSpan(Count * Candidates, Candidates);
        row.Fill(double.NaN);
        row[a] = winner == a ? 1 : winner == b ? 0 : 0.5;
        row[b] = 1 - row[a];
        Choices++;
        _places[Count] = winner is null ? (sbyte)0 : (sbyte)(judgement.Winner == (judgement.Order is int[] order ? order[0] : judgement.Order[0]) ? -1 : 1);
        Append(slot, judgement, panel);
    }

    /// <summary>Weights of some rows, one rollout or match: meta use times the panel's weights. Returns how many are above 0.</summary>
    public int Weights(int start, int rows, MetaOptions meta, Span<double> weights)
    {
        if (_model is null)
        {
            MetaWeights.Fill(_metas.AsSpan(start, rows), meta, weights[..rows]);
        }
        else
        {
            // Siblings are these rows and no others: at a checkpoint, what is drawn later must not be known.
            Span<double> metas = rows <= 256 ? stackalloc double[rows] : new double[rows];
            _model.Score(this, start, rows, metas);
            MetaWeights.Fill(metas, meta, weights[..rows]);
        }

        int kept = 0;
        for (int row = 0; row < rows; row++)
        {
            weights[row] *= _panel[start + row];
            kept += weights[row] > 0 ? 1 : 0;
        }

        return kept;
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
            weights[row] = Math.Max(weights[row], dropped * _panel[row]);
        }
    }

    /// <summary>The choices between i and j among some rows, as ballots of their own with candidates 0 and 1.</summary>
    public Ballots Extract(int start, int count, int i, int j)
    {
        var single = new Ballots(2, count, Mirrored, _model);
        for (int row = start; row < start + count; row++)
        {
            single._values[(row - start) * 2] = _values[(row * Candidates) + i];
            single._values[((row - start) * 2) + 1] = _values[(row * Candidates) + j];
            single._slots[row - start] = _slots[row];
            single._metas[row - start] = _metas[row];
            single._panel[row - start] = _panel[row];
            single._places[row - start] = _places[row];
            if (single._features is not null)
            {
                single._features[row - start] = _features![row];
            }
        }

        single.Count = count;
        single.Choices = count;
        return single;
    }

    /// <summary>The same ballots as if the record had been in another order: position p holds what stood at <paramref name="order"/>[p].</summary>
    public Ballots Shuffled(ReadOnlySpan<int> order)
    {
        Span<int> rowAt = order.Length <= 256 ? stackalloc int[order.Length] : new int[order.Length];
        rowAt.Fill(-1);
        for (int row = 0; row < Count; row++)
        {
            rowAt[_slots[row]] = row;
        }

        var shuffled = new Ballots(Candidates, Count, Mirrored, _model) { Choices = Choices };
        for (int position = 0; position < order.Length; position++)
        {
            int row = rowAt[order[position]];
            if (row >= 0)
            {
                Row(row).CopyTo(shuffled._values.AsSpan(shuffled.Count * Candidates));
                shuffled._slots[shuffled.Count] = position;
                shuffled._metas[shuffled.Count] = _metas[row];
                shuffled._panel[shuffled.Count] = _panel[row];
                shuffled._places[shuffled.Count] = _places[row];
                if (shuffled._features is not null)
                {
                    shuffled._features[shuffled.Count] = _features![row];
                }

                shuffled.Count++;
            }
        }

        return shuffled;
    }

    private void Append(int slot, Judgement judgement, double panel)
    {
        _slots[Count] = slot;
        _metas[Count] = judgement.Meta is { } meta && !double.IsNaN(meta) ? meta : double.NaN;
        _panel[Count] = panel;
        if (_features is not null)
        {
            _features[Count] = MetaFeatures.Own(judgement, Row(Count));
        }

        Count++;
    }
}
