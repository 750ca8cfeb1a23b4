using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tribunal.Judgements;
using Tribunal.Runs.Telemetry;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>What a desk did since its start; the same figures go to OpenTelemetry under <see cref="MeterName"/>.</summary>
public sealed class RewardCounts
{
    /// <summary>The meter.</summary>
    public const string MeterName = "Tribunal.RewardServer";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> RolloutCounter = Meter.CreateCounter<long>("tribunal.reward.rollouts", "{rollout}", "Rollouts judged, by status.");
    private static readonly Counter<long> RememberedCounter = Meter.CreateCounter<long>("tribunal.reward.remembered", "{question}", "Questions that joined a judging under way or were answered from memory.");
    private static readonly Counter<long> BusyCounter = Meter.CreateCounter<long>("tribunal.reward.turned_away", "{question}", "Questions answered 429.");
    private static readonly Counter<long> ReplacedCounter = Meter.CreateCounter<long>("tribunal.reward.replaced", "{reward}", "Rewards that are not there, answered with a number of the user's choice.");
    private static readonly Counter<long> RequestCounter = Meter.CreateCounter<long>("tribunal.reward.requests", "{request}", "Requests answered, by trainer's form and status.");
    private static readonly Histogram<double> RequestTime = Meter.CreateHistogram<double>("tribunal.reward.request.duration", "s", "From a request's last byte to its answer, waiting for the group included, by trainer's form and status.", tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 100, 180] });
    private static readonly Counter<long> WithoutMetaCounter = Meter.CreateCounter<long>("tribunal.reward.without_meta", "{judgement}", "Judgements that vote without the meta reward that they should have.");
    private long _judgements;
    private long _withoutMeta;
    private long _replaced;
    private long _rollouts;
    private long _remembered;
    private long _turnedAway;

    /// <summary>Judgements drawn.</summary>
    public long Judgements => Interlocked.Read(ref _judgements);

    /// <summary>Judgements that vote without the meta reward that they should have: the meta reward model gave none.</summary>
    public long WithoutMeta => Interlocked.Read(ref _withoutMeta);

    /// <summary>Rollouts judged to the end.</summary>
    public long Rollouts => Interlocked.Read(ref _rollouts);

    /// <summary>Questions that cost nothing.</summary>
    public long Remembered => Interlocked.Read(ref _remembered);

    /// <summary>Questions turned away.</summary>
    public long TurnedAway => Interlocked.Read(ref _turnedAway);

    /// <summary>Rewards that are not there, answered with a number of the user's choice.</summary>
    public long Replaced => Interlocked.Read(ref _replaced);

    internal void Replace(int rewards)
    {
        Interlocked.Add(ref _replaced, rewards);
        ReplacedCounter.Add(rewards);
    }

    /// <summary>A request was answered.</summary>
    /// <param name="form">The trainer's form.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="took">From its last byte to the answer.</param>
    public static void Answered(string form, int status, TimeSpan took)
    {
        var tags = new TagList { { "tribunal.form", form }, { "http.response.status_code", status } };
        RequestCounter.Add(1, tags);
        RequestTime.Record(took.TotalSeconds, tags);
    }

    internal void Asked() => Interlocked.Increment(ref _judgements);

    internal void Drawn(Activity? span, Judgement judgement, bool metaAsked)
    {
        Interlocked.Increment(ref _judgements);
        if (metaAsked && judgement is { Outcome: JudgementOutcome.Valid, Meta: null })
        {
            Interlocked.Increment(ref _withoutMeta);
            WithoutMetaCounter.Add(1);
        }

        PipelineTelemetry.Judged(span, judgement);
    }

    internal void Judged(Verdict verdict)
    {
        Interlocked.Increment(ref _rollouts);
        PipelineTelemetry.Cast(verdict);
        RolloutCounter.Add(1, new KeyValuePair<string, object?>("tribunal.status", verdict.Status == VerdictStatus.Scored ? "scored" : "unscorable"));
    }

    internal void Remember()
    {
        Interlocked.Increment(ref _remembered);
        RememberedCounter.Add(1);
    }

    internal void TurnAway()
    {
        Interlocked.Increment(ref _turnedAway);
        BusyCounter.Add(1);
    }
}
