using Tribunal.Formats.Batches;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Verdicts;

namespace Tribunal.Reports;

/// <summary>Everything a report shows, computed.</summary>
internal sealed class ReportData
{
    public required RunContents Run { get; init; }

    public IReadOnlyList<InvalidLine> Invalid { get; set; } = [];

    public required Histogram Rewards { get; init; }

    public Histogram Margins { get; } = new();

    public Histogram Confidences { get; } = new();

    /// <summary>Latencies in powers of two of milliseconds.</summary>
    public SortedDictionary<int, long> Latencies { get; } = [];

    /// <summary>Judgements read.</summary>
    public long Judgements { get; set; }

    /// <summary>With a meta reward.</summary>
    public long Metas { get; set; }

    /// <summary>How often each displayed position won, by how many were shown; a tie counts in equal parts.</summary>
    public SortedDictionary<int, (double[] Wins, long Of)> Positions { get; } = [];

    public Dictionary<JudgementOutcome, List<TracedJudgement>> Examples { get; } = [];

    public List<ResampledCurve> Curves { get; } = [];

    public List<Case> Contested { get; set; } = [];

    /// <summary>Those whose best response is not a labelled one, the surest first.</summary>
    public List<Case> Wrong { get; } = [];

    public ReportTable Table { get; } = new();

    public List<Case> Slowest { get; set; } = [];

    /// <summary>Whether texts and labels were there.</summary>
    public bool HasBatch { get; set; }

    /// <summary>Labelled rollouts in all; the curves are over a sample of them.</summary>
    public long Labelled { get; set; }
}

/// <summary>Counts in equal bins around 0, 1/steps, … 1: values that lie on that grid are in the middle of their bins.</summary>
/// <param name="steps">Into how many steps [0, 1] is cut.</param>
internal sealed class Histogram(int steps = Histogram.Usual)
{
    /// <summary>Steps where values lie on no grid.</summary>
    public const int Usual = 20;

    private readonly long[] _counts = new long[steps + 1];

    public IReadOnlyList<long> Counts => _counts;

    public long Count { get; private set; }

    public double Sum { get; private set; }

    public double? Mean => Count == 0 ? null : Sum / Count;

    /// <summary>Where the bins begin and end, one more than there are bins; the first and the last reach half a step beyond.</summary>
    public double[] Edges => [.. Enumerable.Range(0, _counts.Length + 1).Select(i => (i - 0.5) / (_counts.Length - 1))];

    /// <summary>Those that were counted before.</summary>
    public static Histogram Of(IReadOnlyList<long> counts, double sum)
    {
        var histogram = new Histogram(Math.Max(1, counts.Count - 1)) { Count = counts.Sum(), Sum = sum };
        for (int i = 0; i < counts.Count; i++)
        {
            histogram._counts[i] = counts[i];
        }

        return histogram;
    }

    public void Add(double value)
    {
        _counts[Math.Clamp((int)Math.Round(value * (_counts.Length - 1), MidpointRounding.AwayFromZero), 0, _counts.Length - 1)]++;
        Count++;
        Sum += value;
    }
}

/// <summary>Accuracy against judgements per rollout.</summary>
/// <param name="Name">What was tried.</param>
/// <param name="Points">Mean and range over draw orders.</param>
internal sealed record ResampledCurve(string Name, IReadOnlyList<ResampleResult> Points);

/// <summary>A rollout shown with its judgements.</summary>
internal sealed class Case(string id)
{
    public string Id { get; } = id;

    public double SlowestMs { get; set; }

    public Verdict? Verdict { get; set; }

    public Rollout? Rollout { get; set; }

    /// <summary>Judgements of it in all.</summary>
    public int Drawn { get; set; }

    /// <summary>Those shown.</summary>
    public List<TracedJudgement> Judgements { get; } = [];
}
