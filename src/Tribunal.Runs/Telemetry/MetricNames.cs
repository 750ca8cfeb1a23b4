namespace Tribunal.Runs.Telemetry;

/// <summary>
/// Names that alerts rest on: one constant for the code that measures and for infra/, which links this file.
/// Keep it free of references.
/// </summary>
public static class MetricNames
{
    /// <summary>The meter of a run's own figures.</summary>
    public const string Meter = "Tribunal";

    /// <summary>Counter of judgements drawn, by <see cref="OutcomeTag"/>.</summary>
    public const string Judgements = "tribunal.judgements";

    /// <summary>Tag of <see cref="Judgements"/>: <c>valid</c>, <c>unparsable</c>, <c>truncated</c>, <c>refused</c> or <c>failed</c>.</summary>
    public const string OutcomeTag = "tribunal.outcome";

    /// <summary>The value of <see cref="OutcomeTag"/> that counts.</summary>
    public const string ValidOutcome = "valid";
}
