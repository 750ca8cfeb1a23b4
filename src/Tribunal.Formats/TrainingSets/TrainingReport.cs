using Tribunal.Calibration;
using Tribunal.Training;

namespace Tribunal.Formats.TrainingSets;

/// <summary><c>training.json</c>: what the set holds, what was dropped and why, and what else predicts its labels.</summary>
public sealed record TrainingReport
{
    /// <summary>The set.</summary>
    public required TrainingForm Form { get; init; }

    /// <summary>The run.</summary>
    public required string Run { get; init; }

    /// <summary>The judge.</summary>
    public required string Judge { get; init; }

    /// <summary>Its model.</summary>
    public required string Model { get; init; }

    /// <summary>The protocol.</summary>
    public required string Protocol { get; init; }

    /// <summary>True where no model judged: the data shows how this works and trains nothing.</summary>
    public required bool Simulated { get; init; }

    /// <summary>The file beside this one.</summary>
    public required string File { get; init; }

    /// <summary>Examples in it.</summary>
    public required long Examples { get; init; }

    /// <summary>Lines of the ledger: <see cref="Kept"/> and all of <see cref="Dropped"/>.</summary>
    public required long Judgements { get; init; }

    /// <summary>Lines that are in the set; several lines with the same prompt are one example of the form <c>rlvr</c>.</summary>
    public required long Kept { get; init; }

    /// <summary>Of these, hinted.</summary>
    public required long KeptHinted { get; init; }

    /// <summary>Lines that are not in the set, by reason (<see cref="DropReason"/>).</summary>
    public required IReadOnlyDictionary<string, long> Dropped { get; init; }

    /// <summary>Kept lines by reward: <c>+1</c>, and <c>-1</c> by its cause.</summary>
    public required IReadOnlyDictionary<string, long> Rewards { get; init; }

    /// <summary>What the judge was asked, once for each list or pair.</summary>
    public required ItemCounts Items { get; init; }

    /// <summary>Rollouts in the batch, and those without any label.</summary>
    public required RolloutCounts Rollouts { get; init; }

    /// <summary>N_RFT, for the form <c>spct</c>.</summary>
    public int? Trajectories { get; init; }

    /// <summary>Domains left out.</summary>
    public IReadOnlyList<string>? ExcludedDomains { get; init; }

    /// <summary>Whether the hints of hinted samples were left out of their prompts.</summary>
    public bool? HintsStripped { get; init; }

    /// <summary>Surface rules measured against the labels of the set.</summary>
    public required IReadOnlyList<CueReport> Cues { get; init; }

    /// <summary>What a reader should know.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>Items by what became of them.</summary>
/// <param name="Labelled">With a label and at least one line.</param>
/// <param name="Kept">With at least one line in the set.</param>
/// <param name="TooEasy">Dropped because all was correct.</param>
public sealed record ItemCounts(long Labelled, long Kept, long TooEasy);

/// <summary>Rollouts of the batch.</summary>
/// <param name="Read">That can be read.</param>
/// <param name="Unlabelled">Of these, without <c>best</c> and <c>scores</c>.</param>
public sealed record RolloutCounts(long Read, long Unlabelled);

/// <summary>A surface rule and how often it agrees with the labels.</summary>
/// <param name="Cue">The rule.</param>
/// <param name="Agreement">Its share of right answers, with the 95 % interval; ½ is none.</param>
/// <param name="Predicts">Whether the interval excludes ½, over at least <see cref="LeastTrials"/> trials: fewer flag themselves by chance.</param>
/// <param name="Domain">The domain it was measured in; null for the whole set.</param>
public sealed record CueReport(string Cue, Rate Agreement, bool Predicts, string? Domain = null)
{
    /// <summary>The fewest items or examples that a rule is flagged on.</summary>
    public const int LeastTrials = 20;

    internal static CueReport Of(CueCount count, string? domain = null)
    {
        Rate rate = Rate.Wilson(count.Hits, count.Trials)!;
        return new CueReport(count.Name, rate, count.Trials >= LeastTrials && (rate.Low > 0.5 || rate.High < 0.5), domain);
    }
}
