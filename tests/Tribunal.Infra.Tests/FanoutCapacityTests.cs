using CsCheck;
using Tribunal.Azure.Names;
using Tribunal.Infra.Functions;

namespace Tribunal.Infra.Tests;

/// <summary>The fan-out can neither starve nor flood the judge.</summary>
public sealed class FanoutCapacityTests
{
    private static readonly int[] Slots = [1, 2, 3, 8, 13, 16, 20, 32, 64, 100, 128, 256, 512, 1024, 2048, 4096];
    private static readonly double[] Headrooms = [1, 1.25, 1.5, 2, 3, 4];
    private static readonly int[] SmallestCaps = [1, 40];
    private static readonly int[] AlwaysReady = [0, 1, 5, 40];
    private static readonly int[] Chunks = [1, 16, 64];

    [Fact]
    public void Caps_hold_over_the_grid_or_the_last_request_is_answered_in_time()
    {
        int held = 0, overfilled = 0;
        foreach (FanoutDemand demand in Grid())
        {
            FanoutCapacity capacity = FanoutCapacity.For(demand);
            Always(demand, capacity);
            if (Best(demand) is { } best)
            {
                Assert.Equal(best, (capacity.ChunkJudgements, capacity.ActivitiesPerInstance));
                Assert.True(capacity.AtMost <= demand.Headroom * demand.Slots, $"floods: {demand}");
                held++;
            }
            else
            {
                // The floor of instances alone is more than the bound: one request each, and all are answered in time.
                Assert.Equal((1, 1), (capacity.ActivitiesPerInstance, capacity.ChunkJudgements));
                Assert.True(Math.Ceiling((double)capacity.AtMost / demand.Slots) * demand.JudgementSeconds <= demand.RequestSeconds, $"times out: {demand}");
                overfilled++;
            }
        }

        Assert.True(held > 300 && overfilled > 100, $"{held} held, {overfilled} overfilled: the grid tests one side only");
    }

    [Fact]
    public void A_region_with_no_floor_overfills_nothing_that_has_headroom() => Assert.All(
        Grid().Where(demand => demand is { SmallestCap: 1, AlwaysReady: 0, Headroom: >= 2 }),
        demand => Assert.True(FanoutCapacity.For(demand).AtMost <= demand.Headroom * demand.Slots, $"{demand}"));

    [Fact]
    public void Caps_hold_for_any_demand_that_is_not_refused() => Gen.Select(
            Gen.Int[1, 4096], Gen.Double[1, 4], Gen.Int[1, 256], Gen.Int[1, 256], Gen.Int[0, 50], Gen.Int[1, 60], Gen.Double[0.5, 300])
        .Sample((slots, headroom, chunk, perInstance, ready, smallest, seconds) =>
        {
            FanoutDemand demand = new()
            {
                Slots = slots, Headroom = headroom, ChunkJudgements = chunk, RequestsPerInstance = perInstance, AlwaysReady = ready, SmallestCap = smallest, JudgementSeconds = seconds,
            };
            try
            {
                Always(demand, FanoutCapacity.For(demand));
            }
            catch (CapacityException refusal)
            {
                Assert.NotEmpty(refusal.Message);
            }
        });

    [Fact]
    public void No_judge_of_several_is_flooded()
    {
        foreach (FanoutDemand demand in Grid())
        {
            FanoutCapacity capacity = FanoutCapacity.For(demand);
            for (int slots = 1; slots <= demand.Slots; slots *= 2)
            {
                int limit = capacity.RequestsFor(slots);
                Assert.InRange(limit, 1, capacity.RequestsPerInstance);
                Assert.True(limit == 1 || limit * capacity.Instances <= demand.Headroom * slots, $"{slots} of {demand}");
            }
        }
    }

    [Theory]
    [InlineData(8, 0, 40, 40, 1, 1, 2)]
    [InlineData(128, 1, 40, 40, 1, 6, 2)]
    [InlineData(128, 0, 1, 2, 4, 16, 2)]
    [InlineData(1024, 0, 40, 40, 3, 16, 4)]
    public void Worked_examples(int slots, int ready, int smallest, int cap, int activities, int requests, int window)
    {
        FanoutCapacity capacity = FanoutCapacity.For(new FanoutDemand { Slots = slots, AlwaysReady = ready, SmallestCap = smallest });
        Assert.Equal((cap, activities, requests, window), (capacity.InstanceCap, capacity.ActivitiesPerInstance, capacity.ChunkJudgements, capacity.ShardWindow));
    }

