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
    private readonly Dictionary<string, Func<object, CancellationToken, Task<object>>> _steps = new(StringComparer.Ordinal);

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
        var publish = new Publish(Runs, reports, logger);
        Register(Names.PlanBatch, new PlanBatch(Runs, stores, judges, options, publish, time, logger).RunAsync);
        Register(Names.CheckJudge, new CheckJudge(Runs).RunAsync);
        Register(Names.PlanRound, new PlanRound(Runs, options).RunAsync);
        Register(Names.DrawChunk, new DrawChunk(Runs, options).RunAsync);
        Register(Names.CastShard, new CastShard(Runs, logger).RunAsync);
        Register(Names.AllocateBudget, new AllocateBudget(Runs).RunAsync);
        Register(Names.FitJudge, new FitJudge(Runs).RunAsync);
        Register(Names.WeighPanel, new WeighPanel(Runs).RunAsync);
        Register(Names.Publish, publish.RunAsync);
    }

    /// <summary>The runs that they work on.</summary>
    internal OpenRuns Runs { get; }

    /// <summary>Takes a step.</summary>
    /// <exception cref="RunMismatchException">A plan: the run exists and was started for something else.</exception>
    /// <exception cref="ProblemsException">A plan: the request asks for what makes no sense.</exception>
    /// <exception cref="RunDamagedException">A plan: a file of the run is not whole and can't be made again.</exception>
    /// <exception cref="FileNotFoundException">A plan: there is no such batch.</exception>
    public async Task<TOutput> CallAsync<TInput, TOutput>(ActivityName<TInput, TOutput> step, TInput input, CancellationToken cancellationToken) =>
        (TOutput)await _steps[step.Name](input!, cancellationToken);

    private void Register<TInput, TOutput>(ActivityName<TInput, TOutput> name, Func<TInput, CancellationToken, Task<TOutput>> step) =>
        _steps.Add(name.Name, async (input, cancellationToken) => (await step((TInput)input, cancellationToken))!);
}
