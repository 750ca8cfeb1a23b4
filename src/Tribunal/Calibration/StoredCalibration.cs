using System.Text.Json.Serialization;
using Tribunal.Rollouts;

namespace Tribunal.Calibration;

/// <summary>A verdict with a label.</summary>
/// <param name="RolloutId">The rollout: which half it is in follows from its name.</param>
/// <param name="Confidence">The verdict's confidence, in [0, 1].</param>
/// <param name="Margin">The reward of the best less that of the runner-up, in [0, 1].</param>
/// <param name="Exhausted">Whether sampling ended because more judgements would not separate the leaders, or there were no more.</param>
/// <param name="Right">Whether the best response was found.</param>
/// <param name="OtherRight">Whether another judge found it; null where none is known.</param>
public readonly record struct LabelledVerdict(string RolloutId, double Confidence, double Margin, bool Exhausted, bool Right, bool? OtherRight = null);

/// <summary>A point of a curve from confidence to the probability of being right.</summary>
/// <param name="Confidence">In [0, 1].</param>
/// <param name="Correctness">In [0, 1].</param>
public sealed record CalibrationPoint(double Confidence, double Correctness);

/// <summary>
/// How confidences become probabilities of being right: what <c>tribunal calibrate</c> writes. By a temperature (C. Guo et al. 2017), by
/// isotonic regression (B. Zadrozny and C. Elkan 2002), or by a logistic regression on confidence and margin, whichever has the smallest
/// log loss on the half that none was fitted on. The margin tells what the confidence can't: an error that all judgements of a judge share
/// is the likelier the closer the responses are, however surely they are told apart.
/// Verdicts that ended because nothing separates the leaders have a rate of their own: nearly all of their pool is drawn, so that
/// confidence, which speaks of the pool, says little of them.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record StoredCalibration
{
    /// <summary>Labelled verdicts without which nothing is fitted.</summary>
    public const int Fewest = 40;

    private const int FewestExhausted = 20;
    private const double Edge = 1e-6;

    /// <summary>Version of the form.</summary>
    public int Form { get; init; } = 1;

    /// <summary>The judge's model.</summary>
    public string? Judge { get; init; }

    /// <summary>The protocol.</summary>
    public string? Protocol { get; init; }

    /// <summary>T of a temperature; null where something else stands.</summary>
    public double? Temperature { get; init; }

    /// <summary>The curve, ascending in both; straight between points, level beyond them. Null where something else stands.</summary>
    public IReadOnlyList<CalibrationPoint>? Points { get; init; }

    /// <summary>Log-odds by confidence and margin; null where something else stands.</summary>
    public CalibrationOdds? Odds { get; init; }

    /// <summary>The share right of verdicts that ended without separating the leaders; null where they were too few.</summary>
    public double? Exhausted { get; init; }

    /// <summary>Labelled verdicts that it was fitted on.</summary>
    public long FittedOn { get; init; }

    /// <summary>Expected calibration error of the confidences against the labels, on the half held back.</summary>
    public double ErrorBefore { get; init; }

    /// <summary>The same of what the other half's fit makes of them.</summary>
    public double ErrorAfter { get; init; }

    /// <summary>The rollouts whose labels it was fitted on (<see cref="SeenRollouts"/>): no reliability counts them.</summary>
    public string[]? Seen { get; init; }

    /// <summary>Fits one; null with fewer labelled verdicts than it takes.</summary>
    public static StoredCalibration? Fit(IReadOnlyCollection<LabelledVerdict> verdicts)
    {
        (LabelledVerdict[] all, LabelledVerdict[] first, LabelledVerdict[] second) = Halves(verdicts);
        if (all.Length < Fewest || first.Length == 0 || second.Length == 0)
        {
            return null;
        }

        Func<LabelledVerdict[], StoredCalibration>[] ways = [Scaled, Isotonic, ByOdds];
        (Func<LabelledVerdict[], StoredCalibration> way, StoredCalibration half) = ways.Select(fit => (fit, Half: fit(first))).MinBy(fitted => fitted.Half.Loss(second));
        return way(all) with
        {
            FittedOn = all.Length,
            ErrorBefore = Error(second, static v => v.Confidence),
            ErrorAfter = Error(second, half.Of),
        };
    }

    /// <summary>
    /// From where on a cascade need not go on: the lowest sureness such that, of all verdicts, at most a given share is lost where they are
    /// surer. Lost is what is wrong, less what the other judge has wrong too, where its verdicts are known. How many go on and what is lost is
    /// that of a sureness found on one half of the rollouts, told on the other.
    /// </summary>
    /// <param name="verdicts">Verdicts of the first judge, right where they are what they should be: those that this was fitted to.</param>
    /// <param name="loss">The share, in [0, 1].</param>
    public (double Below, double GoOn, double Loss) Cascade(IReadOnlyCollection<LabelledVerdict> verdicts, double loss)
    {
        (LabelledVerdict[] all, LabelledVerdict[] first, LabelledVerdict[] second) = Halves(verdicts);
        double half = Below(first);
        LabelledVerdict[] stay = [.. second.Where(v => Of(v) >= half)];
        return (Below(all), 1 - ((double)stay.Length / second.Length), stay.Sum(LostOf) / second.Length);

        static double LostOf(LabelledVerdict verdict) => ((verdict.OtherRight ?? true) ? 1.0 : 0) - (verdict.Right ? 1 : 0);

        // What two judges get right differs by so little where both are sure that counting it would follow chance: it is expected instead.
        double Below(LabelledVerdict[] of)
        {
            CalibrationOdds? other = of.All(static v => v.OtherRight is not null) ? CalibrationOdds.Fit(of, static v => v.OtherRight == true) : null;
            double below = 1;
            double lost = 0;
            foreach ((double sure, double loses) in of.Select(v => (Sure: Of(v), Loses: (other?.Of(v.Confidence, v.Margin) ?? 1) - Of(v))).OrderByDescending(static v => v.Sure))
            {
                lost += loses;
                if (lost <= loss * of.Length)
                {
                    below = sure;
                }
            }

            return below;
        }
    }

    /// <summary>The probability that a verdict is right.</summary>
    /// <param name="confidence">Its confidence, in [0, 1].</param>
    /// <param name="margin">The reward of its best less that of the runner-up, in [0, 1].</param>
    /// <param name="exhausted">Whether sampling ended without separating the leaders.</param>
    public double Of(double confidence, double margin, bool exhausted)
    {
        if (Odds is { } odds)
        {
            return odds.Of(confidence, margin);
        }

        if (exhausted && Exhausted is { } rate)
        {
            return rate;
        }

        if (Points is not { Count: > 0 } points)
        {
            return Calibrator.Scale(confidence, Temperature ?? 1);
        }

        for (int i = 0; i < points.Count; i++)
        {
            if (confidence <= points[i].Confidence)
            {
                return i == 0 || points[i].Confidence == confidence ? points[i].Correctness
                    : points[i - 1].Correctness + ((points[i].Correctness - points[i - 1].Correctness) * (confidence - points[i - 1].Confidence) / (points[i].Confidence - points[i - 1].Confidence));
            }
        }

        return points[^1].Correctness;
    }

    /// <summary>Calibrations are the same when all that is in them is.</summary>
    public bool Equals(StoredCalibration? other) => other is not null && Form == other.Form && Judge == other.Judge && Protocol == other.Protocol
        && Temperature == other.Temperature && Odds == other.Odds && Exhausted == other.Exhausted && FittedOn == other.FittedOn
        && (Points ?? []).SequenceEqual(other.Points ?? []) && (Seen ?? []).SequenceEqual(other.Seen ?? []);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Temperature, Odds, Exhausted, FittedOn, Points?.Count);

    // In the order of their names, whatever order they came in.
    private static (LabelledVerdict[] All, LabelledVerdict[] First, LabelledVerdict[] Second) Halves(IReadOnlyCollection<LabelledVerdict> verdicts)
    {
        LabelledVerdict[] all = [.. verdicts.OrderBy(static v => v.RolloutId, StringComparer.Ordinal)];
        ILookup<bool, LabelledVerdict> halves = all.ToLookup(static v => ConfidenceSums.IsInFirstHalf(v.RolloutId));
        return (all, [.. halves[true]], [.. halves[false]]);
    }

    private static StoredCalibration Scaled(LabelledVerdict[] verdicts)
    {
        double? exhausted = RateOf(verdicts);
        return new StoredCalibration
        {
            Temperature = Calibrator.FitTemperature([.. verdicts.Where(v => exhausted is null || !v.Exhausted).Select(static v => new Outcome(v.Confidence, v.Right))]),
            Exhausted = exhausted,
        };
    }

    // Pool adjacent violators, from runs of at least ten verdicts so that no handful makes a step.
    private static StoredCalibration Isotonic(LabelledVerdict[] verdicts)
    {
        const int least = 10;
        double? exhausted = RateOf(verdicts);
        var blocks = new List<(double Confidence, double Right, double Count)>();
        LabelledVerdict[] ascending = [.. verdicts.Where(v => exhausted is null || !v.Exhausted).OrderBy(static v => v.Confidence)];
        for (int start = 0; start < ascending.Length;)
        {
            int end = Math.Min(ascending.Length, start + least);
            while (end < ascending.Length && (ascending[end].Confidence == ascending[end - 1].Confidence || ascending.Length - end < least))
            {
                end++;
            }

            LabelledVerdict[] block = ascending[start..end];
            blocks.Add((block.Average(static v => v.Confidence), block.Count(static v => v.Right), block.Length));
            start = end;
            while (blocks.Count > 1 && blocks[^2].Right / blocks[^2].Count >= blocks[^1].Right / blocks[^1].Count)
            {
                ((double c, double r, double n), (double c2, double r2, double n2)) = (blocks[^2], blocks[^1]);
                blocks.RemoveRange(blocks.Count - 2, 2);
                blocks.Add((((c * n) + (c2 * n2)) / (n + n2), r + r2, n + n2));
            }
        }

        return new StoredCalibration { Points = [.. blocks.Select(static b => new CalibrationPoint(b.Confidence, (b.Right + 0.5) / (b.Count + 1)))], Exhausted = exhausted };
    }

    private static StoredCalibration ByOdds(LabelledVerdict[] verdicts) => new() { Odds = CalibrationOdds.Fit(verdicts, static v => v.Right) };

    private static double? RateOf(LabelledVerdict[] verdicts) => verdicts.Where(static v => v.Exhausted).ToArray() is { Length: >= FewestExhausted } exhausted
        ? (exhausted.Count(static v => v.Right) + 0.5) / (exhausted.Length + 1)
        : null;

    private static double Error(LabelledVerdict[] verdicts, Func<LabelledVerdict, double> probability) =>
        Calibrator.Table([.. verdicts.Select(v => new Outcome(probability(v), v.Right))]).Ece;

    private double Of(LabelledVerdict verdict) => Of(verdict.Confidence, verdict.Margin, verdict.Exhausted);

    private double Loss(LabelledVerdict[] verdicts) => verdicts.Sum(v => -Math.Log(Math.Clamp(v.Right ? Of(v) : 1 - Of(v), Edge, 1)));
}
