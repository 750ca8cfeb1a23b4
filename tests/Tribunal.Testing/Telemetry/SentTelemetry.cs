using System.Globalization;

namespace Tribunal.Testing.Telemetry;

/// <summary>What every host has to send of a run, or of a request for rewards.</summary>
internal static class SentTelemetry
{
    private static readonly string[] Shards = ["shard", "orchestration:ScoreShard"];
    private static readonly string[] Runs = ["run", "orchestration:EvaluateBatch"];

    /// <summary>A trace from the run over its shards to each judgement, and what belongs to its judgements and verdicts.</summary>
    public static void AssertRun(TelemetrySink sink, string service, int rollouts, int judgements)
    {
        SentSpan[] sent = sink.Of(service, "judgement");
        Assert.Equal(judgements, sent.Length);
        Assert.All(sent, judgement =>
        {
            string[] above = [.. sink.Above(judgement).Select(static span => span.Name)];
            int shard = Array.FindLastIndex(above, static name => Shards.Contains(name));
            Assert.True(shard >= 0, $"no shard is above it: {string.Join(" < ", above)}");
            Assert.Contains(above[shard..], static name => Runs.Contains(name));
        });
        AssertJudged(sink, service, rollouts);
    }

    /// <summary>The judge's calls below judgements, the metrics of generative AI, and an evaluation result per verdict.</summary>
    public static void AssertJudged(TelemetrySink sink, string service, int rollouts)
    {
        var results = sink.Spans.Where(span => span.Service == service).SelectMany(static span => span.Events).Where(static one => one.Name == "gen_ai.evaluation.result").ToArray();
        Assert.Equal(rollouts, results.Length);
        Assert.All(results, static one => Assert.Equal("tribunal.verdict", one.Attributes["gen_ai.evaluation.name"]));
        Assert.All(results, static one => Assert.InRange(double.Parse(one.Attributes["gen_ai.evaluation.score.value"], CultureInfo.InvariantCulture), 0, 1));
        string[] metrics = [.. sink.Metrics.Where(metric => metric.Service == service).Select(static metric => metric.Name)];
        Assert.Contains("gen_ai.client.token.usage", metrics);
        Assert.Contains("gen_ai.client.operation.duration", metrics);
        Assert.Contains("tribunal.judgements", metrics);
        SentSpan chat = sink.Spans.First(span => span.Service == service && span.Attributes.ContainsKey("gen_ai.operation.name"));
        Assert.Equal("chat", chat.Attributes["gen_ai.operation.name"]);
        Assert.True(long.Parse(chat.Attributes["gen_ai.usage.output_tokens"], CultureInfo.InvariantCulture) > 0);
        Assert.Equal("judgement", sink.Above(chat).First().Name);
    }
}