    [Fact]
    public void A_floor_that_makes_requests_time_out_is_refused() => Assert.Contains(
        "always ready",
        Assert.Throws<CapacityException>(() => FanoutCapacity.For(new FanoutDemand { Slots = 1, AlwaysReady = 100, JudgementSeconds = 60 })).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_backend_that_cannot_move_the_work_items_is_refused()
    {
        FanoutDemand demand = new() { Slots = 2048, ChunkJudgements = 2, JudgementSeconds = 5 };
        Assert.Contains("durable backend", Assert.Throws<CapacityException>(() => FanoutCapacity.For(demand)).Message, StringComparison.Ordinal);
        Assert.Equal(2048, FanoutCapacity.For(demand with { BackendItemsPerSecond = 500 }).Slots);
    }

    [Fact]
    public void A_meta_reward_model_that_cannot_keep_up_is_refused()
    {
        FanoutDemand demand = new() { Slots = 128, MetaSlots = 1, MetaSeconds = 0.5 };
        Assert.Contains("meta", Assert.Throws<CapacityException>(() => FanoutCapacity.For(demand)).Message, StringComparison.Ordinal);
        Assert.Equal(128, FanoutCapacity.For(demand with { MetaSlots = 13 }).Slots);
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task The_deployment_says_what_the_formula_says(string stack)
    {
        DeploymentSettings settings = Stacks.Settings(stack);
        FanoutCapacity capacity = settings.Fanout();
        Deployed deployed = await Stacks.DeployAsync(settings, stack);

        Assert.Equal($"{capacity.InstanceCap}", deployed.One("WebApp").Text("functionAppConfig.scaleAndConcurrency.maximumInstanceCount"));
        Assert.Equal($"{capacity.ActivitiesPerInstance}", deployed.Outputs[DeploymentOutputs.ActivitiesPerInstance]!.ToString());
        Assert.Equal($"{capacity.RequestsPerInstance}", deployed.FunctionSettings["Tribunal__Judges__judge__Concurrency"]);
        Assert.Equal($"{capacity.ChunkJudgements}", deployed.FunctionSettings[SettingNames.ToAppSetting(SettingNames.ChunkJudgements)]);
        Assert.Equal($"{capacity.ShardWindow}", deployed.FunctionSettings[SettingNames.ToAppSetting(SettingNames.ShardWindow)]);
        Assert.Equal(settings.Judges[0].Model.Slots, capacity.Slots);
    }

    private static IEnumerable<FanoutDemand> Grid() =>
        from slots in Slots
        from headroom in Headrooms
        from smallest in SmallestCaps
        from ready in AlwaysReady
        from chunk in Chunks
        where slots / chunk <= 1024
        select new FanoutDemand
        {
            Slots = slots, Headroom = headroom, SmallestCap = smallest, AlwaysReady = ready, ChunkJudgements = chunk, JudgementSeconds = 7, BackendItemsPerSecond = 10_000,
        };

    private static void Always(FanoutDemand demand, FanoutCapacity capacity)
    {
        Assert.Equal(demand.Slots, capacity.Slots);
        Assert.Equal(capacity.InstanceCap + demand.AlwaysReady, capacity.Instances);
        Assert.Equal(capacity.Instances * capacity.ActivitiesPerInstance * capacity.ChunkJudgements, capacity.AtMost);
        Assert.True(capacity.AtMost >= demand.Slots, $"starves: {demand}");
        Assert.InRange(capacity.InstanceCap, demand.SmallestCap, demand.LargestCap);
        Assert.InRange(capacity.RequestsPerInstance, 1, demand.RequestsPerInstance);
        Assert.InRange(capacity.ChunkJudgements, 1, demand.ChunkJudgements);
        Assert.True(capacity.ShardWindow * 32 * capacity.ChunkJudgements >= demand.Slots, $"shards can't keep the slots full: {demand}");
    }

    /// <summary>By trying every pair: the largest chunk, and with it the most activities, that neither starve nor flood.</summary>
    private static (int Requests, int Activities)? Best(FanoutDemand demand)
    {
        (int Requests, int Activities)? best = null;
        for (int requests = 1; requests <= demand.ChunkJudgements; requests++)
        {
            for (int activities = 1; activities * requests <= demand.RequestsPerInstance; activities++)
            {
                int cap = demand.SmallestCap;
                while ((cap + demand.AlwaysReady) * activities * requests < demand.Slots)
                {
                    cap++;
                }

                if (cap <= demand.LargestCap && (cap + demand.AlwaysReady) * activities * requests <= demand.Headroom * demand.Slots)
                {
                    best = (requests, activities);
                }
            }
        }

        return best;
    }
}
