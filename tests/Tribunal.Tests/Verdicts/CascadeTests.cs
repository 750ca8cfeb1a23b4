using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Tests.Verdicts;

/// <summary>A cheap judge first, and a dear one where the cheap one is not sure.</summary>
public sealed class CascadeTests
{
    private static readonly RoutingTable Table = new() { Routes = [new Route { Name = "dear", Judge = "big", Below = 0.9 }] };
    private static readonly IProtocol Protocol = ProtocolCatalog.Resolve("rrm", modelName: null).Protocol;

    [Fact]
    public void The_dear_judge_begins_where_the_cheap_one_has_ended_and_is_not_sure_and_votes_alone()
    {
        Rollout rollout = Ledgers.Rollout(2);
        Router router = RouterOf(cheapVotes: 4);
        Judgement[] cheap = [.. Enumerable.Range(0, 4).Select(v => Ledgers.Pair(v, 0, 1, v % 2))];
        Assert.Equal("default", router.Find(rollout, cheap[..3]).Branch.Name);

        RoutedRollout open = router.Find(rollout, cheap);
        Assert.Equal("dear", open.Branch.Name);
        Assert.Empty(open.Ledger);

        Judgement dear = Ledgers.Pair(open.Branch.NumberOf(0), 0, 1, 1);
        Assert.Equal([0], router.Find(rollout, [.. cheap, dear]).Ledger.Select(static judgement => judgement.Sample));
    }

    [Fact]
    public void A_cheap_judge_that_is_sure_has_the_last_word()
    {
        Judgement[] unanimous = [.. Enumerable.Range(0, 4).Select(static v => Ledgers.Pair(v, 0, 1, 1))];
        RoutedRollout at = RouterOf(cheapVotes: 4).Find(Ledgers.Rollout(2), unanimous);
        Assert.Equal("default", at.Branch.Name);
        Assert.Equal(4, at.Ledger.Count);
    }

    [Fact]
    public void A_line_that_goes_by_sureness_names_another_judge_and_a_share()
    {
        Assert.Empty(Table.Problems());
        Assert.NotEmpty(new RoutingTable { Routes = [new Route { Below = 0.9, ThinkingTokens = 100 }] }.Problems());
        Assert.NotEmpty(new RoutingTable { Routes = [new Route { Below = 1.5, Judge = "big" }] }.Problems());
        Assert.Equal("any,below=0.9", RoutingTable.NameOf(new Route { Below = 0.9, Judge = "big" }));
    }

    private static Router RouterOf(int cheapVotes) => new(
        new Branch(RoutingTable.Default, SchemeOf(cheapVotes), Protocol),
        Table,
        [new Branch("dear", SchemeOf(1), Protocol, Apart: true)]);

    private static IJudgingScheme SchemeOf(int votes) => JudgingSchemes.Create(new SchemeOptions { Kind = JudgingKind.Pairwise, Policy = new PolicyOptions { Samples = votes } });
}
