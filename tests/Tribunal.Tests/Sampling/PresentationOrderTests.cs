using CsCheck;
using Tribunal.Sampling;

namespace Tribunal.Tests.Sampling;

public sealed class PresentationOrderTests
{
    [Fact]
    public void Votes_of_a_pair_come_in_mirrored_twos() => Gen.Select(Gen.Long, Gen.String, Gen.Int[0, 511])
        .Sample((seed, id, block) =>
        {
            int[] first = PresentationOrder.Pair(seed, id, 4, 2, 2 * block);
            int[] second = PresentationOrder.Pair(seed, id, 2, 4, (2 * block) + 1);
            Assert.Equal([2, 4], first.Order());
            Assert.Equal(first.Reverse(), second);
        });

    [Fact]
    public void Which_order_comes_first_is_seeded_and_even()
    {
        int ascending = Enumerable.Range(0, 4000).Count(i => PresentationOrder.Pair(7, $"r{i}", 0, 1, 0)[0] == 0);
        Assert.InRange(ascending, 1850, 2150);
        Assert.Equal(PresentationOrder.Pair(7, "r", 0, 1, 6), PresentationOrder.Pair(7, "r", 0, 1, 6));
    }

    [Fact]
    public void Lists_are_permutations_each_position_as_often_as_any_other()
    {
        int[,] seen = new int[4, 4];
        for (int sample = 0; sample < 4000; sample++)
        {
            int[] order = PresentationOrder.List(3, "r", sample, 4);
            Assert.Equal([0, 1, 2, 3], order.Order());
            for (int position = 0; position < 4; position++)
            {
                seen[position, order[position]]++;
            }
        }

        Assert.All(seen.Cast<int>(), count => Assert.InRange(count, 880, 1120));
    }

    [Fact]
    public void Lists_of_two_are_balanced_like_pairs() =>
        Assert.Equal(PresentationOrder.List(5, "r", 8, 2).Reverse(), PresentationOrder.List(5, "r", 9, 2));

    [Fact]
    public void Seeds_differ_inside_a_rollout_and_stay_small() => Gen.Select(Gen.Long, Gen.String).Sample((seed, id) =>
    {
        long[] seeds = [.. Enumerable.Range(0, 1024).Select(sample => SampleSeed.Of(seed, id, sample))];
        Assert.Equal(1024, seeds.Distinct().Count());
        Assert.All(seeds, s => Assert.InRange(s, 0, int.MaxValue));
    });

    [Fact]
    public void Seeds_are_the_same_in_every_process()
    {
        Assert.Equal(SampleSeed.Of(1, "r", 0), SampleSeed.Of(1, "r", 0));
        Assert.NotEqual(SampleSeed.Of(1, "r", 0), SampleSeed.Of(2, "r", 0));
        Assert.NotEqual(SampleSeed.Of(1, "r", 0), SampleSeed.Of(1, "s", 0));
    }
}
