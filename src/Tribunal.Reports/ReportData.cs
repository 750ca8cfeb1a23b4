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

    public Histogram Rewards { get; } = new();

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

    public Dictionary<JudgementOutcome, List<Judgement>> Examples { get; } = [];

    public List<ResampledCurve> Curves { get; } = [];

    public List<Case> Contested { get; set; } = [];

    public List<Case> Slowest { get; set; } = [];

    /// <summary>Whether texts and labels were there.</summary>
    public bool HasBatch { get; set; }

    /// <summary>Labelled rollouts in all; the curves are over a sample of them.</summary>
    public long Labelled { get; set; }
}

/// <summary>Counts in equal bins over [0, 1].</summary>
internal sealed class Histogram
{
    public const int Bins = 20;

    public long[] Counts { get; } = new long[Bins];

    public long Count { get; private set; }

    public double Sum { get; private set; }

    public double? Mean => Count == 0 ? null : Sum / Count;

    public void Add(double value)
    {
        Counts[Math.Clamp((int)(value * Bins), 0, Bins - 1)]++;
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
    public List<Judgement> Judgements { get; } = [];
}
