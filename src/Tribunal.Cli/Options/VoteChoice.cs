using System.CommandLine;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.MetaReward;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Cli.Options;

/// <summary>The options of policies, votes and tournaments, the same for scoring and for voting again.</summary>
internal sealed class VoteChoice
{
    /// <summary>The words for rules.</summary>
    public static readonly string[] Rules = ["auto", "sum", "mean", "majority", "btd"];

    private const string Equal = "equal";
    private static readonly PolicyOptions UsualPolicy = new();
    private static readonly MetaOptions UsualMeta = new();
    private static readonly EloOptions UsualElo = new();

    private readonly Option<int> _samples = new("--samples", "-k") { Description = "Judgements per rollout under the fixed policy. A pair judge draws K for each pair of responses (each match of a tournament): 8 responses and -k 8 are 28 × 8 = 224 judgements; --dry-run says the total.", DefaultValueFactory = static _ => UsualPolicy.Samples, HelpName = "K" };
    private readonly Option<string> _policy = new("--policy") { Description = "When to stop sampling: fixed, adaptive, certified or budget.", DefaultValueFactory = static _ => "fixed" };
    private readonly Option<int> _min = new("--min") { Description = "First round of the other policies.", DefaultValueFactory = static _ => UsualPolicy.Min };
    private readonly Option<int> _max = new("--max") { Description = "Most judgements of the other policies.", DefaultValueFactory = static _ => UsualPolicy.Max };
    private readonly Option<double> _confidence = new("--confidence") { Description = "Probability that the leader leads (adaptive), or 1 - the error promised (certified).", DefaultValueFactory = static _ => UsualPolicy.Confidence, HelpName = "P" };
    private readonly Option<string> _prior = new("--prior") { Description = "Adaptive: what is known of the judge before a rollout is judged: learned (from this run's first judgements), flat, or what an earlier run of the same judge has learned: its folder, or its judge-model.json.", DefaultValueFactory = static _ => "learned", HelpName = "learned|flat|RUN|FILE" };
    private readonly Option<string?> _calibration = new("--calibration") { Description = "A file of tribunal calibrate: verdicts say how probably they are right.", HelpName = "FILE" };
    private readonly Option<double> _growth = new("--growth") { Description = "How a round grows over the one before, above 1, for the other policies.", DefaultValueFactory = static _ => UsualPolicy.Growth };
    private readonly Option<double> _futility = new("--futility") { Description = "Adaptive: give up where the probability that --max judgements reach the confidence falls below this; 0 goes on.", DefaultValueFactory = static _ => UsualPolicy.Futility };
    private readonly Option<double> _indifference = new("--indifference") { Description = "Adaptive, lists: a difference of mean scores that doesn't matter, as a share of the score range.", DefaultValueFactory = static _ => UsualPolicy.Indifference };
    private readonly Option<long?> _budget = new("--budget") { Description = "Total judgements over the batch, for the budget policy." };
    private readonly Option<long?> _budgetTokens = new("--budget-tokens") { Description = "Total tokens over the batch, for the budget policy." };
    private readonly Option<double?> _budgetCost = new("--budget-cost") { Description = "Total money over the batch, for the budget policy (needs prices)." };
    private readonly Option<string> _meta = new("--meta") { Description = "The meta reward model: none, simulated, its address, or a file of train meta.", DefaultValueFactory = static _ => "none", HelpName = "none|simulated|URL|FILE" };
    private readonly Option<double> _keep = new("--keep") { Description = "Fraction of the valid judgements that votes, by highest meta reward.", DefaultValueFactory = static _ => UsualMeta.Keep, HelpName = "FRACTION" };
    private readonly Option<string> _use = new("--meta-use") { Description = "Whether meta rewards filter judgements or weigh them.", DefaultValueFactory = static _ => "filter" };
    private readonly Option<double> _metaTemperature = new("--meta-temperature") { Description = "Softmax temperature of --meta-use weight, in the meta reward's own unit.", DefaultValueFactory = static _ => UsualMeta.Temperature };
    private readonly Option<string> _panel = new("--panel") { Description = "What each judge of a panel weighs: equal, a file of train panel, or learned from the run once all is drawn: labels, or without labels one-coin, dawid-skene.", DefaultValueFactory = static _ => Equal, HelpName = "equal|labels|one-coin|dawid-skene|FILE" };
    private readonly Option<string> _rule = new("--rule") { Description = "The vote: auto, sum, mean, majority or btd (Bradley-Terry with ties).", DefaultValueFactory = static _ => "auto" };
    private readonly Option<string> _tournament = new("--tournament") { Description = "How a pair judge ranks more than two: none (round robin), round-robin, knockout, swiss, random (some opponents each) or anchors (all against some).", DefaultValueFactory = static _ => "none" };
    private readonly Option<int?> _votes = new("--votes") { Description = "Judgements per match under the fixed policy, as many as --samples by default; another --policy decides per match.", HelpName = "V" };
    private readonly Option<string?> _rating = new("--rating") { Description = "What turns matches into rewards: bradley-terry (default), elo in the order played, or elo-average over many orders.", HelpName = "bradley-terry|elo|elo-average" };
    private readonly Option<double> _eloK = new("--elo-k") { Description = "Points that one match moves at most.", DefaultValueFactory = static _ => UsualElo.K };
    private readonly Option<double> _eloInitial = new("--elo-initial") { Description = "Everyone's rating at the start.", DefaultValueFactory = static _ => UsualElo.Initial };
    private readonly Option<double> _eloScale = new("--elo-scale") { Description = "Rating points per factor --elo-base of the odds.", DefaultValueFactory = static _ => UsualElo.Scale };
    private readonly Option<double> _eloBase = new("--elo-base") { Description = "Base of the odds.", DefaultValueFactory = static _ => UsualElo.Base };
    private readonly Option<int> _eloOrders = new("--elo-orders") { Description = "Seeded orders that elo-average averages over.", DefaultValueFactory = static _ => 100 };
    private readonly Option<int?> _rounds = new("--rounds") { Description = "Rounds of a Swiss tournament; log2 of the field by default." };
    private readonly Option<int?> _opponents = new("--opponents") { Description = "Opponents of each response in --tournament random (4 by default), or the anchors of --tournament anchors (2).", HelpName = "K" };
    private readonly Option<bool> _shared = new("--shared-bracket") { Description = "One bracket (knockout) or starting order (swiss) for all rollouts with as many entrants." };
    private readonly Option<string?> _teams = new("--teams") { Description = "Responses with the same final answer are a team and need no match: the last \\boxed{}, a pattern's last match (first group), or a path in JSON.", HelpName = "boxed|pattern:REGEX|json:PATH" };
    private readonly Option<long> _seed = new("--seed") { Description = "Presentation orders, sampling seeds and tie breaks derive from it.", DefaultValueFactory = static _ => 0, HelpName = "S" };

