namespace Tribunal.Infra.Functions;

/// <summary>What the fan-out has to fill and may not flood.</summary>
public sealed record FanoutDemand
{
    /// <summary>Judgements that the largest judge works on at once: replicas × sequences, 1 or more.</summary>
    public required int Slots { get; init; }

    /// <summary>Requests in flight per slot at most, in [1, 4]; default 2: while one is answered, one may wait in vLLM's queue.</summary>
    public double Headroom { get; init; } = 2;

    /// <summary>Judgements that one activity draws at most, 1 to 256; default 16. What a killed activity may have to draw again.</summary>
    public int ChunkJudgements { get; init; } = 16;

    /// <summary>The most requests in flight that one Functions instance keeps up, 1 to 256; default 64 (2,048 MB).</summary>
    public int RequestsPerInstance { get; init; } = 64;

    /// <summary>Instances of the durable group that never go, 0 or more: they come on top of the cap.</summary>
    public int AlwaysReady { get; init; }

    /// <summary>The smallest instance cap that the region takes; default 40, which the platform lowers region by region.</summary>
    public int SmallestCap { get; init; } = 40;

    /// <summary>The largest instance cap that the platform takes: 1,000 on Flex Consumption.</summary>
    public int LargestCap { get; init; } = 1000;

    /// <summary>How long one judgement takes, in seconds, at the shortest; default 5. Short answers cost the durable backend most.</summary>
    public double JudgementSeconds { get; init; } = 5;

    /// <summary>How long a request may wait and be answered, in seconds; default 600. It bounds what a floor of instances may overfill.</summary>
    public double RequestSeconds { get; init; } = 600;

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
/// The caps of the fan-out, computed from the GPUs. The platform's cap counts the on-demand instances of each group of
/// functions apart, and durable functions are one group; instances that are always ready come on top. With <c>S</c> slots,
/// headroom <c>h</c>, <c>A</c> always-ready instances and the region's floor <c>F</c>:
/// <code>
/// N       = cap + A                          durable instances there may be
/// fill:     N × activities × requests ≥ S
/// bound:    N × activities × requests ≤ ⌊h × S⌋
/// cap     = max(F, ⌈S / (activities × requests)⌉ − A, 1)
/// </code>
/// Of the pairs that keep both, the one with most requests per activity is taken, which costs the durable backend least, and
/// of these the one with most activities, which takes fewest instances. A floor that is high for few GPUs so makes activities fewer and chunks smaller,
/// down to one request per instance. Where even that is beyond the bound, it is taken, as long as a request that waits
/// behind the others is answered in its time: <c>N / S × seconds ≤ request's limit</c>.
/// <para>
/// <c>requests</c> is the judgements of one activity, all of them in flight at once; the judge's client has
/// <c>activities × requests</c> as its limit per process. The durable extension enforces <c>activities</c>, the platform the cap.
/// </para>
/// </summary>
public sealed record FanoutCapacity
{
    /// <summary>Activities that a shard offers at once, well under the 200 that one sub-orchestration may have.</summary>
    private const int ShardActivities = 32;

    /// <summary>Shards under way at most: each is an orchestration in memory.</summary>
    private const int LargestShardWindow = 64;

    /// <summary>Work items that an activity costs: it is scheduled, and it ends.</summary>
    private const int ItemsPerActivity = 2;

    /// <summary>Judgements that the GPUs of the largest judge work on at once.</summary>
    public required int Slots { get; init; }

    /// <summary>Requests in flight per slot that were allowed.</summary>
    public required double Headroom { get; init; }

    /// <summary>The app's cap of on-demand instances.</summary>
    public required int InstanceCap { get; init; }

    /// <summary>Instances on top of it.</summary>
    public required int AlwaysReady { get; init; }

    /// <summary>Activities at once on one instance.</summary>
    public required int ActivitiesPerInstance { get; init; }

    /// <summary>Judgements per activity, all in flight at once.</summary>
    public required int ChunkJudgements { get; init; }

    /// <summary>Shards of one run under way at once.</summary>
    public required int ShardWindow { get; init; }

    /// <summary>Durable instances there may be.</summary>
    public int Instances => InstanceCap + AlwaysReady;

    /// <summary>Requests in flight from one instance: the judge client's limit.</summary>
    public int RequestsPerInstance => ActivitiesPerInstance * ChunkJudgements;

    /// <summary>Requests in flight when every instance is there and busy.</summary>
    public int AtMost => Instances * RequestsPerInstance;

