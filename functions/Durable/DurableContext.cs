using Microsoft.DurableTask;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;

namespace Tribunal.Functions.Durable;

/// <summary>
/// The orchestrators' context on Durable Functions. Nothing here may leave the orchestration's thread: no
/// <c>ConfigureAwait(false)</c>, no <c>Task.Run</c>, no clock but the context's.
/// </summary>
/// <param name="onStatus">Told of the custom status, in every replay alike.</param>
internal sealed class DurableContext(TaskOrchestrationContext context, Action<RunProgress>? onStatus = null) : IOrchestrationContext
{
    // Hosts give an exception's type by its name with or without its namespace.
    private static readonly TaskOptions Retries = TaskOptions.FromRetryPolicy(new RetryPolicy(StepRetries.Tries, StepRetries.First, StepRetries.Factor, StepRetries.Longest)
    {
        HandleFailure = static failure => !Hopeless.Is(failure.ErrorType) && !failure.ErrorType.EndsWith(nameof(StorageConfigurationException), StringComparison.Ordinal),
    });

    public DateTimeOffset CurrentUtc => new(DateTime.SpecifyKind(context.CurrentUtcDateTime, DateTimeKind.Utc));

    public bool KeepsHistory => true;

    public Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input) =>
        ResultAsync(context.CallActivityAsync<TOutput>(activity.Name, input, Retries));

    // Activities are retried where they fail; a shard as a whole is not.
    public Task<TOutput> CallSubOrchestratorAsync<TInput, TOutput>(OrchestratorName<TInput, TOutput> orchestrator, string instanceId, TInput input) =>
        ResultAsync(context.CallSubOrchestratorAsync<TOutput>(orchestrator.Name, input, new TaskOptions().WithInstanceId(instanceId)));

    public Task CreateTimerAsync(TimeSpan delay) => context.CreateTimer(delay, CancellationToken.None);

    public void SetCustomStatus(RunProgress status)
    {
        context.SetCustomStatus(status);
        onStatus?.Invoke(status);
    }

    private static async Task<TOutput> ResultAsync<TOutput>(Task<TOutput> called)
    {
        try
        {
            return await called;
        }
        catch (TaskFailedException exception)
        {
            throw new ActivityFailedException(exception.FailureDetails.ErrorType, exception.FailureDetails.ErrorMessage, exception);
        }
    }
}
