using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Tests.Verdicts;

namespace Tribunal.Tests.Judgements;

public sealed class OrderEffectsTests
{
    private static readonly Rollout Rollout = Ledgers.Rollout(3);

    [Fact]
    public void The_jth_judgement_in_one_order_is_matched_with_the_jth_in_the_other()
    {
        Judgement[] ledger =
        [
            Ledgers.Pair(0, 0, 1, 0), Ledgers.Pair(3, 0, 1, 1, order: [1, 0]),
            Ledgers.Pair(6, 0, 1, 1), Ledgers.Pair(9, 0, 1, 1, order: [1, 0]),
            Ledgers.Pair(12, 0, 1, 0),
            Ledgers.Pair(2, 1, 2, 2),
        ];
        Assert.Equal(new OrderEffects(Decided: 6, FirstShown: 4, Matched: 2, Flipped: 1), OrderEffects.Of(Rollout, ledger));
    }

    [Fact]
    public void Draws_lists_of_more_and_judgements_without_a_verdict_decide_nothing()
    {
        Judgement[] ledger =
        [
            Ledgers.Pair(0, 0, 1, null),
            Ledgers.List(0, [1, 2, 3]),
            Ledgers.Without(1, JudgementOutcome.Unparsable),
            Ledgers.List(2, [4, 4]),
        ];
        Assert.Equal(default, OrderEffects.Of(Rollout, ledger));
        Assert.Equal(new OrderEffects(1, 1, 0, 0), OrderEffects.Of(Ledgers.Rollout(2), [Ledgers.List(0, [9, 2])]));
    }

    [Fact]
    public void They_add_up() =>
        Assert.Equal(new OrderEffects(11, 22, 33, 44), new OrderEffects(1, 2, 3, 4) + new OrderEffects(10, 20, 30, 40));
}
