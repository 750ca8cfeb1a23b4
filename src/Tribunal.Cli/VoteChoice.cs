using System.CommandLine;
using Tribunal.MetaReward;
using Tribunal.Pipeline.Orchestration;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Cli;

/// <summary>The options of policies, votes and tournaments, the same for scoring and for voting again.</summary>
internal sealed class VoteChoice
{
    private readonly Option<int> _samples = new("--samples", "-k") { Description = "Judgements per rollout (per match in a tournament) under the fixed policy.", DefaultValueFactory = static _ => 8, HelpName = "K" };
    private readonly Option<string> _policy = new("--policy") { Description = "When to stop sampling: fixed, adaptive, certified or budget.", DefaultValueFactory = static _ => "fixed" };
    private readonly Option<int> _min = new("--min") { Description = "First round of the other policies.", DefaultValueFactory = static _ => 2 };
    private readonly Option<int> _max = new("--max") { Description = "Most judgements of the other policies.", DefaultValueFactory = static _ => 32 };
    private readonly Option<double> _confidence = new("--confidence") { Description = "Probability that the leader leads (adaptive), or 1 - the error promised (certified).", DefaultValueFactory = static _ => 0.95, HelpName = "P" };
    private readonly Option<long?> _budget = new("--budget") { Description = "Total judgements over the batch, for the budget policy." };
    private readonly Option<string> _meta = new("--meta") { Description = "The meta reward model: none, simulated, or its address.", DefaultValueFactory = static _ => "none", HelpName = "none|simulated|URL" };
    private readonly Option<double> _keep = new("--keep") { Description = "Fraction of the valid judgements that votes, by highest meta reward.", DefaultValueFactory = static _ => 0.5, HelpName = "FRACTION" };
    private readonly Option<string> _use = new("--meta-use") { Description = "Whether meta rewards filter judgements or weigh them.", DefaultValueFactory = static _ => "filter" };
    private readonly Option<string> _rule = new("--rule") { Description = "The vote: auto, sum, mean, majority or btd (Bradley-Terry with ties).", DefaultValueFactory = static _ => "auto" };
    private readonly Option<string> _tournament = new("--tournament") { Description = "How a pair judge ranks more than two: none (round robin), round-robin, knockout or swiss.", DefaultValueFactory = static _ => "none" };
    private readonly Option<int?> _votes = new("--votes") { Description = "Judgements per match.", HelpName = "V" };
    private readonly Option<long> _seed = new("--seed") { Description = "Presentation orders, sampling seeds and tie breaks derive from it.", DefaultValueFactory = static _ => 0, HelpName = "S" };

    public VoteChoice()
    {
        _policy.AcceptOnlyFromAmong("fixed", "adaptive", "certified", "budget");
        _use.AcceptOnlyFromAmong("filter", "weight");
        _rule.AcceptOnlyFromAmong("auto", "sum", "mean", "majority", "btd");
        _tournament.AcceptOnlyFromAmong("none", "round-robin", "knockout", "swiss");
    }

    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_samples, _policy, _min, _max, _confidence, _budget, _meta, _keep, _use, _rule, _tournament, _votes, _seed])
        {
            command.Add(option);
        }
    }

    public string MetaOf(ParseResult parsed) => parsed.GetRequiredValue(_meta);

    public int SamplesOf(ParseResult parsed) => parsed.GetRequiredValue(_samples);

    public bool HasSamples(ParseResult parsed) => parsed.GetResult(_samples) is { Implicit: false };

    /// <summary>The request these options ask for.</summary>
    public EvaluationRequest ToRequest(ParseResult parsed, string batch, string protocol, string? metaName) => new()
    {
        Batch = batch,
        Protocol = protocol,
        Policy = new PolicyOptions
        {
            Kind = parsed.GetRequiredValue(_policy) switch
            {
                "adaptive" => PolicyKind.Adaptive,
                "certified" => PolicyKind.Certified,
                "budget" => PolicyKind.Budget,
                _ => PolicyKind.Fixed,
            },
            Samples = parsed.GetRequiredValue(_samples),
            Min = parsed.GetRequiredValue(_min),
            Max = parsed.GetRequiredValue(_max),
            Confidence = parsed.GetRequiredValue(_confidence),
            Judgements = parsed.GetValue(_budget),
        },
        Meta = new MetaOptions
        {
            Model = metaName,
            Keep = parsed.GetRequiredValue(_keep),
            Use = parsed.GetValue(_use) == "weight" ? MetaUse.Weight : MetaUse.Filter,
        },
        Tournament = new TournamentOptions
        {
            Kind = parsed.GetRequiredValue(_tournament) switch
            {
                "round-robin" => TournamentKind.RoundRobin,
                "knockout" => TournamentKind.Knockout,
                "swiss" => TournamentKind.Swiss,
                _ => TournamentKind.None,
            },
            Votes = parsed.GetValue(_votes),
        },
        Rule = parsed.GetRequiredValue(_rule) switch
        {
            "sum" => VotingRule.Sum,
            "mean" => VotingRule.Mean,
            "majority" => VotingRule.Majority,
            "btd" => VotingRule.BradleyTerryDavidson,
            _ => VotingRule.Auto,
        },
        Seed = parsed.GetRequiredValue(_seed),
    };
}
