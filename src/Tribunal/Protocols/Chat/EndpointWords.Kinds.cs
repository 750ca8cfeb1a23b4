using System.Collections.Frozen;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tribunal.Protocols.Chat;

/// <content>What kind of refusal it is, by codes and types that servers share, and by words where they share none.</content>
public readonly partial record struct EndpointWords
{
    private static readonly FrozenDictionary<string, int> Statuses = new Dictionary<int, string[]>
    {
        [400] = ["invalid_request_error", "BadRequestError", "INVALID_ARGUMENT", "InvalidParameter", "validation", "validation_error", "context_length_exceeded", "exceed_context_size_error"],
        [401] = ["authentication_error", "AuthenticationError", "invalid_api_key", "UNAUTHENTICATED", "API_KEY_INVALID"],
        [403] = ["permission_error", "PermissionDeniedError", "PERMISSION_DENIED"],
        [404] = ["not_found_error", "NotFoundError", "model_not_found", "NOT_FOUND"],
        [429] = ["rate_limit_error", "rate_limit_exceeded", "RateLimitError", "too_many_requests", "TooManyRequests", "throttling_error", "ThrottlingException", "RESOURCE_EXHAUSTED"],
        [503] = ["overloaded", "overloaded_error", "UNAVAILABLE", "unavailable_error"],
    }.SelectMany(static pair => pair.Value.Select(name => KeyValuePair.Create(name, pair.Key))).ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> CreditCodes = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "exceeded_current_quota_error", "insufficient_balance", "insufficient_balance_error", "insufficient_credits", "quota_exceeded");

    /// <summary>The status that an error without one means, by its code, its type or its words; null where they tell none.</summary>
    public int? MeantStatus =>
        IsFiltered ? 400
        : Status is { } given ? given
        : Statuses.TryGetValue(Code, out int byCode) ? byCode
        : IsOutOfCredit ? 429
        : Statuses.TryGetValue(Type, out int byType) ? byType
        : IsRateLimit ? 429
        : IsTooLong ? 400
        : null;

    /// <summary>Whether the words say that the address is none of the API.</summary>
    public bool IsNoApi => NoApi().IsMatch(Text);

    /// <summary>Whether the account has no credit left, which waiting doesn't mend. Who says how long to wait means a rate.</summary>
    public bool IsOutOfCredit => CreditCodes.Contains(Code) || CreditCodes.Contains(Type) || (Credit().IsMatch(Text) && Wait is null && !Text.Contains("per minute", StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a rate is exceeded, whatever the status says.</summary>
    public bool IsRateLimit => (Statuses.TryGetValue(Code, out int code) && code == 429) || (Statuses.TryGetValue(Type, out int type) && type == 429) || Rate().IsMatch(Text);

    /// <summary>Whether this one request is larger than the rate allows for any, or than the model can read.</summary>
    public bool IsTooLong => TooLong().IsMatch(Text);

    /// <summary>Whether the model's chat template refuses the roles of the messages.</summary>
    public bool IsTemplate => Template().IsMatch(Text);

    /// <summary>Whether the model is being loaded.</summary>
    public bool IsLoading => Loading().IsMatch(Text);

    /// <summary>How long the words ask to wait; null where they don't.</summary>
    public TimeSpan? Wait
    {
        get
        {
            Match match = Waits().Match(Text);
            return match.Success && double.TryParse(match.Groups["n"].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && number < 1e6
                ? TimeSpan.FromSeconds(match.Groups["unit"].Value switch { "ms" => number / 1000, "m" => number * 60, _ => number })
                : null;
        }
    }

    [GeneratedRegex(@"unexpected endpoint or method|\bno (?:such )?route\b|unknown (?:url|path|endpoint)|invalid url \(|plain http request was sent|http request to an https server", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NoApi();

    [GeneratedRegex(@"exceeded your current quota|insufficient (?:account )?(?:balance|quota|credits?|funds)|credit balance is too low|out of credits|please recharge", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Credit();

    [GeneratedRegex(@"rate[ _-]?limit(?:ed|s)?\b|too many requests|throttlingexception|request limit reached", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Rate();

    [GeneratedRegex(
        @"request too large|tokens must be reduced|maximum context length|context (?:length|size|window) exceeded|exceeds? the (?:maximum allowed length|available context|model's context|context (?:size|window|length))|(?:prompt|input) (?:is )?too long|must have less than|tokens`? \+ `?max_new_tokens`? must be",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TooLong();

    [GeneratedRegex(@"roles must alternate|system role (?:is )?not supported|roles are supported, got|jinja|raise_exception", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Template();

    [GeneratedRegex(@"\bis (?:still |currently )?(?:loading|being loaded|starting)\b|loading model", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Loading();

    [GeneratedRegex(@"(?:try|retry)(?: again)? (?:in|after) (?<n>[0-9]{1,7}(?:\.[0-9]+)?)\s*(?<unit>ms|s|m)?", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Waits();
}
