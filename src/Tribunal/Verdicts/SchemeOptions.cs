using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Everything that decides how a rollout is judged and voted on.</summary>
public sealed record SchemeOptions
{
    /// <summary>When to stop sampling.</summary>
    public PolicyOptions Policy { get; init; } = new();

    /// <summary>What meta rewards do.</summary>
    public MetaOptions Meta { get; init; } = new();

    /// <summary>Makes the meta rewards at every vote, instead of those in the ledger; null takes those. Judgements then need their texts or <see cref="Judgement.Traits"/>.</summary>
    public LearnedMetaModel? MetaModel { get; init; }

    /// <summary>How a pair judge ranks more than two.</summary>
    public TournamentOptions Tournament { get; init; } = new();

    /// <summary>How judgements become a verdict.</summary>
    public VotingRule Rule { get; init; } = VotingRule.Auto;

    /// <summary>The run's seed: presentation orders, brackets and tie breaks derive from it.</summary>
    public long Seed { get; init; }

    /// <summary>Lists or pairs.</summary>
    public required JudgingKind Kind { get; init; }

    /// <summary>The scores that stand for rewards 0 and 1; default (1, 10).</summary>
    public (double Min, double Max) ScoreRange { get; init; } = (1, 10);

    /// <summary>Weights of the judges of a panel; null weighs all alike.</summary>
    public PanelWeights? Panel { get; init; }

    /// <summary>What is known of how the judge judges; null, or one that is not fitted, for nothing: the flat prior stands.</summary>
    public JudgeModel? Learned { get; init; }

    /// <summary>The model by which confidences speak of the whole pool; null where they don't.</summary>
    internal JudgeModel? Pool => Policy is { Kind: PolicyKind.Adaptive, Prior: PriorKind.Learned } && Learned is { IsFitted: true } ? Learned : null;

    /// <summary>The panel that judges, whose members take turns; null for one judge.</summary>
    public PanelSeats? Seats { get; init; }

    /// <summary>How judgements of several judges are put on one footing; of a panel that judges by its members, of a record as it says.</summary>
    public MemberVotes Members { get; init; } = MemberVotes.Apart;

    /// <summary>Votes that a rollout or a match may come to, at most.</summary>
    internal int MostVotes => Turns.Kind == PolicyKind.Fixed ? Turns.Samples : Turns.Max;

    // The policy in votes: a fixed number is each member's, and rounds end where every member has seen both orders as often.
    private PolicyOptions Turns => Seats is not { Count: var members } ? Policy : Policy with
    {
        Samples = Policy.Samples * members,
        Min = Math.Max(Policy.Min, 2 * members),
        Max = Math.Max(2 * members, Policy.Max / (2 * members) * 2 * members),
    };

    /// <summary>
    /// The rollout as accuracies may count it: without its labels where the meta reward model or the panel's weights were learned from
    /// them.
    /// </summary>
    public Rollouts.Rollout Untaught(Rollouts.Rollout rollout) =>
        Rollouts.SeenRollouts.Has(MetaModel?.File.Seen, rollout) || Rollouts.SeenRollouts.Has(Panel?.Seen, rollout)
            ? rollout with { Best = null, Scores = null }
            : rollout;

