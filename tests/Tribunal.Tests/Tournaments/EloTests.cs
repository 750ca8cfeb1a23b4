using CsCheck;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Tournaments;

namespace Tribunal.Tests.Tournaments;

public sealed class EloTests
{
    // pizza 0, burger 1, sushi 2
    private static readonly MatchResult[] Food = [new(0, 1, 1), new(2, 1, 1), new(0, 2, 0.5)];

    [Fact]
    public void Pizza_burger_sushi_have_the_known_ratings()
    {
        double[] ratings = Elo.Rate(3, Food, new EloOptions { K = 30 });
        Assert.Equal(1014.972058, ratings[0], 6);
        Assert.Equal(970.647200, ratings[1], 6);
        Assert.Equal(1014.380742, ratings[2], 6);
    }

    [Fact]
    public void Constants_can_be_set()
    {
        double[] ratings = Elo.Rate(2, [new(0, 1, 1)], new EloOptions { K = 4, Initial = 0 });
        Assert.Equal([2, -2], ratings);
        Assert.Equal(0.9, Elo.Expected(1, 0, new EloOptions { Base = 9, Scale = 1 }), 12);
    }

    [Fact]
    public void The_average_does_not_depend_on_the_order_played()
    {
        var options = new EloOptions { Orders = 50 };
        double[] forward = Elo.Rate(3, Food, options, 1);
        double[] backward = Elo.Rate(3, [.. Food.Reverse()], options, 1);
        Assert.Equal(forward, backward);
        Assert.NotEqual(Elo.Rate(3, Food), Elo.Rate(3, [.. Food.Reverse()]));
        Assert.Equal(3000, forward.Sum(), 6);
    }

    [Fact]
    public void No_order_of_any_matches_changes_the_average() =>
        Gen.Select(Gen.Int[0, 14], Gen.Int[0, 2]).Array[1, 25].Select(Gen.ULong).Sample((games, seed) =>
        {
            MatchResult[] played = [.. games.Select(g => (Pair: PairIndex.At(g.Item1, 6), Score: g.Item2 / 2.0)).Select(g => new MatchResult(g.Pair.I, g.Pair.J, g.Score))];
            MatchResult[] shuffled = [.. played];
            var random = new SeededRandom(seed);
            random.Shuffle(shuffled.AsSpan());
            var options = new EloOptions { Orders = 20 };
            double[] ratings = Elo.Rate(6, played, options, seed);
            Assert.Equal(ratings, Elo.Rate(6, shuffled, options, seed));
            Assert.Equal(6000, ratings.Sum(), 6);
        }, iter: 300);

    [Fact]
    public void Rewards_follow_the_ratings()
    {
        double[] rewards = Elo.Rewards(Elo.Rate(3, Food), new EloOptions());
        Assert.True(rewards[0] > rewards[2] && rewards[2] > rewards[1]);
        Assert.Equal(1.5, rewards.Sum(), 9);
    }
}
