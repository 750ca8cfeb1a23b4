using Microsoft.DurableTask;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Resuming;

namespace Tribunal.Functions.Durable;

/// <summary>How activities are tried again: as on every host that keeps histories.</summary>
internal static class Retries
{
    /// <summary>By the figures of <see cref="StepRetries"/>, where trying again may help.</summary>
    public static TaskOptions Activity { get; } = TaskOptions.FromRetryPolicy(
        new RetryPolicy(StepRetries.Tries, StepRetries.First, StepRetries.Factor, StepRetries.Longest)
        {
            HandleFailure = static failure => !IsHopeless(failure.ErrorType),
        });

    /// <summary>Whether a failure of this type fails again. Hosts give the type's name with or without its namespace.</summary>
    public static bool IsHopeless(string errorType) => Hopeless.Is(errorType) || errorType.EndsWith(nameof(StorageConfigurationException), StringComparison.Ordinal);
}
