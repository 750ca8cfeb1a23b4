using Microsoft.DurableTask;

namespace Tribunal.Functions.Durable;

/// <summary>
/// How activities are tried again. The judge's own hiccups are retried inside the activity; what arrives here is storage
/// that was away, an instance that died, or a part whose dead writer still holds its lease (15 s).
/// </summary>
internal static class Retries
{
    // Trying again can't help: the batch is gone or changed, the request is wrong, the configuration is.
    private static readonly string[] Hopeless =
    [
        "FileNotFoundException", "BatchChangedException", "BatchFormatException", "RunMismatchException", "RunDamagedException", "JudgeConfigurationException",
        "StorageConfigurationException", "ArgumentException", "ArgumentOutOfRangeException",
    ];

    /// <summary>Six tries over about two minutes: longer than any lease, shorter than anybody's patience.</summary>
    public static TaskOptions Activity { get; } = TaskOptions.FromRetryPolicy(
        new RetryPolicy(maxNumberOfAttempts: 6, firstRetryInterval: TimeSpan.FromSeconds(5), backoffCoefficient: 2, maxRetryInterval: TimeSpan.FromMinutes(1))
        {
            HandleFailure = static failure => !IsHopeless(failure.ErrorType),
        });

    /// <summary>Whether a failure of this type fails again. Hosts give the type's name with or without its namespace.</summary>
    public static bool IsHopeless(string errorType) => Hopeless.Contains(errorType[(errorType.LastIndexOf('.') + 1)..], StringComparer.Ordinal);
}
