using Tribunal.Rollouts;

namespace Tribunal.Calibration;

/// <summary>Labelled verdicts of nearly the same confidence.</summary>
public sealed class ConfidenceCell
{
    /// <summary>How many were right.</summary>
    public long Correct { get; set; }

    /// <summary>How many were wrong.</summary>
    public long Wrong { get; set; }

    /// <summary>The sum of their confidences.</summary>
    public double Sum { get; set; }
}

/// <summary>
/// Labelled verdicts by confidence, as sums that add up whatever the size of the batch. A cell is a tenth of [0, 1], cut further
/// into steps of 1/16 of the log-odds: tables of ten bins are exact, and a temperature feels no step.
/// </summary>
public sealed class ConfidenceSums
{
    private const int Steps = 16;
    private const double Farthest = 16;
    private const int CellsPerTenth = (2 * (int)Farthest * Steps) + 1;

    /// <summary>The share of verdicts that a temperature is fitted on, by cell.</summary>
    public SortedDictionary<int, ConfidenceCell> Fit { get; init; } = [];

    /// <summary>The share held back, by cell.</summary>
    public SortedDictionary<int, ConfidenceCell> Rest { get; init; } = [];

    /// <summary>Adds a verdict. Its share follows from the rollout's name, so that a rollout is in the same one in every run.</summary>
    /// <param name="rolloutId">The rollout.</param>
    /// <param name="confidence">The verdict's confidence, in [0, 1].</param>
    /// <param name="correct">Whether a best response was found.</param>
    public void Add(string rolloutId, double confidence, bool correct)
    {
        ConfidenceCell cell = CellOf(IsInFirstHalf(rolloutId) ? Fit : Rest, KeyOf(confidence));
        cell.Correct += correct ? 1 : 0;
        cell.Wrong += correct ? 0 : 1;
        cell.Sum += confidence;
    }

    /// <summary>Which half of the rollouts one is in: the half that is fitted on, or the one that is held back.</summary>
    internal static bool IsInFirstHalf(string rolloutId) => (StableHash.Of(0, "calibration", rolloutId) & 1) == 0;

    /// <summary>Adds other sums.</summary>
    public void Merge(ConfidenceSums other)
    {
        Merge(Fit, other.Fit);
        Merge(Rest, other.Rest);
    }

    /// <summary>The reliability of all verdicts; null where there are none.</summary>
    public Reliability? Table()
    {
        Outcome[] all = [.. Outcomes(Fit), .. Outcomes(Rest)];
        return all.Length == 0 ? null : Calibrator.Table(all);
    }

    /// <summary>Temperature scaling, fitted on one share and told on the other; null where verdicts are too few.</summary>
    public CalibrationReport? HeldBack() => Calibrator.HeldBack([.. Outcomes(Fit)], [.. Outcomes(Rest)]);

    private static int KeyOf(double confidence)
    {
        double c = Math.Clamp(confidence, 0, 1);
        int tenth = Math.Min((int)(c * Calibrator.Bins), Calibrator.Bins - 1);
        double odds = Math.Clamp(Math.Log(c / (1 - c)), -Farthest, Farthest);
        return (tenth * CellsPerTenth) + (int)Math.Round((odds + Farthest) * Steps);
    }

    private static ConfidenceCell CellOf(SortedDictionary<int, ConfidenceCell> cells, int key)
    {
        if (!cells.TryGetValue(key, out ConfidenceCell? cell))
        {
            cells.Add(key, cell = new ConfidenceCell());
        }

        return cell;
    }

    private static void Merge(SortedDictionary<int, ConfidenceCell> mine, SortedDictionary<int, ConfidenceCell> theirs)
    {
        foreach ((int key, ConfidenceCell other) in theirs)
        {
            ConfidenceCell cell = CellOf(mine, key);
            cell.Correct += other.Correct;
            cell.Wrong += other.Wrong;
            cell.Sum += other.Sum;
        }
    }

    private static IEnumerable<Outcome> Outcomes(SortedDictionary<int, ConfidenceCell> cells)
    {
        foreach (ConfidenceCell cell in cells.Values)
        {
            double mean = cell.Sum / (cell.Correct + cell.Wrong);
            if (cell.Correct > 0)
            {
                yield return new Outcome(mean, true, cell.Correct);
            }

            if (cell.Wrong > 0)
            {
                yield return new Outcome(mean, false, cell.Wrong);
            }
        }
    }
}