    public VoteChoice()
    {
        _policy.AcceptOnlyFromAmong("fixed", "adaptive", "certified", "budget");
        _use.AcceptOnlyFromAmong("filter", "weight");
        _rule.AcceptOnlyFromAmong(Rules);
        _tournament.AcceptOnlyFromAmong("none", "round-robin", "knockout", "swiss", "random", "anchors");
        _rating.AcceptOnlyFromAmong("bradley-terry", "elo", "elo-average");
    }

    /// <summary>Adds the options.</summary>
    /// <param name="command">The command.</param>
    /// <param name="addresses">Whether <c>--meta</c> and <c>--panel</c> may name what is here; where only configured names count, the command has its own.</param>
    public void AddTo(Command command, bool addresses = true)
    {
        if (addresses)
        {
            command.Add(_meta, _panel);
        }

        command.Add(
            _samples, _policy, _min, _max, _confidence, _prior, _calibration, _growth, _futility, _indifference, _budget, _budgetTokens, _budgetCost, _keep, _use, _metaTemperature, _rule,
            _tournament, _votes, _rating, _eloK, _eloInitial, _eloScale, _eloBase, _eloOrders, _rounds, _opponents, _shared, _teams, _seed);
    }

    /// <summary>Says of the options what they mean to a vote, which asks no model and takes what was recorded.</summary>
    public void ForRecords()
    {
        _samples.Description = "The first K recorded judgements of each rollout (in a tournament: per match under the fixed policy, 8 by default); all where it is left out.";
        _samples.DefaultValueFactory = null;
        _meta.Description = "The meta rewards that filter or weigh: recorded (those in the ledger), none, or a file of train meta.";
        _meta.HelpName = "recorded|none|FILE";
        _meta.DefaultValueFactory = static _ => "recorded";
        _panel.Description = "What each judge's votes weigh: equal, a file of train panel, or learned from the record itself: labels (every other labelled rollout), or without labels one-coin, dawid-skene.";
        _panel.HelpName = "equal|labels|one-coin|dawid-skene|FILE";
    }

