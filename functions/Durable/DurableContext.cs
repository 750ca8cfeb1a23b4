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

    public async Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input)
    {
        try
        {
            return await context.CallActivityAsync<TOutput>(activity.Name, input, Retries);
        }
        catch (TaskFailedException exception)
        {
            throw Failed(exception);
        }
    }

    public async Task<TOutput> CallSubOrchestratorAsync<TInput, TOutput>(OrchestratorName<TInput, TOutput> orchestrator, string instanceId, TInput input)
    {
        try
        {
            // Activities are retried where they fail; a shard as a whole is not.
            return await context.CallSubOrchestratorAsync<TOutput>(orchestrator.Name, input, new TaskOptions().WithInstanceId(instanceId));
        }
        catch (TaskFailedException exception)
        {
            throw Failed(exception);
        }
    }

    public Task CreateTimerAsync(TimeSpan delay) => context.CreateTimer(delay, CancellationToken.None);

    public void SetCustomStatus(RunProgress status)
    {
        context.SetCustomStatus(status);
        onStatus?.Invoke(status);
    }

    private static ActivityFailedException Failed(TaskFailedException exception) =>
        new(exception.FailureDetails.ErrorType, exception.FailureDetails.ErrorMessage, exception);
}
