using CsCheck;
using Tribunal.Judgements;
using Tribunal.Voting;

namespace Tribunal.Tests.Voting;

public sealed class BradleyTerryTests
{
    private static readonly string[] Teams = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"];

    // Wins of the row over the column, American League East 1987 (A. Agresti, Categorical Data Analysis).
    private static readonly int[,] Baseball =
    {
        { 0, 7, 9, 7, 7, 9, 11 },
        { 6, 0, 7, 5, 11, 9, 9 },
        { 4, 6, 0, 7, 7, 8, 12 },
        { 6, 8, 6, 0, 6, 7, 10 },
        { 6, 2, 6, 7, 0, 7, 12 },
        { 4, 4, 5, 6, 6, 0, 6 },
        { 2, 4, 1, 3, 1, 7, 0 },
    };

    [Fact]
    public void Baseball_of_1987_has_the_published_abilities()
    {
        // baseballModel1 of the vignette of R's BradleyTerry2 (H. Turner, D. Firth), Baltimore as the reference.
        double[] published = [1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0];
        var fit = BradleyTerry.Fit(Tally(), new BradleyTerryOptions { Prior = 0 });
        for (int i = 0; i < Teams.Length; i++)
        {
            Assert.Equal(published[i], fit.LogStrengths[i] - fit.LogStrengths[6], 4);
        }

        // Its standard errors: Boston 0.3339, Cleveland 0.3319, Milwaukee 0.3433.
        Assert.Equal(0.3339, fit.StandardError(4, 6), 4);
        Assert.Equal(0.3319, fit.StandardError(5, 6), 4);
        Assert.Equal(0.3433, fit.StandardError(0, 6), 4);
        (double low, double high) = fit.Interval(4, 6);
        Assert.Equal(1.1077 - (1.959964 * 0.3339), low, 3);
        Assert.Equal(1.1077 + (1.959964 * 0.3339), high, 3);
    }

    [Fact]
    public void A_weak_prior_hardly_moves_it()
    {
        var fit = BradleyTerry.Fit(Tally());
        Assert.Equal(1.5814, fit.LogStrengths[0] - fit.LogStrengths[6], 1);
    }

    [Fact]
    public void Davidson_reproduces_expected_wins_and_draws() =>
        Gen.Int[1, 9].Array[24].Sample(counts =>
        {
            // At the maximum, expected points and expected draws are the observed ones (Davidson 1970, equations 2.6 and 2.7).
            var tally = new PairTally(4);
            int at = 0;
            for (int i = 0; i < 4; i++)
            {
                for (int j = i + 1; j < 4; j++)
                {
                    tally.AddWin(i, j, counts[at++]);
                    tally.AddWin(j, i, counts[at++]);
                    tally.AddDraw(i, j, counts[at++]);
                }
            }

            var fit = BradleyTerry.Fit(tally, new BradleyTerryOptions { Prior = 0, Ties = true });
            double draws = 0;
            for (int i = 0; i < 4; i++)
            {
                double points = 0;
                double expected = 0;
                for (int j = 0; j < 4; j++)
                {
                    if (j == i)
                    {
                        continue;
                    }

                    double games = tally.Wins(i, j) + tally.Wins(j, i) + tally.Draws(i, j);
                    points += tally.Wins(i, j) + (tally.Draws(i, j) / 2);
                    expected += games * fit.WinProbability(i, j);
                    double even = fit.Tie * Math.Exp((fit.LogStrengths[i] + fit.LogStrengths[j]) / 2);
                    draws += j > i ? games * even / (Math.Exp(fit.LogStrengths[i]) + Math.Exp(fit.LogStrengths[j]) + even) : 0;
                }

                Assert.Equal(points, expected, 5);
            }

            Assert.Equal(tally.TotalDraws, draws, 5);
        }, iter: 200);

    [Fact]
    public void The_order_of_judgements_and_of_names_does_not_matter() =>
        Gen.Select(Gen.Int[0, 9], Gen.Int[0, 2]).Array[1, 40].Select(Gen.ULong).Sample((games, seed) =>
        {
            var random = new Tribunal.Rollouts.SeededRandom(seed);
            (int, int)[] shuffled = [.. games];
            random.Shuffle(shuffled.AsSpan());
            int[] names = [0, 1, 2, 3, 4];
            random.Shuffle(names.AsSpan());
            foreach (bool ties in new[] { false, true })
            {
                var fit = BradleyTerry.Fit(Played(games, [0, 1, 2, 3, 4]), new BradleyTerryOptions { Ties = ties });
                var again = BradleyTerry.Fit(Played(shuffled, names), new BradleyTerryOptions { Ties = ties });
                for (int i = 0; i < 5; i++)
                {
                    Assert.Equal(fit.Reward(i), again.Reward(names[i]), 6);
                }
            }

            static PairTally Played((int Pair, int Result)[] games, int[] names)
            {
                var tally = new PairTally(5);
                foreach ((int pair, int result) in games)
                {
                    (int i, int j) = PairIndex.At(pair, 5);
                    (i, j) = (names[i], names[j]);
                    if (result == 1)
                    {
                        tally.AddDraw(i, j, 1);
                    }
                    else
                    {
                        tally.AddWin(result == 0 ? i : j, result == 0 ? j : i, 1);
                    }
                }

                return tally;
            }
        }, iter: 200);

    [Fact]
    public void Without_a_prior_the_undefeated_have_no_finite_strength()
    {
        var tally = new PairTally(2);
        tally.AddWin(0, 1, 5);
        Assert.Throws<ArgumentException>(() => BradleyTerry.Fit(tally, new BradleyTerryOptions { Prior = 0 }));
        Assert.InRange(BradleyTerry.Fit(tally).WinProbability(0, 1), 0.9, 0.99);
    }

    [Fact]
    public void The_short_cut_for_two_agrees_with_the_fit() => Gen.Select(Gen.Double[0, 500], Gen.Double[0, 500]).Sample((won, lost) =>
    {
        var tally = new PairTally(2);
        tally.AddWin(0, 1, won);
        tally.AddWin(1, 0, lost);
        Assert.InRange(BradleyTerry.PairReward(won, lost) - BradleyTerry.Fit(tally).Reward(0), -1e-8, 1e-8);
    }, iter: 20_000);

    [Fact]
    public void Rewards_lie_between_0_and_1_and_average_one_half() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3]).Array[10].Sample(games =>
        {
            var tally = new PairTally(5);
            for (int p = 0; p < 10; p++)
            {
                (int i, int j) = PairIndex.At(p, 5);
                tally.AddWin(i, j, games[p].Item1);
                tally.AddWin(j, i, games[p].Item2);
                tally.AddDraw(i, j, games[p].Item3);
            }

            foreach (bool ties in new[] { false, true })
            {
                var fit = BradleyTerry.Fit(tally, new BradleyTerryOptions { Ties = ties });
                double[] rewards = [.. Enumerable.Range(0, 5).Select(fit.Reward)];
                Assert.All(rewards, r => Assert.InRange(r, 0, 1));
                Assert.Equal(0.5, rewards.Average(), 9);
            }
        }, iter: 300);

    private static PairTally Tally()
    {
        var tally = new PairTally(7);
        for (int i = 0; i < 7; i++)
        {
            for (int j = 0; j < 7; j++)
            {
                if (i != j)
                {
                    tally.AddWin(i, j, Baseball[i, j]);
                }
            }
        }

        return tally;
    }
}
