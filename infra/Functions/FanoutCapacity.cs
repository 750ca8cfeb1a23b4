namespace Tribunal.Infra.Functions;

/// <summary>What the fan-out has to fill and may not flood.</summary>
public sealed record FanoutDemand
{
    /// <summary>The most judge replicas, 1 or more.</summary>
    public required int JudgeReplicas { get; init; }

    /// <summary>Sequences that one replica generates at once, 1 or more.</summary>
    public required int SequencesPerReplica { get; init; }

    /// <summary>Requests in flight per slot at most, in [1, 4]; default 2: while one is answered, one may wait in vLLM's queue.</summary>
    public double Headroom { get; init; } = 2;

    /// <summary>Judgements that one activity draws, 1 to 256; default 16. What a killed activity may have to draw again.</summary>
    public int ChunkJudgements { get; init; } = 16;

    /// <summary>The most requests in flight that one Functions instance keeps up, 1 to 256; default 64 (2,048 MB).</summary>
    public int RequestsPerInstance { get; init; } = 64;

    /// <summary>
    /// Instances for everything that is not durable (HTTP, the two queues, a timer): they count against the app's cap and
    /// call no judge. Default 4.
    /// </summary>
    public int OtherInstances { get; init; } = 4;

    /// <summary>The smallest instance cap that the platform takes; default 1. Some regions and API versions want 40.</summary>
    public int SmallestCap { get; init; } = 1;

    /// <summary>The largest instance cap that the platform takes: 1,000 on Flex Consumption.</summary>
    public int LargestCap { get; init; } = 1000;

    /// <summary>How long one judgement takes, in seconds, at the shortest; default 5. Short answers cost the durable backend most.</summary>
    public double JudgementSeconds { get; init; } = 5;

    /// <summary>Work items per second that the durable backend moves: 250 on Azure Storage (the low end of what is measured), 500 on the scheduler's Consumption tier.</summary>
    public double BackendItemsPerSecond { get; init; } = 250;

    /// <summary>Slots of the meta reward model over all replicas; 0 where there is none.</summary>
    public int MetaSlots { get; init; }

    /// <summary>How long one meta reward takes, in seconds; default 0.5: it reads a judgement and writes nothing.</summary>
    public double MetaSeconds { get; init; } = 0.5;
}

/// <summary>A configuration of GPUs and functions that can't hold what it promises.</summary>
public sealed class CapacityException(string message) : InvalidOperationException(message);

/// <summary>
/// The caps of the fan-out, computed from the GPUs. With <c>S</c> slots (replicas × sequences), <c>c</c> requests per instance,
/// <c>D</c> durable instances, <c>R</c> other instances and headroom <c>h</c>:
/// <code>
/// S       = replicas × sequences
/// D(c)    = ⌈S / c⌉                          enough to fill every slot
/// cap(c)  = max(D(c) + R, smallest cap)      what the platform is told; it may give all of it to the durable group
/// starve:   D(c) × c   ≥ S                   holds by construction
/// flood:    cap(c) × c ≤ ⌊h × S⌋             even if every instance were durable
/// c       = the largest that holds both      fewest instances, so least to pay
/// a       = ⌈c / chunk⌉ + 1                  activities at once on an instance: one more, so that a chunk's tail leaves no slot empty
/// shards  = ⌈D × a / 32⌉ + 1                 shards under way, at 32 activities offered by each
/// </code>
/// <c>c</c> is enforced by the judge client's limit per process, <c>a</c> by the durable extension, the cap by the platform.
/// </summary>
public sealed record FanoutCapacity
{
    /// <summary>Activities that a shard offers at once, well under the 200 that one sub-orchestration may have.</summary>
    private const int ShardActivities = 32;

    /// <summary>Shards under way at most: each is an orchestration in memory.</summary>
    private const int LargestShardWindow = 64;

    /// <summary>Work items that an activity costs: it is scheduled, and it ends.</summary>
    private const int ItemsPerActivity = 2;

    /// <summary>Judgements that the GPUs work on at once.</summary>
    public required int Slots { get; init; }

