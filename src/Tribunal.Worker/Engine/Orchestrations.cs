using DurableTask.Core;
using DurableTask.Core.Exceptions;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Worker.Engine;

/// <summary>An orchestrator of <c>src/Tribunal.Runs/Orchestration</c> as the framework calls it: anew for every replay.</summary>
/// <param name="onProgress">Told of a run's progress as it is made, not of that which is replayed.</param>
internal sealed class Orchestration<TInput, TOutput>(
    Func<IOrchestrationContext, TInput, Task<TOutput>> orchestrate, Action<TInput, RunProgress>? onProgress = null) : TaskOrchestration
{
    private string? _status;

    public override async Task<string> Execute(OrchestrationContext context, string input)
    {
        context.MessageDataConverter = JsonTexts.Converter;
        TInput run = JsonTexts.Read<TInput>(input);
        EngineContext engine = new(context, progress =>
        {
            _status = JsonTexts.Write(progress);
            if (!context.IsReplaying)
            {
                onProgress?.Invoke(run, progress);
            }
        });
        try
        {
            return JsonTexts.Write(await orchestrate(engine, run));
        }
        catch (ActivityFailedException failure)
        {
            // What failed at the bottom is told to the top by its own kind: of this exception the framework passes the details on.
            throw new TaskFailedException(failure.Message, failure) { FailureDetails = new FailureDetails(failure.Kind, failure.Message, stackTrace: null, innerFailure: null, isNonRetriable: false) };
        }
    }

    public override string? GetStatus() => _status;

    public override void RaiseEvent(OrchestrationContext context, string name, string input)
    {
        // Nobody sends events: who wants a run to stop says so in its record.
    }
}

/// <summary>Makes an orchestration or activity whenever the framework needs one.</summary>
internal sealed class Creator<T> : ObjectCreator<T>
{
    private readonly Func<T> _create;

    public Creator(string name, Func<T> create)
    {
        (Name, Version) = (name, EngineContext.Version);
        _create = create;
    }

    public override T Create() => _create();
}

/// <summary>The orchestrators, each under its name.</summary>
internal static class Orchestrations
{
    public static ObjectCreator<TaskOrchestration>[] All(Action<string, RunProgress> onProgress) =>
    [
        new Creator<TaskOrchestration>(
            Names.EvaluateBatch.Name, () => new Orchestration<BatchRun, RunEnding>(EvaluateAsync, (run, progress) => onProgress(run.RunId, progress))),
        new Creator<TaskOrchestration>(
            Names.ScoreShards.Name, () => new Orchestration<ShardStretch, StretchResult>(ScoreShards.RunAsync, (stretch, progress) => onProgress(stretch.RunId, progress))),
        new Creator<TaskOrchestration>(Names.ScoreShard.Name, static () => new Orchestration<ShardRun, ShardResult>(ScoreShard.RunAsync)),
    ];

    // A run's own orchestration always completes: whoever waits for it finds how it ended in its output.
    private static async Task<RunEnding> EvaluateAsync(IOrchestrationContext context, BatchRun run)
    {
        try
        {
            return new RunEnding(await EvaluateBatch.RunAsync(context, run));
        }
        catch (ActivityFailedException failure)
        {
            return new RunEnding(null, new RunFailure(failure.Kind, failure.Message));
        }
    }
}
