using System.Globalization;

namespace Tribunal.Inference.Resilience;

/// <summary>Reads <c>Retry-After</c> (RFC 9110, 10.2.3), seconds or a date, and <c>retry-after-ms</c>, which says the same more exactly.</summary>
internal static class RetryAfter
{
    /// <summary>The longest wait that is granted; an endpoint that asks for more is asked again then.</summary>
    public static TimeSpan Cap { get; } = TimeSpan.FromSeconds(60);

    /// <summary>The wait, in 0..<see cref="Cap"/>; null where the headers are missing or say nothing.</summary>
    public static TimeSpan? Read(string? value, DateTimeOffset now, string? milliseconds = null)
    {
        if (Number(milliseconds) is { } exactly)
        {
            return TimeSpan.FromMilliseconds(Math.Min(exactly, Cap.TotalMilliseconds));
        }

        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        if (Number(value) is { } seconds)
        {
            return TimeSpan.FromSeconds(Math.Min(seconds, Cap.TotalSeconds));
        }

        if (DateTimeOffset.TryParseExact(value.Trim(), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date))
        {
            return Capped(date - now);
        }

        return null;
    }

    /// <summary>A wait, in 0..<see cref="Cap"/>.</summary>
    public static TimeSpan Capped(TimeSpan wait) => wait <= TimeSpan.Zero ? TimeSpan.Zero : wait > Cap ? Cap : wait;

    private static double? Number(string? value) =>
        double.TryParse(value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out double number)
        && number >= 0
            ? number
            : null;
}