    /// <summary>Requests in flight from one instance: the judge client's limit.</summary>
    public required int RequestsPerInstance { get; init; }

    /// <summary>Instances that fill the slots.</summary>
    public required int DurableInstances { get; init; }

    /// <summary>The app's instance cap.</summary>
    public required int InstanceCap { get; init; }

    /// <summary>Activities at once on one instance.</summary>
    public required int ActivitiesPerInstance { get; init; }

    /// <summary>Judgements per activity.</summary>
    public required int ChunkJudgements { get; init; }

    /// <summary>Shards of one run under way at once.</summary>
    public required int ShardWindow { get; init; }

    /// <summary>Requests in flight when every durable instance works.</summary>
    public int FilledBy => DurableInstances * RequestsPerInstance;

    /// <summary>Requests in flight if every instance of the app were durable.</summary>
    public int AtMost => InstanceCap * RequestsPerInstance;

    /// <summary>Computes the caps.</summary>
    /// <exception cref="CapacityException">No caps hold; the message says what to change.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A figure is out of its range.</exception>
    public static FanoutCapacity For(FanoutDemand demand)
    {
        Check(demand);
        int slots = demand.JudgeReplicas * demand.SequencesPerReplica;
        int most = (int)Math.Floor(demand.Headroom * slots);
        for (int requests = Math.Min(demand.RequestsPerInstance, slots); requests >= 1; requests--)
        {
            int durable = CeilDiv(slots, requests);
            int cap = Math.Max(durable + demand.OtherInstances, demand.SmallestCap);
            if (cap <= demand.LargestCap && cap * requests <= most)
            {
                return Complete(demand, slots, requests, durable, cap);
            }
        }

        throw new CapacityException(
            $"{slots} judge slots with {demand.OtherInstances} other instances and an instance cap of {demand.SmallestCap} to {demand.LargestCap}: "
            + $"no fan-out fills every slot and stays within {most} requests in flight. Give the judge more sequences or replicas, or raise the headroom ({demand.Headroom}).");
    }

    private static FanoutCapacity Complete(FanoutDemand demand, int slots, int requests, int durable, int cap)
    {
        int activities = CeilDiv(requests, demand.ChunkJudgements) + 1;
        int window = CeilDiv(durable * activities, ShardActivities) + 1;
        if (window > LargestShardWindow)
        {
            throw new CapacityException($"{window} shards would have to be under way at once, {LargestShardWindow} may be: draw more judgements per activity ({demand.ChunkJudgements})");
        }

        double items = ItemsPerActivity * slots / (demand.JudgementSeconds * demand.ChunkJudgements);
        if (items > demand.BackendItemsPerSecond)
        {
            throw new CapacityException(
                $"{slots} slots end {items:0.#} work items per second, the durable backend moves {demand.BackendItemsPerSecond:0.#}: draw more judgements per activity ({demand.ChunkJudgements}), or use the scheduler");
        }

        if (demand.MetaSlots > 0 && demand.MetaSlots / demand.MetaSeconds < slots / demand.JudgementSeconds)
        {
            throw new CapacityException(
                $"the meta reward model reads {demand.MetaSlots / demand.MetaSeconds:0.#} judgements per second, the judge writes {slots / demand.JudgementSeconds:0.#}: give it more sequences or replicas");
        }

        return new FanoutCapacity
        {
            Slots = slots,
            RequestsPerInstance = requests,
            DurableInstances = durable,
            InstanceCap = cap,
            ActivitiesPerInstance = activities,
            ChunkJudgements = demand.ChunkJudgements,
            ShardWindow = window,
        };
    }

    private static void Check(FanoutDemand demand)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.JudgeReplicas, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.SequencesPerReplica, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.Headroom, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(demand.Headroom, 4);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.ChunkJudgements, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(demand.ChunkJudgements, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.RequestsPerInstance, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(demand.RequestsPerInstance, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.OtherInstances, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.SmallestCap, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.MetaSlots, 0);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(demand.JudgementSeconds, 0);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(demand.MetaSeconds, 0);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(demand.BackendItemsPerSecond, 0);
    }

    private static int CeilDiv(int value, int by) => (value + by - 1) / by;
}
