using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tribunal.Judgements;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Telemetry;

/// <summary>
/// Traces run → shard → judgement and verdict, counts judgements, and reports verdicts as <c>gen_ai.evaluation.result</c> events, by
/// OpenTelemetry's conventions for generative AI. Texts are never attributes.
/// </summary>
public static class PipelineTelemetry
{
    private const string EvaluationName = "tribunal.verdict";
    private static readonly ActivitySource Source = new(MetricNames.Meter);
    private static readonly Meter Meter = new(MetricNames.Meter);
    private static readonly Counter<long> Judgements = Meter.CreateCounter<long>(MetricNames.Judgements, "{judgement}", "Judgements drawn");

    /// <summary>Opens a run's span; null when nobody listens.</summary>
    public static Activity? StartRun(string runId) => Source.StartActivity("run")?.SetTag("tribunal.run", runId);

    /// <summary>Opens a shard's span.</summary>
    public static Activity? StartShard(string runId, int shard) => Source.StartActivity("shard")?.SetTag("tribunal.run", runId).SetTag("tribunal.shard", shard);

    /// <summary>Opens a judgement's span.</summary>
    public static Activity? StartJudgement(string runId, string rolloutId, int sample) =>
        Source.StartActivity("judgement")?.SetTag("tribunal.run", runId).SetTag("tribunal.rollout", rolloutId).SetTag("tribunal.sample", sample);

    /// <summary>Counts a judgement and completes its span.</summary>
    public static void Judged(Activity? span, Judgement judgement)
    {
        string outcome = judgement.Outcome == JudgementOutcome.Valid ? MetricNames.ValidOutcome : judgement.Outcome.ToString().ToLowerInvariant();
        Judgements.Add(1, new KeyValuePair<string, object?>(MetricNames.OutcomeTag, outcome));
        span?.SetTag(MetricNames.OutcomeTag, outcome);
    }

    /// <summary>Reports a verdict: the best response's reward and its place, as an event of a span of its own, for a span keeps only so many.</summary>
    public static void Cast(Verdict verdict)
    {
        using Activity? span = Source.StartActivity("verdict")?.SetTag("tribunal.rollout", verdict.Id);
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        ActivityTagsCollection tags = new()
        {
            ["gen_ai.evaluation.name"] = EvaluationName,
            ["gen_ai.evaluation.score.label"] = verdict.Status == VerdictStatus.Scored ? $"response {verdict.Best}" : "unscorable",
            ["tribunal.rollout"] = verdict.Id,
        };
        if (verdict is { Status: VerdictStatus.Scored, Best: { } best, Rewards: { } rewards })
        {
            tags["gen_ai.evaluation.score.value"] = rewards[best];
        }

        span.AddEvent(new ActivityEvent("gen_ai.evaluation.result", tags: tags));
    }
}