    public string MetaOf(ParseResult parsed) => parsed.GetRequiredValue(_meta);

    public bool HasMeta(ParseResult parsed) => parsed.GetResult(_meta) is { Implicit: false };

    /// <summary>How a run or a vote learns its panel's weights from the ledger itself; null where it doesn't.</summary>
    public PanelMethod? LearnedPanelOf(ParseResult parsed) => parsed.GetValue(_panel) switch
    {
        "labels" => PanelMethod.Labelled,
        "one-coin" => PanelMethod.OneCoin,
        "dawid-skene" => PanelMethod.DawidSkene,
        _ => null,
    };

    public int SamplesOf(ParseResult parsed) => HasSamples(parsed) ? parsed.GetRequiredValue(_samples) : UsualPolicy.Samples;

    public bool HasSamples(ParseResult parsed) => parsed.GetResult(_samples) is { Implicit: false };

    /// <summary>The request these options ask for.</summary>
    /// <exception cref="CommandException">Options contradict one another.</exception>
    public EvaluationRequest ToRequest(ParseResult parsed, string batch, string protocol, string? metaName) => new()
    {
        Batch = batch,
        Protocol = protocol,
        Policy = new PolicyOptions
        {
            Kind = parsed.Named<PolicyKind>(_policy),
            Samples = SamplesOf(parsed),
            Min = parsed.GetRequiredValue(_min),
            Max = parsed.GetRequiredValue(_max),
            Confidence = parsed.GetRequiredValue(_confidence),
            Prior = parsed.GetValue(_prior) == "flat" ? PriorKind.Flat : PriorKind.Learned,
            Growth = parsed.GetRequiredValue(_growth),
            Futility = parsed.GetRequiredValue(_futility),
            Indifference = parsed.GetRequiredValue(_indifference),
            Judgements = parsed.GetValue(_budget),
            Tokens = parsed.GetValue(_budgetTokens),
            Cost = parsed.GetValue(_budgetCost),
        },
        Meta = new MetaOptions
        {
            Model = metaName,
            Keep = parsed.GetRequiredValue(_keep),
            Use = parsed.Named<MetaUse>(_use),
            Temperature = parsed.GetRequiredValue(_metaTemperature),
        },
        Tournament = TournamentOf(parsed),
        Rule = RuleOf(parsed),
        Panel = PanelOf(parsed),
        Prior = parsed.GetValue(_prior) is { } prior and not ("learned" or "flat") ? PriorFiles.ReadPrior(prior) : null,
        Calibration = parsed.GetValue(_calibration) is { } calibration ? PriorFiles.ReadCalibration(calibration) : null,
        Seed = parsed.GetRequiredValue(_seed),
    };

