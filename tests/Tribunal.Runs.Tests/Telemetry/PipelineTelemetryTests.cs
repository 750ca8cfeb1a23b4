using System.Collections.Concurrent;
using System.Diagnostics;
using Tribunal.Judgements;
using Tribunal.Runs.Telemetry;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Tests.Telemetry;

/// <summary>Listeners hear a whole process, so other tests' spans come while these are read: each looks at its own.</summary>
public sealed class PipelineTelemetryTests
{
    [Fact]
    public void A_judgements_span_lies_in_its_shards_and_that_in_its_runs()
    {
        ConcurrentQueue<Activity> ended = [];
        using ActivityListener listener = Listen(ended);
        using (PipelineTelemetry.StartRun("telemetry-run"))
        using (PipelineTelemetry.StartShard("telemetry-run", 3))
        {
            PipelineTelemetry.StartJudgement("telemetry-run", "r1", 5)!.Dispose();
        }

        Activity[] mine = [.. ended.Where(static span => Equals(span.GetTagItem("tribunal.run"), "telemetry-run"))];
        Assert.Equal(["judgement", "shard", "run"], mine.Select(static span => span.OperationName));
        Assert.Equal(mine[1].SpanId, mine[0].ParentSpanId);
        Assert.Equal(mine[2].SpanId, mine[1].ParentSpanId);
    }

    [Fact]
    public void A_verdict_is_an_evaluation_result()
    {
        ConcurrentQueue<Activity> ended = [];
        using ActivityListener listener = Listen(ended);
        using (PipelineTelemetry.StartShard("telemetry-verdicts", 0))
        {
            PipelineTelemetry.Cast(new Verdict { Id = "a", Status = VerdictStatus.Scored, Best = 1, Rewards = [0.25, 0.75], Votes = new VoteCounts() });
            PipelineTelemetry.Cast(new Verdict { Id = "b", Status = VerdictStatus.Unscorable, Votes = new VoteCounts() });
        }

        Activity shard = ended.Single(static span => Equals(span.GetTagItem("tribunal.run"), "telemetry-verdicts"));
        ActivityEvent[] events = [.. ended.Where(span => span.ParentSpanId == shard.SpanId).Select(static span => Assert.Single(span.Events))];
        Assert.All(events, static one => Assert.Equal("gen_ai.evaluation.result", one.Name));
        Dictionary<string, object?>[] tags = [.. events.Select(static one => one.Tags.ToDictionary(StringComparer.Ordinal))];
        Assert.Equal((0.75, "response 1"), (tags[0]["gen_ai.evaluation.score.value"], tags[0]["gen_ai.evaluation.score.label"]));
        Assert.False(tags[1].ContainsKey("gen_ai.evaluation.score.value"));
        Assert.Equal("unscorable", tags[1]["gen_ai.evaluation.score.label"]);
    }

    [Fact]
    public void A_shard_of_more_rollouts_than_a_span_keeps_events_loses_none()
    {
        ConcurrentQueue<Activity> ended = [];
        using ActivityListener listener = Listen(ended);
        using (PipelineTelemetry.StartShard("telemetry-many", 0))
        {
            for (int i = 0; i < 300; i++)
            {
                PipelineTelemetry.Cast(new Verdict { Id = $"many-{i}", Status = VerdictStatus.Unscorable, Votes = new VoteCounts() });
            }
        }

        Assert.Equal(300, ended.Count(static span => span.OperationName == "verdict" && $"{span.GetTagItem("tribunal.rollout")}".StartsWith("many-", StringComparison.Ordinal) && span.Events.Count() == 1));
    }

    private static ActivityListener Listen(ConcurrentQueue<Activity> ended)
    {
        ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == MetricNames.Meter,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
