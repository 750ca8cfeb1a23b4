using System.Text;
using System.Text.RegularExpressions;
using Tribunal.Inference.Resilience;
using Tribunal.Protocols.Chat;

namespace Tribunal.Inference.Endpoints;

/// <summary>What an endpoint says when it refuses: sorted, and fit to be shown (one line, bounded, without keys).</summary>
internal static partial class EndpointError
{
    private const int MostBytes = 16 * 1024;

    // Fields and models that every request has.
    private static readonly HashSet<string> ConfigurationCodes = new(StringComparer.OrdinalIgnoreCase)
    {
        "model_not_found", "unknown_model", "unavailable_model", "DeploymentNotFound", "invalid_model", "model_not_supported",
        "unsupported_parameter", "unknown_parameter", "unsupported_value", "unrecognized_parameter", "extra_forbidden", "invalid_api_key", "API_KEY_INVALID",
    };

    /// <summary>Reads the body of a failed request and sorts it.</summary>
    public static async Task<Attempt<T>> ReadAsync<T>(WireResponse response, string? key, TimeProvider time, CancellationToken cancellationToken)
    {
        EndpointWords said = await BoundedBody.ReadAsync(
            response.Body, response.Length, MostBytes, cut: true, static (bytes, _) => EndpointWords.Of(bytes.Span), 0, cancellationToken);
        Attempt<T> attempt = Sort<T>(response.Status, said, key) with { RetryAfter = RetryAfter.Read(response.RetryAfter, time.GetUtcNow(), response.RetryAfterMs) ?? WaitOf(said) };
        return response.Status is >= 300 and < 400
            ? attempt with { Detail = $"HTTP {response.Status}: it redirects elsewhere{Where(response.Location, key)}; prompts don't follow: give the final address" }
            : attempt;
    }

    /// <summary>Sorts an error that came inside a stream or with status 200. One whose status nothing tells may pass.</summary>
    public static Attempt<T> FromObject<T>(ReadOnlySpan<byte> error, string? key)
    {
        EndpointWords said = EndpointWords.Of(error);
        int? status = said.MeantStatus;
        Attempt<T> attempt = Sort<T>(status ?? 500, said, key) with { RetryAfter = WaitOf(said) };
        return status is null ? attempt with { Detail = $"an error instead of an answer: {Fit(said.Text, key)}" } : attempt;
    }

    /// <summary>Words for a web page that came in place of a completion; null where it is none.</summary>
    public static string? PageIn(ReadOnlySpan<byte> body) => Page(Encoding.UTF8.GetString(body)) is { } page ? Elsewhere(page) : null;

    /// <inheritdoc cref="EndpointWords.Line"/>
    public static string Fit(string words, string? key) => EndpointWords.Line(words, key);

    // Whose fault it is. Only keys, models, addresses and fields that every request has are everyone's; a filter and a text that
    // is too long are this request's, and so is what nobody knows.
    private static Attempt<T> Sort<T>(int status, EndpointWords said, string? key)
    {
        string fit = Page(said.Text) is not { } page ? Fit(said.Text, key)
            : status is 403 or 408 or 429 or >= 500 ? $"a web page ({page})"
            : Elsewhere(page);
        string detail = fit.Length == 0 ? $"HTTP {status}" : $"HTTP {status}: {fit}";
        Ending ending = status switch
        {
            408 => Ending.TimedOut,
            409 or 423 or 424 or 425 or 449 or 499 => Ending.Unavailable,
            429 => said.IsOutOfCredit ? Ending.Rejected : said.IsTooLong ? Ending.Refused : Ending.Throttled,
            501 or 505 => Ending.Rejected,
            // Some put what this request holds, or what the account lacks, under a status of their own trouble.
            >= 500 => said.IsNoApi || said.IsOutOfCredit ? Ending.Rejected : said.IsTooLong || said.IsTemplate ? Ending.Refused : Ending.Unavailable,
            400 or 403 or 413 or 422 or 451 when said.IsFiltered || status == 451 => Ending.Filtered,
            400 or 403 when said is { IsRateLimit: true, IsOutOfCredit: false, IsTooLong: false } => Ending.Throttled,
            400 or 404 when said.IsLoading => Ending.Unavailable,
            401 or 402 or 403 or 404 or 405 or 407 or 410 or 415 or 421 or 426 => Ending.Rejected,
            >= 400 => ConfigurationCodes.Contains(said.Code) || ConfigurationCodes.Contains(said.Type) || said.IsNoApi ? Ending.Rejected : Ending.Refused,
            _ => Ending.Rejected,
        };
        return new Attempt<T>(ending, Detail: detail);
    }

    private static string Elsewhere(string page) => $"a web page came where a judge's API was expected (most servers have it at ADDRESS/v1): {page}";

    private static TimeSpan? WaitOf(EndpointWords said) => said.Wait is { } wait ? RetryAfter.Capped(wait) : null;

    // Without a query, which may hold what is nobody's business.
    private static string Where(string? location, string? key) =>
        Uri.TryCreate(location, UriKind.Absolute, out Uri? to) ? $" ({Fit(to.GetLeftPart(UriPartial.Path), key)})" : "";

    // The title of a web page, or its heading.
    private static string? Page(string text)
    {
        string start = text.TrimStart('\uFEFF', ' ', '\t', '\r', '\n');
        if (!start.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) && !start.StartsWith("<html", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        Match title = Title().Match(start);
        return title.Success ? $"\"{Fit(title.Groups["words"].Value.Trim(), null)}\"" : "without a title";
    }

    [GeneratedRegex(@"<(?:title|h1)[^>]{0,200}>(?<words>[^<]{1,200})", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Title();
}
