using System.Collections.Frozen;
using System.Text.Json;

namespace Tribunal.Protocols.Chat;

/// <summary>Whose fault a refusal is, and with it whether asking again may help.</summary>
public enum RefusalKind
{
    /// <summary>A rate is exceeded: it passes.</summary>
    Throttled,

    /// <summary>The server's own trouble: it passes.</summary>
    Unavailable,

    /// <summary>The server waited too long: it passes.</summary>
    TimedOut,

    /// <summary>Every request gets it, until a key, a model, an address, an account or a field is put right.</summary>
    Everyone,

    /// <summary>What this request holds: asking again doesn't help.</summary>
    Request,

    /// <summary>A content filter refuses what this request holds.</summary>
    Filtered,
}

/// <content>Sorts refusals, the same for live answers, streams and files of batch services.</content>
public readonly partial record struct EndpointWords
{
    // Fields and models that every request has.
    private static readonly FrozenSet<string> ConfigurationCodes = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "model_not_found", "unknown_model", "unavailable_model", "DeploymentNotFound", "invalid_model", "model_not_supported",
        "unsupported_parameter", "unknown_parameter", "unsupported_value", "unrecognized_parameter", "extra_forbidden", "invalid_api_key", "API_KEY_INVALID");

    /// <summary>Whether an <c>error</c> says anything: gateways send empty ones with every answer.</summary>
    public static bool Says(JsonElement error) => ErrorForms.Says(error);

    /// <summary>
    /// Whose fault it is. Only keys, models, addresses and fields that every request has are everyone's; a filter and a text that is too long
    /// are this request's, and so is what nobody knows.
    /// </summary>
    /// <param name="status">The HTTP status, or what stands for it.</param>
    public RefusalKind KindUnder(int status) => status switch
    {
        408 => RefusalKind.TimedOut,
        409 or 423 or 424 or 425 or 449 or 499 => RefusalKind.Unavailable,
        429 => IsOutOfCredit ? RefusalKind.Everyone : IsTooLong ? RefusalKind.Request : RefusalKind.Throttled,
        501 or 505 => RefusalKind.Everyone,
        // Some put what this request holds, or what the account lacks, under a status of their own trouble.
        >= 500 => IsNoApi || IsOutOfCredit ? RefusalKind.Everyone : IsTooLong || IsTemplate ? RefusalKind.Request : RefusalKind.Unavailable,
        400 or 403 or 413 or 422 or 451 when IsFiltered || status == 451 => RefusalKind.Filtered,
        400 or 403 when this is { IsRateLimit: true, IsOutOfCredit: false, IsTooLong: false } => RefusalKind.Throttled,
        400 or 404 when IsLoading => RefusalKind.Unavailable,
        401 or 402 or 403 or 404 or 405 or 407 or 410 or 415 or 421 or 426 => RefusalKind.Everyone,
        >= 400 => ConfigurationCodes.Contains(Code) || ConfigurationCodes.Contains(Type) || IsNoApi ? RefusalKind.Everyone : RefusalKind.Request,
        _ => RefusalKind.Everyone,
    };
}
