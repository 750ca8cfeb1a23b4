using CsCheck;
using Tribunal.Azure.Names;
using Tribunal.Infra.Functions;

namespace Tribunal.Infra.Tests;

/// <summary>The fan-out can neither starve nor flood the judge.</summary>
public sealed class FanoutCapacityTests
{
    private static readonly int[] Replicas = [1, 2, 3, 4, 7, 8, 16];
    private static readonly int[] Sequences = [1, 2, 4, 8, 13, 16, 32, 64, 128, 256];
    private static readonly double[] Headrooms = [1, 1.25, 1.5, 2, 3, 4];
    private static readonly int[] SmallestCaps = [1, 40];

    [Fact]
    public void Caps_hold_over_the_grid_or_are_refused()
    {
        int held = 0, refused = 0;
        foreach (int replicas in Replicas)
        {
            foreach (int sequences in Sequences)
            {
                foreach (double headroom in Headrooms)
                {
                    foreach (int smallest in SmallestCaps)
                    {
                        FanoutDemand demand = new()
                        {
                            JudgeReplicas = replicas, SequencesPerReplica = sequences, Headroom = headroom, SmallestCap = smallest, JudgementSeconds = 60, BackendItemsPerSecond = 500,
                        };
                        if (Best(demand) is not { } requests)
                        {
                            Assert.Throws<CapacityException>(() => FanoutCapacity.For(demand));
                            refused++;
                            continue;
                        }

                        FanoutCapacity capacity = FanoutCapacity.For(demand);
                        Assert.Equal(requests, capacity.RequestsPerInstance);
                        Hold(demand, capacity);
                        held++;
                    }
                }
            }
        }

        Assert.True(held > 100 && refused > 100, $"{held} held, {refused} refused: the grid tests one side only");
    }

    [Fact]
    public void Caps_hold_for_any_demand_that_is_not_refused() => Gen.Select(
            Gen.Int[1, 50], Gen.Int[1, 512], Gen.Double[1, 4], Gen.Int[1, 256], Gen.Int[1, 256], Gen.Int[0, 10], Gen.Int[1, 60])
        .Sample((replicas, sequences, headroom, chunk, perInstance, others, smallest) =>
        {
            FanoutDemand demand = new()
            {
                JudgeReplicas = replicas, SequencesPerReplica = sequences, Headroom = headroom, ChunkJudgements = chunk,
                RequestsPerInstance = perInstance, OtherInstances = others, SmallestCap = smallest,
            };
            try
            {
                Hold(demand, FanoutCapacity.For(demand));
            }
            catch (CapacityException refusal)
            {
                Assert.NotEmpty(refusal.Message);
            }
        });

    [Theory]
    [InlineData(1, 8, 2, 4, 8, 2, 2)]
    [InlineData(4, 32, 32, 4, 8, 3, 2)]
    [InlineData(8, 64, 64, 8, 12, 5, 3)]
    public void Worked_examples(int replicas, int sequences, int requests, int durable, int cap, int activities, int window)
    {
        FanoutCapacity capacity = FanoutCapacity.For(new FanoutDemand { JudgeReplicas = replicas, SequencesPerReplica = sequences });
        Assert.Equal((requests, durable, cap, activities, window),
            (capacity.RequestsPerInstance, capacity.DurableInstances, capacity.InstanceCap, capacity.ActivitiesPerInstance, capacity.ShardWindow));
    }

    [Fact]
    public void A_backend_that_cannot_move_the_work_items_is_refused()
    {
        FanoutDemand demand = new() { JudgeReplicas = 16, SequencesPerReplica = 128, ChunkJudgements = 2, JudgementSeconds = 5 };
        Assert.Contains("durable backend", Assert.Throws<CapacityException>(() => FanoutCapacity.For(demand)).Message, StringComparison.Ordinal);
        Assert.Equal(2048, FanoutCapacity.For(demand with { BackendItemsPerSecond = 500 }).Slots);
    }

    [Fact]
    public void A_meta_reward_model_that_cannot_keep_up_is_refused()
    {
        FanoutDemand demand = new() { JudgeReplicas = 4, SequencesPerReplica = 32, MetaSlots = 1, MetaSeconds = 0.5 };
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
        Assert.Equal($"{capacity.ActivitiesPerInstance}", deployed.FunctionSettings[SettingNames.HostActivities]);
        Assert.Equal($"{capacity.RequestsPerInstance}", deployed.FunctionSettings["Tribunal__Judges__judge__Concurrency"]);
        Assert.Equal($"{capacity.ChunkJudgements}", deployed.FunctionSettings[SettingNames.ToAppSetting(SettingNames.ChunkJudgements)]);
        Assert.Equal($"{capacity.ShardWindow}", deployed.FunctionSettings[SettingNames.ToAppSetting(SettingNames.ShardWindow)]);
        Declared judge = deployed.One("ContainerApp", "judge");
        int replicas = int.Parse(judge.Text("template.scale.maxReplicas")!, System.Globalization.CultureInfo.InvariantCulture);
        int sequences = int.Parse(judge.Text("template.scale.rules.0.http.metadata.concurrentRequests")!, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(replicas * sequences, capacity.Slots);
        Assert.True(capacity.FilledBy > (replicas - 1) * sequences, "the last replica would never start");
    }

    [Fact]
    public void A_stack_whose_fan_out_cannot_hold_is_refused() =>
        Assert.Throws<CapacityException>(() => Stacks.Settings("dev", ("judgeMaxSequences", "2")));

    private static void Hold(FanoutDemand demand, FanoutCapacity capacity)
    {
        int slots = demand.JudgeReplicas * demand.SequencesPerReplica;
        Assert.Equal(slots, capacity.Slots);
        Assert.True(capacity.DurableInstances * capacity.RequestsPerInstance >= slots, "starves");
        Assert.True(capacity.InstanceCap * capacity.RequestsPerInstance <= demand.Headroom * slots, "floods");
        Assert.True(capacity.InstanceCap >= capacity.DurableInstances + demand.OtherInstances, "other instances push durable ones out");
        Assert.InRange(capacity.InstanceCap, demand.SmallestCap, demand.LargestCap);
        Assert.InRange(capacity.RequestsPerInstance, 1, demand.RequestsPerInstance);
        Assert.True(capacity.ActivitiesPerInstance * demand.ChunkJudgements > capacity.RequestsPerInstance, "activities can't keep the requests up");
        Assert.True(capacity.ShardWindow * 32 >= capacity.DurableInstances * capacity.ActivitiesPerInstance, "shards can't keep the activities up");
    }

    /// <summary>By trying every number of requests: the most per instance that neither starves nor floods.</summary>
    private static int? Best(FanoutDemand demand)
    {
        int slots = demand.JudgeReplicas * demand.SequencesPerReplica;
        int? best = null;
        for (int requests = 1; requests <= Math.Min(demand.RequestsPerInstance, slots); requests++)
        {
            int durable = 1;
            while (durable * requests < slots)
            {
                durable++;
            }

            int cap = Math.Max(durable + demand.OtherInstances, demand.SmallestCap);
            if (cap <= demand.LargestCap && cap * requests <= demand.Headroom * slots)
            {
                best = requests;
            }
        }

        return best;
    }
}
