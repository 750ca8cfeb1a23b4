using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Training;

/// <summary>What to take of a ledger.</summary>
public sealed record TrainingOptions
{
    /// <summary>The set.</summary>
    public required TrainingForm Form { get; init; }

    /// <summary>The protocol that the run's prompts were composed by; judgements by any other have prompts that are not known.</summary>
    public required string Protocol { get; init; }

    /// <summary>Trajectories of an item that SPCT's rejection sampling looks at (N_RFT), 1 or more; default 3, the paper's.</summary>
    public int Trajectories { get; init; } = 3;

    /// <summary>Whether the judge is asked about one response at a time: then a label of several is about no single answer.</summary>
    public bool OneByOne { get; init; }

    /// <summary>Domains that are left out, as RM-R1 left out prompt sources with spurious cues.</summary>
    public IReadOnlyCollection<string> ExcludedDomains { get; init; } = [];
}

/// <summary>
/// Decides for every line of a ledger whether it is training data, and why not. Pure: each line comes out exactly once, and
/// the ledger's order does not matter.
/// </summary>
public sealed class TrainingSelection
{
    private readonly TrainingOptions _options;
    private readonly IFormRule _rule;

    /// <summary>A selection.</summary>
    /// <exception cref="ArgumentException">The form needs another protocol, or an option is out of range.</exception>
    public TrainingSelection(TrainingOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Trajectories, 1, nameof(options));
        _options = options;
        _rule = options.Form switch
        {
            TrainingForm.Spct => new SpctRejection(options.Trajectories),
            TrainingForm.RmR1 => new RmR1Distillation(),
            TrainingForm.Rlvr => new OutcomeRewards(),
            TrainingForm.Rrm => new RrmRewards(),
            TrainingForm.Meta => new MetaLabels(),
            _ => throw new ProblemsException([new Problem("", $"unknown form {options.Form}")]),
        };
        if (_rule.Protocol is { } needed && needed != options.Protocol)
        {
            throw new ProblemsException([new Problem("", $"this form takes judgements by {needed}, and the run's are by {options.Protocol}")]);
        }
    }

    /// <summary>Decides on a rollout's lines.</summary>
    /// <param name="rollout">The rollout.</param>
    /// <param name="ledger">All that the ledger holds of it, texts and hinted samples included, in any order.</param>
    /// <returns>One trajectory per line, those of an item together, ordinary ones by sample before hinted ones.</returns>
    public IReadOnlyList<Trajectory> Select(Rollout rollout, IReadOnlyList<TracedJudgement> ledger)
    {
        var decided = new List<Trajectory>(ledger.Count);
        var items = new Dictionary<(int, int, string), List<Trajectory>>();
        var seen = new HashSet<(int, string, string)>();
        bool excluded = rollout.Domain is { } domain && _options.ExcludedDomains.Contains(domain);
        bool given = Label.IsGiven(rollout);

        // To imitate each answer of a judgement that was right is sound; to call each of them right, or to ask for what the label says, is not.
        bool several = _options.OneByOne && _options.Form != TrainingForm.Spct;
        foreach (TracedJudgement judgement in ledger.OrderBy(static j => j.Hinted).ThenBy(static j => j.Sample).ThenBy(static j => j.Judge, StringComparer.Ordinal).ThenBy(static j => j.Protocol, StringComparer.Ordinal))
        {
            bool fits = Fits(rollout, judgement);
            Label? label = fits && given ? Label.Of(rollout, judgement.Pair) : null;
            DropReason? reason = excluded ? DropReason.ExcludedDomain
                : !seen.Add((judgement.Sample, judgement.Judge, judgement.Protocol)) ? DropReason.Repeated
                : judgement.Protocol != _options.Protocol ? DropReason.PromptUnknown
                : !fits ? DropReason.Misfit
                : !given ? DropReason.Unlabelled
                : label is null ? DropReason.NoContrast
                : several && judgement.Order.Count > 1 ? DropReason.SeveralCalls
                : null;
            if (reason is not null)
            {
                decided.Add(new Trajectory(judgement, label, Grade.NoAnswer, reason));
                continue;
            }

            (int, int, string) key = judgement.Pair is [var i, var j] ? (i, j, judgement.Judge) : (-1, -1, judgement.Judge);
            if (!items.TryGetValue(key, out List<Trajectory>? item))
            {
                items.Add(key, item = []);
            }

            item.Add(new Trajectory(judgement, label, Grading.Of(judgement, label!), null));
        }

        foreach (List<Trajectory> item in items.Values)
        {
            decided.AddRange(_rule.Decide(item));
        }

        return decided;
    }

    // What was shown must be there to be shown again.
    private static bool Fits(Rollout rollout, Judgement judgement)
    {
        int n = rollout.Responses.Count;
        int[] shown = [.. judgement.Order.Order()];
        return judgement.Pair is null
            ? shown.AsSpan().SequenceEqual(Enumerable.Range(0, n).ToArray())
            : judgement.Pair is [var i, var j] && i >= 0 && i < j && j < n && shown is [var a, var b] && (a, b) == (i, j);
    }
}
