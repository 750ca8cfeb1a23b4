using Tribunal.Judgements;

namespace Tribunal.Inference.Resilience;

/// <summary>How one HTTP request ended.</summary>
internal enum Ending
{
    /// <summary>With an answer.</summary>
    Answered,

    /// <summary>429.</summary>
    Throttled,

    /// <summary>5xx.</summary>
    Unavailable,

    /// <summary>Refused, reset or ended early.</summary>
    Reset,

    /// <summary>By the time limit, ours or (408) the server's.</summary>
    TimedOut,

    /// <summary>With a body that is no answer.</summary>
    Malformed,

    /// <summary>With a 4xx that every other request would get as well.</summary>
    Rejected,

    /// <summary>With a 4xx about what this request holds.</summary>
    Refused,

    /// <summary>With a content filter's refusal of what this request holds.</summary>
    Filtered,

    /// <summary>It was not sent: the endpoint is known to be away.</summary>
    NotSent,
}

/// <summary>One HTTP request, ended.</summary>
internal sealed record Attempt<T>(Ending Ending, T? Value = default, string? Detail = null)
{
    /// <summary>How long the endpoint asks us to wait.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The HTTP status of a refusal; 0 for none.</summary>
    public int Status { get; init; }

    /// <summary>Whether trying again is known not to help.</summary>
    public bool Final { get; init; }

    /// <summary>The tokens that the server reported for an answer that is none.</summary>
    public Usage Spent { get; init; }

    /// <summary>Whether a web page came instead of an answer.</summary>
    public bool IsPage { get; init; }

    /// <summary>Tells the prompts of refused requests apart; the same whatever order one shows its responses in.</summary>
    public long Prompt { get; init; }

    /// <summary>The exception behind it.</summary>
    public Exception? Cause { get; init; }

    /// <summary>Whether another try may help.</summary>
    public bool Retryable => !Final && Ending is Ending.Throttled or Ending.Unavailable or Ending.Reset or Ending.TimedOut or Ending.Malformed;
}
