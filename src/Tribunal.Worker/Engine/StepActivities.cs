using System.Diagnostics;
using DurableTask.Core;
using DurableTask.Core.Exceptions;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Telemetry;

namespace Tribunal.Worker.Engine;

/// <summary>The steps of <c>src/Tribunal.Runs/Steps</c> as activities, and how many of them are under way here.</summary>
internal sealed class StepActivities(RunSteps steps) : IDisposable
{
    private const string Stopped = "the worker was stopped";
    private readonly RunSteps _steps = steps;
    private readonly CancellationTokenSource _hardStop = new();
    private volatile bool _stopping;
    private int _underWay;

    /// <summary>Steps under way in this process.</summary>
    public int UnderWay => Volatile.Read(ref _underWay);

    public ObjectCreator<TaskActivity>[] All() =>
    [
        Of(Names.PlanBatch),
        Of(Names.CheckJudge, static state => state.Halt),
        Of(Names.PlanRound, static plan => plan.Halt, static round => (round.RunId, round.Shard)),
        Of(Names.DrawChunk, static result => result.Halt, static chunk => (chunk.RunId, chunk.Shard)),
        Of(Names.CastShard, static result => result.Halt, static shard => (shard.RunId, shard.Shard)),
        Of(Names.AllocateBudget),
        Of(Names.FitJudge),
        Of(Names.WeighPanel),
        Of(Names.Publish),
    ];

    /// <summary>From here on what was cut short by this process's own stop is given back, for another process.</summary>
    public void Stop() => _stopping = true;

    /// <summary>Gives up what is still under way.</summary>
    public void Abort() => _hardStop.Cancel();

    public void Dispose() => _hardStop.Dispose();

    private Creator<TaskActivity> Of<TInput, TOutput>(
        ActivityName<TInput, TOutput> name, Func<TOutput, Halt?>? haltOf = null, Func<TInput, (string RunId, int Shard)>? shardOf = null) =>
        new(name.Name, () => new Step<TInput, TOutput>(this, name, haltOf, shardOf));

    private sealed class Step<TInput, TOutput>(
        StepActivities owner, ActivityName<TInput, TOutput> name, Func<TOutput, Halt?>? haltOf, Func<TInput, (string RunId, int Shard)>? shardOf) : TaskActivity
    {
        public override async Task<string> RunAsync(TaskContext context, string input)
        {
            Interlocked.Increment(ref owner._underWay);
            try
            {
                if (owner._stopping)
                {
                    throw new SessionAbortedException(Stopped);
                }

                TInput message = JsonTexts.Read<TInput>(input);
                using Activity? span = shardOf?.Invoke(message) is { } shard ? PipelineTelemetry.StartShard(shard.RunId, shard.Shard) : null;
                TOutput result = await owner._steps.CallAsync(name, message, owner._hardStop.Token);

                // This process stops, and not the run: another process does the rest.
                return owner._stopping && haltOf?.Invoke(result) is { Kind: HaltKind.Interrupted }
                    ? throw new SessionAbortedException(Stopped)
                    : JsonTexts.Write(result);
            }
            catch (OperationCanceledException exception) when (owner._hardStop.IsCancellationRequested)
            {
                throw new SessionAbortedException(Stopped, exception);
            }
            finally
            {
                Interlocked.Decrement(ref owner._underWay);
            }
        }

        public override string Run(TaskContext context, string input) => throw new NotSupportedException("steps are asynchronous");
    }
}
