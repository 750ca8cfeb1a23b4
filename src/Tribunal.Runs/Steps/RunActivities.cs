using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tribunal.Calibration;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Runs.Telemetry;
using Tribunal.Sampling;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>
/// The activities of both hosts. Each is idempotent: it reads what the run's store holds and does only what is missing.
/// </summary>
public sealed partial class RunActivities(
    IRunStores stores, JudgeRegistry judges, RunMonitors monitors, ActivityOptions options, TimeProvider time, ILogger<RunActivities> logger, IReportWriter? reports = null)
{
    private readonly ConcurrentDictionary<(string RunId, long Attempt), Lazy<Task<RunContext>>> _runs = new();

    /// <summary>The activities by name, for a host that calls them in its own process.</summary>
    public IReadOnlyDictionary<string, Func<object, CancellationToken, Task<object>>> ByName()
    {
        var byName = new Dictionary<string, Func<object, CancellationToken, Task<object>>>(StringComparer.Ordinal);
        Register(Names.PlanBatch, PlanBatchAsync);
        Register(Names.CheckJudge, CheckJudgeAsync);
        Register(Names.PlanDraws, PlanDrawsAsync);
        Register(Names.DrawJudgements, DrawJudgementsAsync);
        Register(Names.CastVerdicts, CastVerdictsAsync);
        Register(Names.AllocateBudget, AllocateBudgetAsync);
        Register(Names.Publish, PublishAsync);
        return byName.ToFrozenDictionary(StringComparer.Ordinal);

        void Register<TInput, TOutput>(ActivityName<TInput, TOutput> name, Func<TInput, CancellationToken, Task<TOutput>> activity) =>
            byName.Add(name.Name, async (input, cancellationToken) => (await activity((TInput)input, cancellationToken))!);
    }

    /// <summary>Validates the batch, counts it, cuts it into shards, writes the manifest; or finds that all this is done.</summary>
    /// <exception cref="RunMismatchException">The run exists and was started for something else.</exception>
    /// <exception cref="FileNotFoundException">There is no such batch.</exception>
    public async Task<RunPlan> PlanBatchAsync(BatchRun run, CancellationToken cancellationToken)
    {
        var planner = new BatchPlanner(stores.OpenRun(run.RunId), stores.OpenBatch(run.Request.Batch), judges.Resolve(run.Request), options, time);
        RunManifest manifest = await planner.PlanAsync(run, cancellationToken);
        Close(run.RunId, long.MaxValue);
        RunSummary? summary = await ReadAsync(stores.OpenRun(run.RunId), RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken);
        RunOutcome? complete = summary?.Status == RunStatus.Complete ? OutcomeOf(summary) : null;
        LogPlanned(run.RunId, manifest.Rollouts, manifest.Invalid, manifest.Shards);
        int waves = run.Request.Policy.Kind == PolicyKind.Budget ? BudgetWaves.Most : 1;
        return new RunPlan(manifest.Shards, manifest.Rollouts, manifest.Invalid, waves, complete);
    }

    /// <summary>Asks whether the judge is up.</summary>
    public async Task<JudgeState> CheckJudgeAsync(RunReference run, CancellationToken cancellationToken)
    {
        RunContext context = await OpenAsync(run.RunId, run.Attempt);
        if (await StopAskedAsync(context, cancellationToken) is { } halt)
        {
            return new JudgeState(false, halt.Detail, halt);
        }

        JudgeHealth[] states = await Task.WhenAll(context.Branches.Routes.All.Select(static binding => binding.Endpoint).DistinctBy(static judge => judge.Name).Select(judge => judge.CheckHealthAsync(cancellationToken)));
        if (Array.Find(states, static state => !state.Ready) is { } away)
        {
            return new JudgeState(false, away.Detail);
        }

        return await RunSpending.ReachedAsync(context.Store, context.Manifest.Request.Limits, context.Branches.Routes.Price, cancellationToken) is { } reached
            ? new JudgeState(false, reached.ToString(), new Halt(HaltKind.Limit, reached.ToString()))
            : new JudgeState(true, states[0].Detail);
    }

    /// <summary>Plans a round of a shard: what the policy asks for after all rounds before. A round planned once stays as it was.</summary>
    public async Task<RoundPlan> PlanDrawsAsync(ShardRound round, CancellationToken cancellationToken)
    {
        RunContext context = await OpenAsync(round.RunId, round.Attempt);
        if (await StopAskedAsync(context, cancellationToken) is { } halt)
        {
            return new RoundPlan(0, 0, halt);
        }

        string name = RunFiles.Plan(round.Shard, round.Wave, round.Round);
        byte[]? planned = await context.Store.ReadDocumentAsync(name, cancellationToken);
        if (planned is null)
        {
            if (await RolloutsAsync(context, round.Shard) is not { } rollouts)
            {
                return new RoundPlan(0, 0, context.Monitor.Halt);
            }

            Dictionary<string, RolloutJudgements> ledger = round is { Wave: 0, Round: 0 } ? [] : await context.LedgerBeforeAsync(round, cancellationToken);
            int[]? allowances = await AllowancesAsync(context, round.Shard, round.Wave, cancellationToken);
            using var buffer = new PooledBuffer();
            for (int i = 0; i < rollouts.Count; i++)
            {
                RoutedRollout at = context.Branches.Router.Find(rollouts[i], ledger.GetValueOrDefault(rollouts[i].Id) ?? RolloutJudgements.None);
                if (at.Branch.Protocol.WhyNot(rollouts[i]) is not null)
                {
                    continue;
                }

                if (at.Scout is { } scout)
                {
                    JsonLine.Append(buffer, new PlannedDraw(i, scout.Sample, scout.Order, scout.Pair, Route: RoutingTable.Scout), RunsJson.Default.PlannedDraw);
                    continue;
                }

                NextDraws next = at.Branch.Scheme.Next(rollouts[i], at.Ledger, allowances?[i]);
                foreach (Draw draw in next.Draws)
                {
                    if (at.Branch.Name is null)
                    {
                        PlanLine.Write(buffer, i, draw);
                    }
                    else
                    {
                        JsonLine.Append(buffer, new PlannedDraw(i, at.Branch.NumberOf(draw.Sample), draw.Order, draw.Pair, Route: at.Branch.Name), RunsJson.Default.PlannedDraw);
                    }
                }

                // Hints come last: whether an item failed is known when nothing more is asked of it.
                if (next.Draws.Count == 0 && round.LastWave)
                {
                    EvaluationRequest request = context.Manifest.Request;
                    foreach ((Draw draw, int position) in Hints.Next(request.Hint, rollouts[i], at.Branch.Protocol.Kind, at.Ledger, request.Seed))
                    {
                        JsonLine.Append(buffer, new PlannedDraw(i, draw.Sample, draw.Order, draw.Pair, position, at.Branch.Name), RunsJson.Default.PlannedDraw);
                    }
                }
            }

            if (buffer.Written.IsEmpty)
            {
                // Nothing more is asked for, and nothing will be: whoever plans this round again finds the same.
                context.Known(round.Shard).Ended(round.Wave, round.Round);
                return new RoundPlan(0, 0);
            }

            RoundPlan plan = PlanOf(buffer.Written.Span);
            if (await context.Store.TryCreateDocumentAsync(name, buffer.Written, cancellationToken))
            {
                context.Known(round.Shard).Planned(round.Wave, round.Round, plan.Chunks);
                return plan;
            }

            // Somebody planned it meanwhile; what stands is what chunks read.
            planned = await context.Store.ReadDocumentAsync(name, cancellationToken) ?? buffer.Written.ToArray();
        }

        context.Known(round.Shard).PlannedElsewhere();
        return PlanOf(planned);
    }

    /// <summary>Draws a chunk of a round: only what its part of the ledger does not hold yet.</summary>
    public async Task<ChunkResult> DrawJudgementsAsync(ChunkReference chunk, CancellationToken cancellationToken)
    {
        RunContext context = await OpenAsync(chunk.RunId, chunk.Attempt);
        if (await RolloutsAsync(context, chunk.Shard) is not { } rollouts)
        {
            return new ChunkResult(0, 0, context.Monitor.Halt);
        }

        List<PlannedDraw> draws = await ReadPlanAsync(context.Store, chunk, cancellationToken);
        string name = RunFiles.Part(chunk.Shard, chunk.Wave, chunk.Round, chunk.Chunk);
        await using ILedgerPart part = await context.Store.OpenPartAsync(name, cancellationToken);
        int planned = draws.Count;
        var earlier = new List<NotedJudgement>();
        var drawn = new HashSet<(string, int)>();
        int valid = 0;
        await using (Stream existing = await part.OpenReadAsync(cancellationToken))
        {
            await foreach (Judgement judgement in LedgerReader.ReadWithHintedAsync(existing, context.AsksForTexts, cancellationToken))
            {
                drawn.Add((judgement.RolloutId, judgement.Sample));
                valid += judgement.Outcome == JudgementOutcome.Valid ? 1 : 0;
                context.Monitor.AddEarlier(judgement);
                earlier.Add(new NotedJudgement(context.Lean(judgement)));
            }
        }

        draws.RemoveAll(draw => drawn.Contains((rollouts[draw.Rollout].Id, draw.Sample)));
        int count = drawn.Count;
        var fresh = new NotedJudgement[draws.Count];
        if (draws.Count > 0 && await StopAskedAsync(context, cancellationToken) is null)
        {
            await using var writer = new LedgerWriter(part);
            var drawer = new JudgementDrawer(context, options.ValidRateFloor);
            var parallel = new ParallelOptions
            {
                MaxDegreeOfParallelism = options.ConcurrencyPerChunk ?? context.Branches.Concurrency,
                CancellationToken = cancellationToken,
            };
            await Parallel.ForAsync(0, draws.Count, parallel, async (at, token) =>
            {
                PlannedDraw draw = draws[at];
                using Activity? span = PipelineTelemetry.StartJudgement(chunk.RunId, rollouts[draw.Rollout].Id, draw.Sample);
                if (await drawer.DrawAsync(rollouts[draw.Rollout], draw, writer, token) is not { } judgement)
                {
                    return;
                }

                PipelineTelemetry.Judged(span, judgement);
                fresh[at] = new NotedJudgement(context.Lean(judgement));
                Interlocked.Increment(ref count);
                if (judgement.Outcome == JudgementOutcome.Valid)
                {
                    Interlocked.Increment(ref valid);
                }
            });
        }

        if (earlier.Count + draws.Count == planned && drawn.Count + draws.Count == planned && Array.TrueForAll(fresh, static noted => noted.Judgement is not null))
        {
            context.Known(chunk.Shard).Keep(name, [.. earlier, .. fresh]);
        }

        return new ChunkResult(count, valid, context.Monitor.Halt);
    }

    /// <summary>Casts a shard's verdicts and writes its share of the summary.</summary>
    public async Task<ShardResult> CastVerdictsAsync(ShardRun shard, CancellationToken cancellationToken)
    {
        RunContext context = await OpenAsync(shard.RunId, shard.Attempt);
        if (await RolloutsAsync(context, shard.Shard) is not { } rollouts)
        {
            return new ShardResult(shard.Shard, 0, 0, 0, default, context.Monitor.Halt);
        }

        Dictionary<string, RolloutJudgements> ledger = await context.LedgerAsync(shard.Shard, cancellationToken);
        context.Forget(shard.Shard);
        int[]? allowances = await AllowancesAsync(context, shard.Shard, shard.Wave, cancellationToken);
        SchemeOptions own = context.Options;
        var summary = new SummaryPart();
        using var buffer = new PooledBuffer();
        long judgements = 0;
        int scored = 0;
        Usage usage = default;
        for (int i = 0; i < rollouts.Count; i++)
        {
            RolloutJudgements all = ledger.GetValueOrDefault(rollouts[i].Id) ?? RolloutJudgements.None;
            IReadOnlyList<Judgement> drawn = all.WithoutHinted();
            if (!ReferenceEquals(all, drawn))
            {
                summary.AddHinted(all);
            }

            Verdict verdict = VerdictCaster.Cast(rollouts[i], drawn, context.Branches.Router.Find(rollouts[i], drawn), context.Manifest.Simulated, allowances?[i]);
            PipelineTelemetry.Cast(verdict);
            JsonLine.Append(buffer, verdict, TribunalJson.Default.Verdict);
            summary.Add(own.Untaught(rollouts[i]), verdict, drawn);
            judgements += drawn.Count;
            scored += verdict.Status == VerdictStatus.Scored ? 1 : 0;
            usage += verdict.Usage;
        }

        if (shard.LastWave)
        {
            await context.Store.WriteDocumentAsync(RunFiles.ShardVerdicts(shard.Shard), buffer.Written, cancellationToken);
            await context.Store.WriteDocumentAsync(RunFiles.ShardSummary(shard.Shard), JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Default.SummaryPart), cancellationToken);
        }

        return new ShardResult(shard.Shard, rollouts.Count, scored, judgements, usage);
    }

    /// <summary>
    /// Shares what is left of a batch-wide budget out over the rollouts of every shard. Holds the batch's numbers in memory,
    /// none of its texts.
    /// </summary>
    public async Task<WavePlan> AllocateBudgetAsync(WaveRequest wave, CancellationToken cancellationToken)
    {
        RunContext context = await OpenAsync(wave.RunId, wave.Attempt);
        PolicyOptions policy = context.Manifest.Request.Policy;
        var batch = new List<RolloutLedger>();
        var sizes = new List<int>();
        foreach (Shard shard in context.Shards)
        {
            if (await RolloutsAsync(context, shard.Index) is not { } rollouts)
            {
                return new WavePlan(0);
            }

            Dictionary<string, RolloutJudgements> ledger = wave.Wave == 0 ? [] : await context.LedgerAsync(shard.Index, cancellationToken);
            batch.AddRange(rollouts.Select(rollout => new RolloutLedger(rollout.WithoutTexts(), (ledger.GetValueOrDefault(rollout.Id) ?? RolloutJudgements.None).WithoutHinted())));
            sizes.Add(rollouts.Count);
        }

        (double total, Func<Judgement, double>? cost) = TotalOf(policy, context.Branches.Own.Binding.Price);
        BudgetRound round = BudgetRounds.Current(context.Options, batch, total, cost);
        int first = 0;
        for (int shard = 0; shard < sizes.Count; first += sizes[shard++])
        {
            int[] allowances = [.. round.Allowances.Skip(first).Take(sizes[shard])];
            await context.Store.TryCreateDocumentAsync(
                RunFiles.Allowances(shard, wave.Wave), JsonSerializer.SerializeToUtf8Bytes(allowances, RunsJson.Default.Int32Array), cancellationToken);
        }

        return new WavePlan(round.Over ? 0 : round.Allowances.Sum(static a => (long)a) - batch.Sum(static r => (long)r.Ledger.Count));
    }

    /// <summary>Stitches the shards' outputs; the summary comes last and says whether the run is complete.</summary>
    public async Task<RunOutcome> PublishAsync(PublishRequest request, CancellationToken cancellationToken)
    {
        RunContext context = await OpenAsync(request.RunId, request.Attempt);
        RunSummary summary = await new RunPublisher(context, reports is { } writer ? (run, token) => WriteReportAsync(writer, context, run, token) : null).PublishAsync(request.Halt, cancellationToken);
        Close(request.RunId, long.MaxValue);
        LogPublished(request.RunId, summary.Status, summary.Scored, summary.Unscorable);
        return OutcomeOf(summary);
    }

    // What keeps a report from being made doesn't undo a run: storage that is away does, and is tried again.
    private async Task WriteReportAsync(IReportWriter writer, RunContext context, RunContents run, CancellationToken cancellationToken)
    {
        try
        {
            byte[] page = await writer.RenderAsync(run, cancellationToken);
            await context.Store.WriteDocumentAsync(RunFiles.Report, page, cancellationToken);
        }
        catch (IOException exception)
        {
            LogNoReport(context.Manifest.RunId, exception);
        }
    }

    private RoundPlan PlanOf(ReadOnlySpan<byte> planned)
    {
        int draws = planned.Count((byte)'\n');
        return new RoundPlan(draws, (draws + options.DrawsPerChunk - 1) / options.DrawsPerChunk);
    }

    private static (double Total, Func<Judgement, double>? Cost) TotalOf(PolicyOptions policy, TokenPrice? price)
    {
        if (policy.Judgements is long judgements)
        {
            return (judgements, null);
        }

        if (policy.Tokens is long tokens)
        {
            return (tokens, static judgement => judgement.Usage.Total);
        }

        return (policy.Cost, price) switch
        {
            (double cost, { } known) => (cost, judgement => known.Of(judgement.Usage)),
            (double, null) => throw new JudgeConfigurationException("a budget in money needs the judge's prices"),
            _ => throw new JudgeConfigurationException("the budget policy needs a total: judgements, tokens or cost"),
        };
    }

    // Only a batch-wide budget is shared out.
    private static async Task<int[]?> AllowancesAsync(RunContext context, int shard, int wave, CancellationToken cancellationToken) =>
        context.Manifest.Request.Policy.Kind == PolicyKind.Budget
            ? await ReadAsync(context.Store, RunFiles.Allowances(shard, wave), RunsJson.Default.Int32Array, cancellationToken)
            : null;

    private static RunOutcome OutcomeOf(RunSummary summary) =>
        new(summary.RunId, summary.Status, summary.Rollouts, summary.Scored, summary.Unscorable, summary.Invalid, summary.Judgements.Drawn, summary.Halt);

    private static async Task<T?> ReadAsync<T>(IRunStore store, string name, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class =>
        await store.ReadDocumentAsync(name, cancellationToken) is { } bytes ? ContractJson.Read(bytes, type) : null;

    private async Task<List<PlannedDraw>> ReadPlanAsync(IRunStore store, ChunkReference chunk, CancellationToken cancellationToken)
    {
        byte[] plan = await store.ReadDocumentAsync(RunFiles.Plan(chunk.Shard, chunk.Wave, chunk.Round), cancellationToken)
            ?? throw new FileNotFoundException("the round was not planned");
        var draws = new List<PlannedDraw>(options.DrawsPerChunk);
        int line = 0;
        int first = chunk.Chunk * options.DrawsPerChunk;
        foreach (Range range in plan.AsSpan().Split((byte)'\n'))
        {
            if (line >= first && line < first + options.DrawsPerChunk && plan.AsSpan(range) is { Length: > 0 } json)
            {
                draws.Add(PlanLine.Read(json, draws.LastOrDefault()));
            }

            line++;
        }

        return draws;
    }

    // A batch that is no longer what was planned ends the run; nothing of it can be trusted.
    private static async Task<IReadOnlyList<Rollout>?> RolloutsAsync(RunContext context, int shard)
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

    private async Task<Halt?> StopAskedAsync(RunContext context, CancellationToken cancellationToken)
    {
        if (context.Monitor.Halt is null && await stores.IsCancelRequestedAsync(context.Manifest.RunId, cancellationToken))
        {
            context.Monitor.Stop(new Halt(HaltKind.Cancelled, "someone cancelled the run"));
        }

        return context.Monitor.Halt;
    }

    private async Task<RunContext> OpenAsync(string runId, long attempt)
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

    // What earlier attempts kept.
    private void Close(string runId, long before)
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
        RunManifest manifest = await ReadAsync(store, RunFiles.Manifest, RunsJson.Default.RunManifest, CancellationToken.None)
            ?? throw new FileNotFoundException($"run {runId} has no manifest");
        var shards = new List<Shard>(manifest.Shards);
        byte[] lines = await store.ReadDocumentAsync(RunFiles.Shards, CancellationToken.None) ?? [];
        foreach (Range range in lines.AsSpan().Split((byte)'\n'))
        {
            if (lines.AsSpan(range) is { Length: > 0 } json)
            {
                shards.Add(JsonSerializer.Deserialize(json, RunsJson.Default.Shard)!);
            }
        }

        return new RunContext
        {
            Store = store,
            Manifest = manifest,
            Shards = shards,
            Batch = manifest.Normalised ? new StoredBatchFile(store, RunFiles.Batch) : stores.OpenBatch(manifest.Request.Batch),
            Branches = new RunBranches(manifest.Request, Planned(judges.Resolve(manifest.Request), manifest)),
            Monitor = monitors.Of(runId, attempt),
        };
    }

    // Sampling parameters are the plan's, whatever the configuration says by now.
    private static JudgeRoutes Planned(JudgeRoutes routes, RunManifest manifest) => new(
        routes.Own with { Sampling = manifest.Sampling },
        [.. routes.Routed.Zip(manifest.Routes ?? [], static (binding, planned) => binding with { Sampling = planned.Sampling })]);

    [LoggerMessage(1, LogLevel.Information, "Run {RunId}: {Rollouts} rollouts, {Invalid} invalid lines, {Shards} shards")]
    private partial void LogPlanned(string runId, long rollouts, long invalid, int shards);

    [LoggerMessage(3, LogLevel.Warning, "Run {RunId} has no report")]
    private partial void LogNoReport(string runId, Exception exception);

    [LoggerMessage(2, LogLevel.Information, "Run {RunId} published: {Status}, {Scored} scored, {Unscorable} unscorable")]
    private partial void LogPublished(string runId, RunStatus status, long scored, long unscorable);
}
