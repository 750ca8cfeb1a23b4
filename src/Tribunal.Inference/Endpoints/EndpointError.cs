using System.Text;
using System.Text.RegularExpressions;
using Tribunal.Inference.Resilience;
using Tribunal.Protocols.Chat;

namespace Tribunal.Inference.Endpoints;

/// <summary>What an endpoint says when it refuses: sorted, and fit to be shown (one line, bounded, without keys).</summary>
internal static partial class EndpointError
{
    private const int MostBytes = 16 * 1024;

    /// <summary>Reads the body of a failed request and sorts it.</summary>
    public static async Task<Attempt<T>> ReadAsync<T>(WireResponse response, string? key, TimeProvider time, CancellationToken cancellationToken)
    {
        EndpointWords said = await BoundedBody.ReadAsync(
            response.Body, response.Length, MostBytes, cut: true, static (bytes, _) => EndpointWords.Of(bytes.Span), 0, cancellationToken);
        Attempt<T> attempt = Sort<T>(response.Status, said, key) with { Status = response.Status, RetryAfter = RetryAfter.Read(response.RetryAfter, time.GetUtcNow(), response.RetryAfterMs) ?? WaitOf(said) };
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

    private static Attempt<T> Sort<T>(int status, EndpointWords said, string? key)
    {
        string fit = Page(said.Text) is not { } page ? Fit(said.Text, key)
            : status is 403 or 408 or 413 or 429 or >= 500 ? $"a web page ({page})"
            : Elsewhere(page);
        string detail = fit.Length == 0 ? $"HTTP {status}" : $"HTTP {status}: {fit}";
        Ending ending = said.KindUnder(status) switch
        {
            RefusalKind.Throttled => Ending.Throttled,
            RefusalKind.Unavailable => Ending.Unavailable,
            RefusalKind.TimedOut => Ending.TimedOut,
            RefusalKind.Request => Ending.Refused,
            RefusalKind.Filtered => Ending.Filtered,
            _ => Ending.Rejected,
        };
        return new Attempt<T>(ending, Detail: detail);
    }

    private static string Elsewhere(string page) => $"a web page came where a judge's API was expected (most servers have it at ADDRESS/v1): {page}";

    private static TimeSpan? WaitOf(EndpointWords said) => said.Wait is { } wait ? RetryAfter.Capped(wait) : null;

    /// <summary>Where a redirection leads, in brackets, as the server gives it; empty where it doesn't say.</summary>
    /// <param name="location">The header <c>Location</c>: an address, or a path at the same host.</param>
    /// <param name="key">The key, which is never shown.</param>
    public static string Where(string? location, string? key)
    {
        // Without a query, which may hold what is nobody's business.
        string to = (location ?? "").Split('?', '#')[0];
        return to.Length > 0 ? $" ({Fit(to, key)})" : "";
    }

    // The title of a web page, or its heading.
    private static string? Page(string text)
    {
        string start = Before().Replace(text, "", 1);
        if (!start.StartsWith("<!doctype html", StringComparison.OrdinalIgnoreCase) && !start.StartsWith("<html", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        Match title = Title().Match(start);
        return title.Success ? $"\"{Fit(title.Groups["words"].Value.Trim(), null)}\"" : "without a title";
    }

    // Marks and comments that stand before a page.
    [GeneratedRegex(@"^(?:[\uFEFF\s]|<!--.{0,2000}?-->|<\?xml[^>]{0,200}>)+", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Before();

    [GeneratedRegex(@"<(?:title|h1)[^>]{0,200}>(?<words>[^<]{1,200})", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Title();
}
