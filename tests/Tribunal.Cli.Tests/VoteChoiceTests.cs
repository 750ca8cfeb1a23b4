using System.CommandLine;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.MetaReward;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Cli.Tests;

public sealed class VoteChoiceTests
{
    [Fact]
    public void What_is_not_said_is_what_requests_default_to() =>
        Assert.Equal(new EvaluationRequest { Batch = "b" }, Read(""));

    [Fact]
    public void Every_constant_of_a_tournament_can_be_said()
    {
        EvaluationRequest request = Read("""
            --policy adaptive --min 4 --max 64 --growth 1.5 --futility 0.2 --indifference 0.05 --meta-use weight --meta-temperature 2 --rule btd
            --tournament swiss --rounds 3 --shared-bracket --rating elo-average --elo-k 4 --elo-initial 1500 --elo-scale 200 --elo-base 2 --elo-orders 7
            --teams pattern:Answer:(.*)
            """);
        Assert.Equal(
            new TournamentOptions
            {
                Kind = TournamentKind.Swiss,
                Rounds = 3,
                SharedBracket = true,
                Rating = RatingKind.Elo,
                Elo = new EloOptions { K = 4, Initial = 1500, Scale = 200, Base = 2, Orders = 7 },
                Teams = new TeamOptions { Answer = AnswerKind.Pattern, Pattern = "Answer:(.*)" },
            },
            request.Tournament);
        Assert.Equal(new PolicyOptions { Kind = PolicyKind.Adaptive, Min = 4, Max = 64, Growth = 1.5, Futility = 0.2, Indifference = 0.05 }, request.Policy);
        Assert.Equal((MetaUse.Weight, 2.0, VotingRule.BradleyTerryDavidson), (request.Meta.Use, request.Meta.Temperature, request.Rule));
    }

    [Theory]
    [InlineData("--budget 100", 100L, null, null)]
    [InlineData("--budget-tokens 5000", null, 5000L, null)]
    [InlineData("--budget-cost 1.5", null, null, 1.5)]
    public void A_budget_is_judgements_tokens_or_money(string option, long? judgements, long? tokens, double? cost)
    {
        PolicyOptions policy = Read($"--policy budget {option}").Policy;
        Assert.Equal((PolicyKind.Budget, judgements, tokens, cost), (policy.Kind, policy.Judgements, policy.Tokens, policy.Cost));
    }

    [Theory]
    [InlineData("--rating elo", 0)]
    [InlineData("--rating elo-average", 100)]
    public void Elo_is_rated_in_the_order_played_or_over_many(string option, int orders) => Assert.Equal(orders, Read(option).Tournament.Elo.Orders);

    [Theory]
    [InlineData("--teams", "boxed", AnswerKind.Boxed, null)]
    [InlineData("--teams", "json:$.answer[0]", AnswerKind.Json, "$.answer[0]")]
    public void Teams_say_where_the_answer_stands(string option, string value, AnswerKind kind, string? path)
    {
        TeamOptions teams = Read($"{option} {value}").Tournament.Teams!;
        Assert.Equal((kind, path), (teams.Answer, teams.Path));
    }

    [Theory]
    [InlineData("--tournament knockout --rating elo", "--rating")]
    [InlineData("--tournament knockout --rounds 3", "--rounds")]
    [InlineData("--rating bradley-terry --rule majority", "--rating")]
    [InlineData("--teams numbers", "--teams")]
    public void What_contradicts_itself_is_refused_by_name(string options, string named)
    {
        CommandException refusal = Assert.Throws<CommandException>(() => Read(options));
        Assert.Equal(ExitCodes.Usage, refusal.ExitCode);
        Assert.StartsWith(named, refusal.Message, StringComparison.Ordinal);
    }

    private static EvaluationRequest Read(string options)
    {
        var choice = new VoteChoice();
        var command = new Command("test");
        choice.AddTo(command);
        ParseResult parsed = command.Parse(options.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        Assert.Empty(parsed.Errors);
        return choice.ToRequest(parsed, "b", "auto", null);
    }
}
