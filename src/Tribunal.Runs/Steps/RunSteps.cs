using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>
/// The steps of a run, for every host. Each is idempotent: it reads what the run's store holds and does only what is missing.
/// </summary>
public sealed class RunSteps
{
    /// <summary>Makes them.</summary>
    /// <param name="stores">Where runs and batches live.</param>
    /// <param name="judges">Finds judges by name.</param>
    /// <param name="monitors">Counts and stops what this process works on.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told what was planned, published and found damaged.</param>
    /// <param name="reports">Renders reports; null writes none.</param>
    public RunSteps(
        IRunStores stores, JudgeRegistry judges, RunMonitors monitors, ActivityOptions options, TimeProvider time, ILogger<RunSteps> logger, IReportWriter? reports = null)
    {
        Runs = new OpenRuns(stores, judges, monitors, time);
        WeighPanel = new WeighPanel(Runs);
        FitJudge = new FitJudge(Runs);
        Publish = new Publish(Runs, reports, logger);
        PlanBatch = new PlanBatch(Runs, stores, judges, options, Publish, time, logger);
        CheckJudge = new CheckJudge(Runs);
        PlanRound = new PlanRound(Runs, options);
        DrawChunk = new DrawChunk(Runs, options);
        CastShard = new CastShard(Runs, logger);
        AllocateBudget = new AllocateBudget(Runs);
    }

    /// <summary>The runs that they work on.</summary>
    internal OpenRuns Runs { get; }

    /// <inheritdoc cref="Steps.PlanBatch"/>
    public PlanBatch PlanBatch { get; }

    /// <inheritdoc cref="Steps.CheckJudge"/>
    public CheckJudge CheckJudge { get; }

    /// <inheritdoc cref="Steps.PlanRound"/>
    public PlanRound PlanRound { get; }

    /// <inheritdoc cref="Steps.DrawChunk"/>
    public DrawChunk DrawChunk { get; }

    /// <inheritdoc cref="Steps.CastShard"/>
    public CastShard CastShard { get; }

    /// <inheritdoc cref="Steps.AllocateBudget"/>
    public AllocateBudget AllocateBudget { get; }

    /// <inheritdoc cref="Steps.FitJudge"/>
    public FitJudge FitJudge { get; }

    /// <inheritdoc cref="Steps.WeighPanel"/>
    public WeighPanel WeighPanel { get; }

    /// <inheritdoc cref="Steps.Publish"/>
    public Publish Publish { get; }

    /// <summary>The steps by name, for a host that calls them in its own process.</summary>
    public IReadOnlyDictionary<string, Func<object, CancellationToken, Task<object>>> ByName()
    {
        var byName = new Dictionary<string, Func<object, CancellationToken, Task<object>>>(StringComparer.Ordinal);
        Register(Names.PlanBatch, PlanBatch.RunAsync);
        Register(Names.CheckJudge, CheckJudge.RunAsync);
        Register(Names.PlanRound, PlanRound.RunAsync);
        Register(Names.DrawChunk, DrawChunk.RunAsync);
        Register(Names.CastShard, CastShard.RunAsync);
        Register(Names.AllocateBudget, AllocateBudget.RunAsync);
        Register(Names.FitJudge, async (run, token) => await FitJudge.RunAsync(run, token));
        Register(Names.WeighPanel, async (run, token) => await WeighPanel.RunAsync(run, token));
        Register(Names.Publish, Publish.RunAsync);
        return byName.ToFrozenDictionary(StringComparer.Ordinal);

        void Register<TInput, TOutput>(ActivityName<TInput, TOutput> name, Func<TInput, CancellationToken, Task<TOutput>> step) =>
            byName.Add(name.Name, async (input, cancellationToken) => (await step((TInput)input, cancellationToken))!);
    }
}