    /// <summary>The client's limit per process for one judge: its own bound, at most what an instance sends, at least 1.</summary>
    /// <param name="slots">That judge's slots, 1 or more.</param>
    public int RequestsFor(int slots) => Math.Clamp((int)Math.Floor(Headroom * slots / Instances), 1, RequestsPerInstance);

    /// <summary>Computes the caps.</summary>
    /// <exception cref="CapacityException">No caps hold; the message says what to change.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A figure is out of its range.</exception>
    public static FanoutCapacity For(FanoutDemand demand)
    {
        Check(demand);
        for (int requests = demand.ChunkJudgements; requests >= 1; requests--)
        {
            for (int activities = demand.RequestsPerInstance / requests; activities >= 1; activities--)
            {
                if (Holds(demand, activities * requests))
                {
                    return Complete(demand, activities, requests);
                }
            }
        }

        return Cap(demand, 1) <= demand.LargestCap && Wait(demand, 1) <= demand.RequestSeconds
            ? Complete(demand, 1, 1)
            : throw new CapacityException(
                $"{demand.Slots} judge slots, {demand.AlwaysReady} instances always ready and an instance cap of {demand.SmallestCap} to {demand.LargestCap}: "
                + $"no fan-out fills every slot and stays within {demand.Headroom} requests per slot, and the last of one request per instance would wait {Wait(demand, 1):0} seconds. "
                + "Give the judge more sequences or replicas, or have fewer instances always ready.");
    }

    private static int Cap(FanoutDemand demand, int perInstance) =>
        Math.Max(Math.Max(demand.SmallestCap, 1), CeilDiv(demand.Slots, perInstance) - demand.AlwaysReady);

    private static bool Holds(FanoutDemand demand, int perInstance)
    {
        int cap = Cap(demand, perInstance);
        return cap <= demand.LargestCap && (long)(cap + demand.AlwaysReady) * perInstance <= (long)Math.Floor(demand.Headroom * demand.Slots);
    }

    private static double Wait(FanoutDemand demand, int perInstance) =>
        Math.Ceiling((double)(Cap(demand, perInstance) + demand.AlwaysReady) * perInstance / demand.Slots) * demand.JudgementSeconds;

    private static FanoutCapacity Complete(FanoutDemand demand, int activities, int requests)
    {
        int cap = Cap(demand, activities * requests);
        int window = CeilDiv(Math.Min(cap + demand.AlwaysReady, CeilDiv(demand.Slots, activities * requests)) * activities, ShardActivities) + 1;
        if (window > LargestShardWindow)
        {
            throw new CapacityException($"{window} shards would have to be under way at once, {LargestShardWindow} may be: draw more judgements per activity ({demand.ChunkJudgements})");
        }

        double items = ItemsPerActivity * demand.Slots / (demand.JudgementSeconds * requests);
        if (items > demand.BackendItemsPerSecond)
        {
            throw new CapacityException(
                $"{demand.Slots} slots end {items:0.#} work items per second at {requests} judgements per activity, the durable backend moves {demand.BackendItemsPerSecond:0.#}: draw more judgements per activity ({demand.ChunkJudgements}), or use the scheduler");
        }

        if (demand.MetaSlots > 0 && demand.MetaSlots / demand.MetaSeconds < demand.Slots / demand.JudgementSeconds)
        {
            throw new CapacityException(
                $"the meta reward model reads {demand.MetaSlots / demand.MetaSeconds:0.#} judgements per second, the judge writes {demand.Slots / demand.JudgementSeconds:0.#}: give it more sequences or replicas");
        }

        return new FanoutCapacity
        {
            Slots = demand.Slots,
            Headroom = demand.Headroom,
            InstanceCap = cap,
            AlwaysReady = demand.AlwaysReady,
            ActivitiesPerInstance = activities,
            ChunkJudgements = requests,
            ShardWindow = window,
        };
    }

    private static void Check(FanoutDemand demand)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.Slots, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.Headroom, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(demand.Headroom, 4);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.ChunkJudgements, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(demand.ChunkJudgements, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.RequestsPerInstance, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(demand.RequestsPerInstance, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.AlwaysReady, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.SmallestCap, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(demand.MetaSlots, 0);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(demand.JudgementSeconds, 0);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(demand.RequestSeconds, 0);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(demand.MetaSeconds, 0);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(demand.BackendItemsPerSecond, 0);
    }

    private static int CeilDiv(int value, int by) => (value + by - 1) / by;
}
