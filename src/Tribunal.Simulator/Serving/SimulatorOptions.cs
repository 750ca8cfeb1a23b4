using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Serving;

/// <summary>
/// What goes wrong between request and answer, each by probability, at most 1 together. Decided for each attempt at the same
/// request: its first, second, … arrival has its own seeded draw, so a retry can pass, and a run against a fresh server
/// meets the same faults again.
/// </summary>
public sealed record TransportFaults
{
    /// <summary>Probability of 429 with Retry-After; default 0.</summary>
    public double TooManyRequests { get; init; }

    /// <summary>Probability of 503; default 0.</summary>
    public double Unavailable { get; init; }

    /// <summary>Probability of a connection reset before anything is answered; default 0.</summary>
    public double Resets { get; init; }

    /// <summary>Probability of a connection reset in the middle of the answer; default 0.</summary>
    public double ResetsMidBody { get; init; }

    /// <summary>Probability of no answer at all for <see cref="SimulatorOptions.HangTime"/>, then a reset; default 0.</summary>
    public double Hangs { get; init; }

    /// <summary>Probability of 200 with a body that is no answer (half a JSON object, or a proxy's page); default 0.</summary>
    public double GarbageBodies { get; init; }

    /// <summary>All of them together.</summary>
    public double Total => TooManyRequests + Unavailable + Resets + ResetsMidBody + Hangs + GarbageBodies;

    /// <summary>
    /// A share of faults spread evenly over the kinds, for <c>--faults 0.3</c>: this sets six; use <see cref="Answers"/> for
    /// the rest of the same share.
    /// </summary>
    /// <param name="share">All faults together, in [0, 1].</param>
    public static TransportFaults Mixed(double share) => new()
    {
        TooManyRequests = share * Part,
        Unavailable = share * Part,
        Resets = share * Part,
        ResetsMidBody = share * Part,
        Hangs = share * Part,
        GarbageBodies = share * Part,
    };

    /// <summary>The part of <see cref="Mixed"/> that the engine plays: truncations, garbage verdicts, refusals.</summary>
    /// <param name="share">All faults together, in [0, 1].</param>
    public static AnswerFaults Answers(double share) => new() { Garbage = share * Part, Refusals = share * Part, Truncations = share * Part };

    // Nine kinds in all.
    private const double Part = 1.0 / 9;
}

/// <summary>A simulated judge server.</summary>
public sealed record SimulatorOptions
{
    /// <summary>The address to listen on; default 127.0.0.1.</summary>
    public string Host { get; init; } = "127.0.0.1";

    /// <summary>The port; 0 (default) takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The names on <c>/v1/models</c>; default <see cref="SimulatedJudgeOptions.DefaultModel"/>.</summary>
    public IReadOnlyList<string> Models { get; init; } = [SimulatedJudgeOptions.DefaultModel];

    /// <summary>The judge.</summary>
    public SimulatedJudgeOptions Judge { get; init; } = new();

    /// <summary>How long an answer takes, at least; default 0.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>What is added to <see cref="Latency"/> at most, uniform and seeded by the request; default 0.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>How many requests are worked on at a time, the rest waits in line; 0 (default) for no limit.</summary>
    public int Slots { get; init; }

    /// <summary>How many may wait in line before more get 429; 0 (default) for no limit. Counts only with <see cref="Slots"/>.</summary>
    public int Queue { get; init; }

    /// <summary>How long after the start everything is answered with 503, <c>/health</c> included; default 0.</summary>
    public TimeSpan WarmUp { get; init; }

    /// <summary>Faults of the transport; none by default.</summary>
    public TransportFaults Faults { get; init; } = new();

    /// <summary>What Retry-After says, in whole seconds rounded up, and <c>retry-after-ms</c> exactly; default 1 s.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a hanging request hangs; default 10 minutes.</summary>
    public TimeSpan HangTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The key that clients must send (Bearer or api-key), else 401; null (default) for none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        Judge.Validate();
        SimulatedJudgeOptions.Probability(Faults.TooManyRequests, "429");
        SimulatedJudgeOptions.Probability(Faults.Unavailable, "503");
        SimulatedJudgeOptions.Probability(Faults.Resets, "resets");
        SimulatedJudgeOptions.Probability(Faults.ResetsMidBody, "resets in the body");
        SimulatedJudgeOptions.Probability(Faults.Hangs, "hangs");
        SimulatedJudgeOptions.Probability(Faults.GarbageBodies, "garbage bodies");
        if (Faults.Total > 1 + 1e-9)
        {
            throw new ArgumentException("the faults' probabilities together exceed 1");
        }

        if (Port is < 0 or > 65535 || Slots < 0 || Queue < 0)
        {
            throw new ArgumentException("port, slots or queue out of range");
        }

        foreach (TimeSpan time in (TimeSpan[])[Latency, Jitter, WarmUp, RetryAfter, HangTime])
        {
            if (time < TimeSpan.Zero || time > TimeSpan.FromDays(1))
            {
                throw new ArgumentException("latency, jitter, warm-up, Retry-After and hang time lie between 0 and a day");
            }
        }

        if (Models.Count == 0)
        {
            throw new ArgumentException("a server has at least one model");
        }
    }
}