    /// <summary>What is wrong with the options, by the fields of requests; empty when nothing is.</summary>
    public IReadOnlyList<Problem> Problems()
    {
        ProblemList problems = [];
        problems.Require(Enum.IsDefined(Policy.Kind), "policy.kind", "must be fixed, adaptive, certified or budget");
        problems.Require(Policy.Samples is >= 1 and <= PolicyOptions.MostSamples, "policy.samples", $"{Policy.Samples} is outside 1..{PolicyOptions.MostSamples}");
        if (Policy.Kind != PolicyKind.Fixed)
        {
            problems.Require(Policy.Max is >= 1 and <= PolicyOptions.MostSamples, "policy.max", $"{Policy.Max} is outside 1..{PolicyOptions.MostSamples}");
            problems.Require(Policy.Min >= 1 && Policy.Min <= Policy.Max, "policy.min", $"{Policy.Min} is outside 1..{{0}} ({Policy.Max})", "policy.max");
            problems.Require(Policy.Confidence is > 0.5 and < 1, "policy.confidence", $"{Policy.Confidence} is outside (0.5, 1)");
            problems.Require(Policy.Growth is > 1 and <= PolicyOptions.MostSamples, "policy.growth", $"{Policy.Growth} must be above 1");
            problems.Require(Policy.Futility is >= 0 and < 1, "policy.futility", $"{Policy.Futility} is outside [0, 1)");
            problems.Require(Policy.Indifference is >= 0 and < 1, "policy.indifference", $"{Policy.Indifference} is outside [0, 1)");
        }

        if (Policy.Kind == PolicyKind.Budget)
        {
            int totals = (Policy.Judgements is null ? 0 : 1) + (Policy.Tokens is null ? 0 : 1) + (Policy.Cost is null ? 0 : 1);
            problems.Require(totals == 1, "policy", "budget needs exactly one of {0}, {1} and {2}", "policy.judgements", "policy.tokens", "policy.cost");
            problems.Require(
                (Policy.Judgements ?? 1) > 0 && (Policy.Tokens ?? 1) > 0 && (Policy.Cost ?? 1) > 0 && double.IsFinite(Policy.Cost ?? 1),
                "policy", "a budget must be above 0");
        }

        problems.Require(Meta.Keep is > 0 and <= 1, "meta.keep", $"{Meta.Keep} is outside (0, 1]");
        problems.Require(Meta.Temperature > 0 && double.IsFinite(Meta.Temperature), "meta.temperature", $"{Meta.Temperature} must be above 0");
        problems.Require(Enum.IsDefined(Meta.Use), "meta.use", "must be filter or weight");
        problems.Require(Enum.IsDefined(Tournament.Kind), "tournament.kind", "must be none, round-robin, knockout, swiss, random or anchors");
        problems.Require(Tournament.Votes is null or (>= 1 and <= PolicyOptions.MostSamples), "tournament.votes", $"{Tournament.Votes} is outside 1..{PolicyOptions.MostSamples}");
        problems.Require(
            Tournament.Kind == TournamentKind.None || Kind == JudgingKind.Pairwise,
            "tournament.kind", "a tournament needs a pair protocol; this protocol scores whole lists");
        if (Seats is not null)
        {
            problems.Require(Policy.Kind != PolicyKind.Budget, "policy.kind", "a budget is shared out judgement by judgement, and a panel judges in rounds: choose fixed, adaptive or certified");
            problems.Require(
                Seats.Count * Math.Max(Policy.Samples, Tournament.Votes ?? 1) <= PolicyOptions.MostSamples,
                "policy.samples", $"{Seats.Count} members with {Math.Max(Policy.Samples, Tournament.Votes ?? 1)} judgements each are more than {PolicyOptions.MostSamples}");
            problems.Require(
                Tournament.Kind == TournamentKind.None || !Seats.Mixed,
                "tournament.kind", $"a tournament needs pair judges; {string.Join(", ", Seats.All.Where(static seat => seat.Protocol.Kind == JudgingKind.Listwise).Select(static seat => seat.Judge))} of the panel score lists");
        }

        problems.Require(
            Policy.Kind != PolicyKind.Budget || Tournament.Kind is TournamentKind.None or TournamentKind.RoundRobin,
            "policy.kind", "a budget needs tournament none or round-robin; elsewhere who plays next depends on who won");
        problems.Require(
            Policy.Kind != PolicyKind.Budget || Tournament.Teams is null,
            "policy.kind", "a budget can't be combined with {0}", "tournament.teams");
        problems.Require(Tournament.Rounds is null or >= 1, "tournament.rounds", $"{Tournament.Rounds} must be 1 or more");
        problems.Require(Tournament.Opponents is null or >= 1, "tournament.opponents", $"{Tournament.Opponents} must be 1 or more");
        problems.Require(Enum.IsDefined(Tournament.Rating), "tournament.rating", "must be votes or elo");
        problems.Require(Tournament.Elo.Base > 1 && double.IsFinite(Tournament.Elo.Base), "tournament.elo.base", $"{Tournament.Elo.Base} must be above 1");
        problems.Require(Tournament.Elo.Scale > 0 && double.IsFinite(Tournament.Elo.Scale), "tournament.elo.scale", $"{Tournament.Elo.Scale} must be above 0");
        problems.Require(Tournament.Elo.K > 0 && double.IsFinite(Tournament.Elo.K), "tournament.elo.k", $"{Tournament.Elo.K} must be above 0");
        problems.Require(double.IsFinite(Tournament.Elo.Initial), "tournament.elo.initial", "must be a number");
        problems.Require(Tournament.Elo.Orders is >= 0 and <= 10_000, "tournament.elo.orders", $"{Tournament.Elo.Orders} is outside 0..10000");
        if (Tournament.Teams is { } teams)
        {
            try
            {
                _ = new AnswerReader(teams);
            }
            catch (ProblemsException wrong)
            {
                problems.AddRange(wrong.Problems);
            }
        }

        problems.Require(
            Panel is null || (double.IsFinite(Panel.Default) && Panel.Default >= 0 && Panel.Weights.All(w => double.IsFinite(w.Weight) && w.Weight >= 0 && (w.Later is null || (double.IsFinite(w.Later.Value) && w.Later >= 0)))),
            "panel", "weights must be 0 or more");
        problems.Require(Enum.IsDefined(Rule), "rule", "must be auto, sum, mean, majority or btd");
        problems.Require(
            double.IsFinite(ScoreRange.Min) && double.IsFinite(ScoreRange.Max) && ScoreRange.Min < ScoreRange.Max,
            "scoreRange", $"{ScoreRange.Min}..{ScoreRange.Max} is empty");
        return problems;
    }

    /// <summary>When a rollout or a match has votes enough.</summary>
    internal StoppingRule Stopping(VotingRule rule, int? fixedVotes) => StoppingRule.Create(Turns, Meta, rule, fixedVotes * (Seats?.Count ?? 1), block: 2 * (Seats?.Count ?? 1), Learned);

    /// <summary>A sample of a list.</summary>
    internal Draw ListDraw(Rollouts.Rollout rollout, int sample) => Seats?.Of(sample, rollout.Id, rollout.Responses.Count)
        ?? new Draw(sample, PresentationOrder.List(Seed, rollout.Id, sample, rollout.Responses.Count), Pair: null);

    /// <summary>A vote between two responses.</summary>
    internal Draw PairDraw(Rollouts.Rollout rollout, int i, int j, int vote)
    {
        int n = rollout.Responses.Count;
        int sample = Judgements.PairIndex.Sample(vote, Judgements.PairIndex.Of(i, j, n), n);
        return Seats?.Of(sample, rollout.Id, n) ?? new Draw(sample, PresentationOrder.Pair(Seed, rollout.Id, i, j, vote), [i, j]);
    }

    /// <summary>The panel's weight of a judgement.</summary>
    internal double WeightOf(Judgement judgement) => Panel?.Of(judgement) ?? 1;
}
