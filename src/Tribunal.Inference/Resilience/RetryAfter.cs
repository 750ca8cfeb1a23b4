using System.Globalization;

namespace Tribunal.Inference.Resilience;

/// <summary>Reads <c>Retry-After</c> (RFC 9110, 10.2.3): seconds or a date.</summary>
internal static class RetryAfter
{
    /// <summary>The longest wait that is granted; an endpoint that asks for more is asked again then.</summary>
    public static TimeSpan Cap { get; } = TimeSpan.FromSeconds(60);

    /// <summary>The wait, in 0..<see cref="Cap"/>; null where the header is missing or says nothing.</summary>
    public static TimeSpan? Read(string? value, DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return null;
        }

        if (double.TryParse(value, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out double seconds)
            && seconds >= 0)
        {
            return seconds >= Cap.TotalSeconds ? Cap : TimeSpan.FromSeconds(seconds);
        }

        if (DateTimeOffset.TryParseExact(value.Trim(), "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset date))
        {
            TimeSpan wait = date - now;
            return wait <= TimeSpan.Zero ? TimeSpan.Zero : wait > Cap ? Cap : wait;
        }

        return null;
    }
}
