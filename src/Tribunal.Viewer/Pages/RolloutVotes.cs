using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Verdicts;
using Tribunal.Viewer.Forms;
using Tribunal.Voting;

namespace Tribunal.Viewer.Pages;

/// <summary>Votes on a rollout's recorded judgements, by the code of <c>tribunal vote</c>: as the run voted, or otherwise.</summary>
internal sealed class RolloutVotes
{
    private const int MostSteps = 256;
    private const int MostSamples = 1000;
    private readonly Rollout _rollout;
    private readonly IReadOnlyList<Judgement> _voting;
    private readonly SchemeOptions _own;

    /// <param name="manifest">The run's; null in the folder of a vote.</param>
    /// <param name="rollout">The rollout.</param>
    /// <param name="judgements">Its judgements in the order of their samples.</param>
    public RolloutVotes(RunManifest? manifest, Rollout rollout, IReadOnlyList<Judgement> judgements)
    {
        _rollout = rollout;
        _voting = Router.Voting(judgements);
        _own = OptionsOf(manifest, judgements) with { Members = manifest is { Members: not null } ? manifest.Footing : MemberVotes.Apart };
        HasMeta = judgements.Any(static judgement => judgement.Meta is not null);
        Settings = new VoteSettings(
            Name(_own.Rule), null, _own.Meta.Keep, MetaWeights.Active(_own.Meta), HasMeta, _own.Tournament.Kind.ToString().ToLowerInvariant());
    }

    /// <summary>Whether any judgement has a meta reward.</summary>
    public bool HasMeta { get; }

    /// <summary>How the run votes.</summary>
    public VoteSettings Settings { get; }

    /// <summary>Samples that vote by the run's own settings.</summary>
    public IReadOnlyList<int> Voted() => Kept(_own, _voting);

    /// <summary>The verdict by other settings; what is null stays as the run has it.</summary>
    /// <exception cref="ProblemsException">They can't be used.</exception>
    public VoteAnswer Cast(string? rule, int? samples, double? keep, bool? meta)
    {
        SchemeOptions options = _own with
        {
            Rule = rule is null ? _own.Rule : RuleOf(rule),
            Meta = meta == false ? new MetaOptions() { Keep = 1 } : _own.Meta with { Keep = keep ?? _own.Meta.Keep, Model = meta == true ? _own.Meta.Model ?? "recorded" : _own.Meta.Model },
        };

        // A tournament goes by its policy: so many votes a match.
        if (samples is { } most && options.Tournament.Kind != TournamentKind.None)
        {
            options = options with { Policy = options.Policy with { Kind = PolicyKind.Fixed, Samples = most }, Tournament = options.Tournament with { Votes = most } };
        }

        (Verdict verdict, IReadOnlyList<Judgement> used) = new RecordedVote(options, samples).Cast(_rollout, _voting);
        sbyte right = verdict.Best is { } best ? Index.Rightness.Of(best, _rollout) : (sbyte)-1;
        return new VoteAnswer(verdict, RowPage.RightOf(right), Kept(options, used));
    }

    /// <summary>The verdict after each judgement.</summary>
    public List<StepForm> Steps()
    {
        List<StepForm> steps = [];
        SchemeOptions options = _own with { Tournament = new TournamentOptions() };
        IJudgingScheme scheme = JudgingSchemes.ForRecorded(options);
        int every = Math.Max(1, (_voting.Count + MostSteps - 1) / MostSteps);
        for (int count = 1; count <= _voting.Count; count++)
        {
            if (count % every == 0 || count == _voting.Count)
            {
                Verdict verdict = scheme.Cast(_rollout, [.. _voting.Take(count)], StopReason.Fixed);
                steps.Add(new StepForm(count, verdict.Best, verdict.Confidence, verdict.Rewards));
            }
        }

        return steps;
    }

