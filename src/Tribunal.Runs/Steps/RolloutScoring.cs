using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>How the rollouts of a run are scored: what never changes from one to the next.</summary>
/// <param name="Router">Which way of judging each takes.</param>
/// <param name="Seed">The run's seed.</param>
/// <param name="Hint">Which items get a hinted sample after their ordinary ones.</param>
/// <param name="Simulated">Whether a simulated judge takes part.</param>
public sealed record ScoringRules(Router Router, long Seed, HintMode Hint = HintMode.None, bool Simulated = false)
{
    /// <summary>How confidences become probabilities of being right; null gives none.</summary>
    public StoredCalibration? Calibration { get; init; }
}

/// <summary>A sample to draw.</summary>
/// <param name="Draw">Its number in the ledger, and what it shows.</param>
/// <param name="Route">The route, in a run with a routing table.</param>
/// <param name="Hint">The displayed position, from 0, that the prompt names as the best; null for ordinary samples.</param>
public sealed record NextSample(Draw Draw, string? Route = null, int? Hint = null);

/// <summary>
/// One rollout on its way to its verdict: what to draw next, what was drawn, what it comes to. Its judgements are a set: one whose
/// name stands already counts no second time. Not safe for concurrent use.
/// </summary>
/// <param name="rules">How.</param>
/// <param name="rollout">The rollout.</param>
/// <param name="drawn">What was drawn of it before, hinted samples included, in any order.</param>
public sealed class RolloutScoring(ScoringRules rules, Rollout rollout, IEnumerable<Judgement>? drawn = null)
{
    private readonly List<Judgement> _drawn = JudgementSet.Of(drawn ?? []);

    /// <summary>The rollout.</summary>
    public Rollout Rollout => rollout;

    /// <summary>Its judgements in the order of their samples, hinted ones included.</summary>
    public IReadOnlyList<Judgement> Drawn => _drawn;

    /// <summary>Those that vote: hinted samples are training data.</summary>
    public IReadOnlyList<Judgement> Voting => JudgementSet.WithoutHinted(_drawn);

    /// <summary>Adds a judgement; false where its name stands already.</summary>
    public bool Add(Judgement judgement) => JudgementSet.Add(_drawn, judgement);

    /// <summary>What to draw now; nothing when sampling is over. What a round has begun is completed before anything new is decided.</summary>
    /// <param name="allowance">The most judgements that it may have, where a budget over the batch says so.</param>
    /// <param name="hints">Whether hinted samples are asked for once the ordinary ones are there: whether an item failed is known then.</param>
    public IReadOnlyList<NextSample> Next(int? allowance = null, bool hints = true)
    {
        RoutedRollout at = rules.Router.Find(Rollout, _drawn);
        if (at.Branch.WhyNot(Rollout) is not null)
        {
            return [];
        }

        if (at.Scout is { } scout)
        {
            return [new NextSample(scout, RoutingTable.Scout)];
        }

        IReadOnlyList<Draw> draws = at.Branch.Scheme.Next(Rollout, at.Ledger, allowance).Draws;
        if (draws.Count > 0)
        {
            return [.. draws.Select(draw => new NextSample(draw with { Sample = at.Branch.NumberOf(draw.Sample) }, at.Branch.Name))];
        }

        return !hints || rules.Hint == HintMode.None ? [] :
        [
            .. Hints.Next(rules.Hint, Rollout, at.Branch.Protocol.Kind, at.Ledger, rules.Seed).Select(hint => new NextSample(hint.Draw, at.Branch.Name, hint.Position)),
        ];
    }

    /// <summary>The verdict over what was drawn; one that more judgements would belong to was ended by a limit.</summary>
    /// <param name="allowance">As for <see cref="Next"/>.</param>
    public Verdict Conclude(int? allowance = null)
    {
        IReadOnlyList<Judgement> voting = Voting;
        RoutedRollout at = rules.Router.Find(Rollout, voting);
        Verdict verdict = at.Branch.WhyNot(Rollout) is { } whyNot
            ? new Verdict { Id = Rollout.Id, Status = VerdictStatus.Unscorable, Votes = new VoteCounts(), Reason = whyNot }
            : at.Branch.Scheme.Conclude(Rollout, at.Ledger, allowance).Graded(Rollout, voting);
        if (at is { Branch.Name: { } route, Scout: null })
        {
            // A scout that did not vote was paid for all the same.
            verdict = verdict with { Route = route, Usage = voting.Aggregate(default(Usage), static (sum, judgement) => sum + judgement.Usage) };
        }

        if (rules.Calibration is { } calibration)
        {
            verdict = verdict with { Correctness = verdict.CorrectnessBy(calibration) };
        }

        int neutralised = voting.Select(static judgement => judgement.Neutralised ?? 0).DefaultIfEmpty().Max();
        return rules.Simulated || neutralised > 0
            ? verdict with { Simulated = rules.Simulated ? true : null, Neutralised = neutralised > 0 ? neutralised : null }
            : verdict;
    }
}