    /// <summary>A vote on a run goes by the run's own tournament and seed, where the options don't say otherwise.</summary>
    public EvaluationRequest AsPlayed(ParseResult parsed, EvaluationRequest request, EvaluationRequest? run) => run is null ? request : request with
    {
        Tournament = parsed.GetResult(_tournament) is { Implicit: false } ? request.Tournament : run.Tournament,
        Seed = parsed.GetResult(_seed) is { Implicit: false } ? request.Seed : run.Seed,
    };

    /// <summary>Whether <c>--panel</c> is given.</summary>
    public bool HasPanel(ParseResult parsed) => parsed.GetResult(_panel) is { Implicit: false };

    private PanelWeights? PanelOf(ParseResult parsed) => parsed.GetValue(_panel) is { } panel && panel != Equal && LearnedPanelOf(parsed) is null ? PanelFiles.Read(panel) : null;

    private TournamentOptions TournamentOf(ParseResult parsed)
    {
        string? rating = parsed.GetValue(_rating);
        TournamentKind kind = parsed.Named<TournamentKind>(_tournament);
        if (kind == TournamentKind.Knockout && rating is not null)
        {
            throw new CommandException(ExitCodes.Usage, "--rating: a knockout ranks by the round that each reached; ratings are for round-robin and swiss");
        }

        if (kind != TournamentKind.Swiss && parsed.GetValue(_rounds) is not null)
        {
            throw new CommandException(ExitCodes.Usage, "--rounds is for --tournament swiss");
        }

        if (kind is not (TournamentKind.Random or TournamentKind.Anchors) && parsed.GetValue(_opponents) is not null)
        {
            throw new CommandException(ExitCodes.Usage, "--opponents is for --tournament random and anchors");
        }

        return new TournamentOptions
        {
            Kind = kind,
            Votes = parsed.GetValue(_votes),
            Rounds = parsed.GetValue(_rounds),
            Opponents = parsed.GetValue(_opponents),
            SharedBracket = parsed.GetValue(_shared),
            Rating = rating is "elo" or "elo-average" ? RatingKind.Elo : RatingKind.Votes,
            Elo = new EloOptions
            {
                K = parsed.GetRequiredValue(_eloK),
                Initial = parsed.GetRequiredValue(_eloInitial),
                Scale = parsed.GetRequiredValue(_eloScale),
                Base = parsed.GetRequiredValue(_eloBase),
                Orders = rating == "elo-average" ? parsed.GetRequiredValue(_eloOrders) : 0,
            },
            Teams = TeamsOf(parsed.GetValue(_teams)),
        };
    }

    /// <summary>The rule that one of <see cref="Rules"/> names.</summary>
    public static VotingRule RuleOf(string word) => word == "btd" ? VotingRule.BradleyTerryDavidson : OptionExtensions.Named<VotingRule>(word);

    private VotingRule RuleOf(ParseResult parsed)
    {
        VotingRule rule = RuleOf(parsed.GetRequiredValue(_rule));
        return parsed.GetValue(_rating) == "bradley-terry" && rule is not (VotingRule.Auto or VotingRule.BradleyTerryDavidson)
            ? throw new CommandException(ExitCodes.Usage, "--rating bradley-terry goes with --rule auto (draws are half a win) or btd (draws have a parameter)")
            : rule;
    }

    private static TeamOptions? TeamsOf(string? teams) => teams switch
    {
        null => null,
        "boxed" => new TeamOptions(),
        _ when teams.StartsWith("pattern:", StringComparison.Ordinal) => new TeamOptions { Answer = AnswerKind.Pattern, Pattern = teams["pattern:".Length..] },
        _ when teams.StartsWith("json:", StringComparison.Ordinal) => new TeamOptions { Answer = AnswerKind.Json, Path = teams["json:".Length..] },
        _ => throw new CommandException(ExitCodes.Usage, $"--teams {teams}: boxed, pattern:REGEX or json:PATH is needed"),
    };
}
