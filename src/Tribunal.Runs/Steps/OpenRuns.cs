using System.Collections.Concurrent;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>The runs that this process works on, each opened once per attempt.</summary>
internal sealed class OpenRuns(IRunStores stores, JudgeRegistry judges, RunMonitors monitors, TimeProvider time)
{
    // Short beside a chunk, which may take minutes, and long beside a question to the store.
    private static readonly TimeSpan LooksEvery = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<(string RunId, long Attempt), Lazy<Task<RunContext>>> _runs = new();

    /// <summary>A shard's rollouts; null where the batch is no longer what was planned: that ends the run, nothing of it can be trusted.</summary>
    public static async Task<IReadOnlyList<Rollout>?> RolloutsAsync(RunContext context, int shard)
    {
        try
        {
            return await context.RolloutsAsync(shard);
        }
        catch (BatchChangedException exception)
        {
            context.Monitor.Stop(new Halt(HaltKind.BatchChanged, exception.Message));
            return null;
        }
    }

    /// <summary>Why the run is to stop, if it is.</summary>
    public async Task<Halt?> StopAskedAsync(RunContext context, CancellationToken cancellationToken)
    {
        if (context.Monitor.Halt is null && await stores.IsCancelRequestedAsync(context.Manifest.RunId, cancellationToken))
        {
            context.Monitor.Stop(new Halt(HaltKind.Cancelled, "someone cancelled the run"));
        }

        return context.Monitor.Halt;
    }

    /// <summary>The same before each judgement: the store is asked now and then, by one of those who draw.</summary>
    public async ValueTask<bool> IsStoppedAsync(RunContext context, CancellationToken cancellationToken)
    {
        long last = Interlocked.Read(ref context.LastLook);
        if (context.Monitor.Halt is null && time.GetElapsedTime(last) >= LooksEvery && Interlocked.CompareExchange(ref context.LastLook, time.GetTimestamp(), last) == last)
        {
            await StopAskedAsync(context, cancellationToken);
        }

        return context.Monitor.Halt is not null;
    }

    public async Task<RunContext> OpenAsync(string runId, long attempt)
    {
        if (!_runs.TryGetValue((runId, attempt), out Lazy<Task<RunContext>>? opening))
        {
            Close(runId, attempt);
            opening = _runs.GetOrAdd((runId, attempt), key => new Lazy<Task<RunContext>>(() => OpenNowAsync(key.RunId, key.Attempt)));
        }

        try
        {
            return await opening.Value;
        }
        catch
        {
            _runs.TryRemove((runId, attempt), out _);
            throw;
        }
    }

    /// <summary>Lets go of what earlier attempts kept.</summary>
    public void Close(string runId, long before)
    {
        foreach ((string RunId, long Attempt) key in _runs.Keys)
        {
            if (key.RunId == runId && key.Attempt < before)
            {
                _runs.TryRemove(key, out _);
            }
        }
    }

    private async Task<RunContext> OpenNowAsync(string runId, long attempt)
    {
        IRunStore store = stores.OpenRun(runId);
        RunManifest manifest = await StoredManifest.ReadAsync(store, CancellationToken.None) ?? throw new FileNotFoundException($"run {runId} has no manifest");
        List<Shard> shards = manifest.Shards == 0 ? [] : await StoredDocument.TryReadLinesAsync(store, RunFiles.Shards, RunsJson.Default.Shard, CancellationToken.None)
            ?? throw new RunFileLostException($"{RunFiles.Shards} of {runId} is gone or damaged; going on with the run makes it again");

        var branches = new RunBranches(manifest.Request, Planned(judges.Resolve(manifest.Request, await ProtocolTexts.OfAsync(store, manifest, CancellationToken.None)), manifest));
        return new RunContext
        {
            Store = store,
            Manifest = manifest,
            Shards = shards,
            Batch = manifest.Normalised ? new StoredBatchFile(store, RunFiles.Batch) : stores.OpenBatch(manifest.Request.Batch),
            Branches = branches,
            Monitor = monitors.Of(runId, attempt),
            LastLook = time.GetTimestamp(),
            Allowance = new RunAllowance(store, attempt, manifest.Request.Limits, branches.Routes.Prices, branches.Concurrency),
        };
    }

    // Sampling parameters are the plan's, whatever the configuration says by now.
    private static JudgeRoutes Planned(JudgeRoutes routes, RunManifest manifest) => routes with
    {
        Own = routes.Own with { Sampling = manifest.Sampling },
        Routed = [.. routes.Routed.Zip(manifest.Routes ?? [], static (binding, planned) => binding with { Sampling = planned.Sampling })],
        Panel = routes.Panel is { } members ? [.. members.Zip(manifest.Members ?? [], static (binding, planned) => binding with { Sampling = planned.Sampling })] : null,
    };
}
