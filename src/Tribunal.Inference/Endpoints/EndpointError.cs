using Tribunal.Inference.Resilience;
using Tribunal.Protocols.Chat;

namespace Tribunal.Inference.Endpoints;

/// <summary>What an endpoint says when it refuses: sorted, and fit to be shown (one line, bounded, without keys).</summary>
internal static class EndpointError
{
    private const int MostBytes = 16 * 1024;

    // Fields and models that every request has.
    private static readonly HashSet<string> ConfigurationCodes = new(StringComparer.OrdinalIgnoreCase)
    {
        "model_not_found", "unknown_model", "unavailable_model", "DeploymentNotFound", "invalid_model", "model_not_supported",
        "unsupported_parameter", "unknown_parameter", "unsupported_value", "unrecognized_parameter", "extra_forbidden", "invalid_api_key",
    };

    /// <summary>Reads the body of a failed request and sorts it.</summary>
    public static async Task<Attempt<T>> ReadAsync<T>(WireResponse response, string? key, TimeProvider time, CancellationToken cancellationToken)
    {
        EndpointWords said = await BoundedBody.ReadAsync(
            response.Body, response.Length, MostBytes, cut: true, static (bytes, _) => EndpointWords.Of(bytes.Span), 0, cancellationToken);
        return Sort<T>(response.Status, said, key) with { RetryAfter = RetryAfter.Read(response.RetryAfter, time.GetUtcNow()) };
    }

    /// <summary>Sorts an error object that came inside a stream or with status 200.</summary>
    public static Attempt<T> FromObject<T>(ReadOnlySpan<byte> error, string? key)
    {
        EndpointWords said = EndpointWords.Of(error);
        return Sort<T>(int.TryParse(said.Code, out int status) && status is >= 400 and < 600 ? status : said.IsFiltered ? 400 : 500, said, key);
    }

    /// <inheritdoc cref="EndpointWords.Line"/>
    public static string Fit(string words, string? key) => EndpointWords.Line(words, key);

    // Whose fault it is. Only keys, models, addresses and fields that every request has are everyone's; a filter and a text that
    // is too long are this request's, and so is what nobody knows.
    private static Attempt<T> Sort<T>(int status, EndpointWords said, string? key)
    {
        string fit = said.Text.TrimStart().StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) || said.Text.TrimStart().StartsWith("<html", StringComparison.OrdinalIgnoreCase)
            ? "a web page came where a judge's API was expected (most servers have it at ADDRESS/v1)"
            : Fit(said.Text, key);
        string detail = fit.Length == 0 ? $"HTTP {status}" : $"HTTP {status}: {fit}";
        Ending ending = status switch
        {
            408 => Ending.TimedOut,
            409 or 424 or 425 => Ending.Unavailable,
            429 => said.Code is "insufficient_quota" or "billing_hard_limit_reached" ? Ending.Rejected : Ending.Throttled,
            501 or 505 => Ending.Rejected,
            >= 500 => said.IsNoApi ? Ending.Rejected : Ending.Unavailable,
            400 or 403 or 413 or 422 or 451 when said.IsFiltered || status == 451 => Ending.Filtered,
            401 or 402 or 403 or 404 or 405 or 407 or 410 or 415 or 421 or 426 => Ending.Rejected,
            >= 400 => ConfigurationCodes.Contains(said.Code) || said.IsNoApi ? Ending.Rejected : Ending.Refused,
            _ => Ending.Rejected,
        };
        return new Attempt<T>(ending, Detail: detail);
    }
}
