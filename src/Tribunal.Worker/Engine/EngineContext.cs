using DurableTask.Core;
using DurableTask.Core.Exceptions;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;

namespace Tribunal.Worker.Engine;

/// <summary>
/// The orchestrators' context on the Durable Task Framework. Nothing here may leave the orchestration's thread: no
/// <c>ConfigureAwait(false)</c>, no <c>Task.Run</c>, no clock but the context's.
/// </summary>
/// <param name="onStatus">Told of the custom status, in every replay alike.</param>
internal sealed class EngineContext(OrchestrationContext context, Action<RunProgress> onStatus) : IOrchestrationContext
{
    /// <summary>The framework keeps versions of orchestrators and activities apart; there is one of each.</summary>
    public const string Version = "";

    private static readonly RetryOptions Retries = new(StepRetries.First, StepRetries.Tries)
    {
        BackoffCoefficient = StepRetries.Factor,
        MaxRetryInterval = StepRetries.Longest,
        Handle = static failure => !(failure is OrchestrationException { FailureDetails.ErrorType: { } kind } && Hopeless.Is(kind)),
    };

    public DateTimeOffset CurrentUtc => new(DateTime.SpecifyKind(context.CurrentUtcDateTime, DateTimeKind.Utc));

    public bool KeepsHistory => true;

    public Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input) =>
        ResultAsync<TOutput>(context.ScheduleWithRetry<string>(activity.Name, Version, Retries, JsonTexts.Write(input)));

    // Activities are retried where they fail; a shard as a whole is not.
    public Task<TOutput> CallSubOrchestratorAsync<TInput, TOutput>(OrchestratorName<TInput, TOutput> orchestrator, string instanceId, TInput input) =>
        ResultAsync<TOutput>(context.CreateSubOrchestrationInstance<string>(orchestrator.Name, Version, instanceId, JsonTexts.Write(input)));

    public Task CreateTimerAsync(TimeSpan delay) => context.CreateTimer(context.CurrentUtcDateTime + delay, "");

    public void SetCustomStatus(RunProgress status) => onStatus(status);

    private static async Task<TOutput> ResultAsync<TOutput>(Task<string> called)
    {
        try
        {
            return JsonTexts.Read<TOutput>(await called);
        }
        catch (OrchestrationException exception)
        {
            throw new ActivityFailedException(exception.FailureDetails?.ErrorType ?? exception.GetType().Name, exception.FailureDetails?.ErrorMessage ?? exception.Message, exception);
        }
    }
}