    /// <summary>How often each response beat each; null where no pairs were judged.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? Wins()
    {
        int n = _rollout.Responses.Count;
        double[][]? wins = null;
        foreach (Judgement judgement in _voting)
        {
            if (judgement is { Outcome: JudgementOutcome.Valid, Pair: [>= 0 and var i, >= 0 and var j] } && i != j && Math.Max(i, j) < n)
            {
                wins ??= [.. Enumerable.Range(0, n).Select(_ => new double[n])];
                wins[i][j] += judgement.Winner == i ? 1 : judgement.Winner is null ? 0.5 : 0;
                wins[j][i] += judgement.Winner == j ? 1 : judgement.Winner is null ? 0.5 : 0;
            }
        }

        return wins;
    }

    /// <summary>The rounds of a knockout or Swiss tournament.</summary>
    public IReadOnlyList<IReadOnlyList<PlayedMatch>>? Rounds() =>
        _rollout.Responses.Count > 2 ? new RecordedVote(_own).Rounds(_rollout, _voting) : null;

    // As the vote weighs them: by meta reward inside the rollout. Inside a tournament the matches are apart.
    private static int[] Kept(SchemeOptions options, IReadOnlyList<Judgement> used)
    {
        Judgement[] valid = [.. used.Where(static judgement => judgement.Outcome == JudgementOutcome.Valid)];
        if (!MetaWeights.Active(options.Meta) || options.MetaModel is not null)
        {
            return [.. valid.Select(static judgement => judgement.Sample)];
        }

        return
        [
            .. valid.GroupBy(judgement => options.Tournament.Kind == TournamentKind.None && options.Kind == JudgingKind.Listwise ? "" : judgement.Pair is { } pair ? string.Join(',', pair) : "")
                .SelectMany(match => Heaviest(options.Meta, [.. match]))
                .Select(static judgement => judgement.Sample).Order(),
        ];
    }

    private static IEnumerable<Judgement> Heaviest(MetaOptions meta, Judgement[] judgements)
    {
        double[] weights = new double[judgements.Length];
        MetaWeights.Fill([.. judgements.Select(static judgement => judgement.Meta ?? double.NaN)], meta, weights);
        return judgements.Where((_, i) => weights[i] > 0);
    }

    private static SchemeOptions OptionsOf(RunManifest? manifest, IReadOnlyList<Judgement> judgements)
    {
        EvaluationRequest request = (manifest?.Request ?? new EvaluationRequest { Batch = "" }) with { Policy = new PolicyOptions { Samples = Math.Max(1, Math.Min(judgements.Count, MostSamples)) } };
        string? protocol = manifest?.Protocol ?? (judgements.Count > 0 ? judgements[0].Protocol : null);
        if (manifest is { Request.Tournament.Kind: not TournamentKind.None })
        {
            request = request with { Policy = manifest.Request.Policy.Kind == PolicyKind.Budget ? request.Policy : manifest.Request.Policy };
        }

        if (protocol is null || !ProtocolCatalog.Names.Contains(protocol, StringComparer.Ordinal))
        {
            bool pairs = judgements.Any(static judgement => judgement.Pair is not null);
            return Schemes.OptionsFor(request, pairs ? JudgingKind.Pairwise : JudgingKind.Listwise, new SchemeOptions { Kind = JudgingKind.Listwise }.ScoreRange);
        }

        IProtocol known = ProtocolCatalog.Resolve(protocol, manifest?.Model).Protocol;
        return Schemes.OptionsFor(request, known.Kind, known.ScoreRange);
    }

    private static VotingRule RuleOf(string name) => name switch
    {
        "auto" => VotingRule.Auto,
        "sum" => VotingRule.Sum,
        "mean" => VotingRule.Mean,
        "majority" => VotingRule.Majority,
        "btd" => VotingRule.BradleyTerryDavidson,
        _ => throw new ProblemsException([new Problem("rule", "must be auto, sum, mean, majority or btd")]),
    };

    private static string Name(VotingRule rule) => rule == VotingRule.BradleyTerryDavidson ? "btd" : rule.ToString().ToLowerInvariant();
}
