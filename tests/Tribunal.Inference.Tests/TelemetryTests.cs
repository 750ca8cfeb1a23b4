using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Http;
using Tribunal.Inference.Endpoints;
using Tribunal.Inference.Telemetry;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Inference.Tests;

/// <summary>Spans and metrics by the GenAI conventions. Other tests run beside these: each looks at its own model only.</summary>
public sealed class TelemetryTests
{
    [Theory, InlineData(JudgeAdapter.OpenAI, "openai"), InlineData(JudgeAdapter.Azure, "azure.ai.inference")]
    public async Task A_call_is_a_span_and_two_measurements(JudgeAdapter adapter, string provider)
    {
        string model = $"telemetry-{adapter}";
        using var seen = new Watch(model);
        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Complete(false, """{"content":"top secret text"}"""));
        await AskAsync(endpoint.V1, adapter, model);
        Activity span = Assert.Single(seen.Spans);
        Assert.Equal($"chat {model}", span.DisplayName);
        Assert.Equal(ActivityKind.Client, span.Kind);
        Assert.Equal("chat", span.GetTagItem("gen_ai.operation.name"));
        Assert.Equal(provider, span.GetTagItem("gen_ai.provider.name"));
        Assert.Equal(model, span.GetTagItem("gen_ai.request.model"));
        Assert.Equal(0.5, span.GetTagItem("gen_ai.request.temperature"));
        Assert.Equal(300, span.GetTagItem("gen_ai.request.max_tokens"));
        Assert.Equal(11L, span.GetTagItem("gen_ai.usage.input_tokens"));
        Assert.Equal(7L, span.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Equal(["stop"], (string[])span.GetTagItem("gen_ai.response.finish_reasons")!);
        Assert.Equal("127.0.0.1", span.GetTagItem("server.address"));
        Assert.Equal(endpoint.V1.Port, span.GetTagItem("server.port"));
        Assert.DoesNotContain(span.TagObjects, static t => t.Value?.ToString()?.Contains("secret", StringComparison.Ordinal) == true);
        Assert.Equal([("input", 11d), ("output", 7d)], seen.Measured.Where(static m => m.Name == "gen_ai.client.token.usage").Select(static m => ((string)m.Tags["gen_ai.token.type"]!, m.Value)));
        (_, double seconds, Dictionary<string, object?> tags) = Assert.Single(seen.Measured, static m => m.Name == "gen_ai.client.operation.duration");
        Assert.True(seconds > 0);
        Assert.DoesNotContain("error.type", tags.Keys);
    }

    [Fact]
    public async Task A_call_without_answer_says_why()
    {
        using var seen = new Watch("telemetry-fault");
        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Json("{}", 401));
        await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint.V1, JudgeAdapter.OpenAI, "telemetry-fault"));
        Activity span = Assert.Single(seen.Spans);
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal("rejected", span.GetTagItem("error.type"));
        (string name, _, Dictionary<string, object?> tags) = Assert.Single(seen.Measured);
        Assert.Equal("gen_ai.client.operation.duration", name);
        Assert.Equal("rejected", tags["error.type"]);
    }

    private static async Task AskAsync(Uri endpoint, JudgeAdapter adapter, string model)
    {
        using var factory = new JudgeFactory();
        await factory.Create(new JudgeEndpointOptions { Name = "judge", Endpoint = endpoint, Model = model, Adapter = adapter })
            .AskAsync(new JudgeQuestion { Messages = [new Message("user", "secret")], Temperature = 0.5, MaxTokens = 300 }, TestContext.Current.CancellationToken);
    }

    private sealed class Watch : IDisposable
    {
        private readonly ActivityListener _spans;
        private readonly MeterListener _meter = new();

        public Watch(string model)
        {
            _spans = new ActivityListener
            {
                ShouldListenTo = static source => source.Name == InferenceTelemetry.Name,
                Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = span =>
                {
                    if (Equals(span.GetTagItem("gen_ai.request.model"), model))
                    {
                        Spans.Enqueue(span);
                    }
                },
            };
            ActivitySource.AddActivityListener(_spans);
            _meter.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == InferenceTelemetry.Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _meter.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(model, instrument.Name, value, tags));
            _meter.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(model, instrument.Name, value, tags));
            _meter.Start();
        }

        public ConcurrentQueue<Activity> Spans { get; } = [];

        public ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> Measured { get; } = [];

        public void Dispose()
        {
            _spans.Dispose();
            _meter.Dispose();
        }

        private void Note(string model, string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var all = new Dictionary<string, object?>(StringComparer.Ordinal);
            foreach ((string key, object? tag) in tags)
            {
                all[key] = tag;
            }

            if (Equals(all["gen_ai.request.model"], model))
            {
                Measured.Enqueue((name, value, all));
            }
        }
    }
}
