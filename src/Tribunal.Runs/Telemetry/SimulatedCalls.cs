using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tribunal.Judgements;

namespace Tribunal.Runs.Telemetry;

/// <summary>
/// Measures questions to the simulated judge in this process as those to an endpoint are, so that a trial shows what a collector will
/// get. By OpenTelemetry's conventions for generative AI; endpoints measure their own.
/// </summary>
internal static class SimulatedCalls
{
    private const string Provider = "tribunal.simulator";
    private static readonly ActivitySource Source = new(MetricNames.Meter);
    private static readonly Meter Meter = new(MetricNames.Meter);
    private static readonly Histogram<long> Tokens = Meter.CreateHistogram<long>("gen_ai.client.token.usage", "{token}", "Number of input and output tokens used");
    private static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("gen_ai.client.operation.duration", "s", "GenAI operation duration");

    /// <summary>Opens a question's span; null when nobody listens.</summary>
    public static Activity? Start(string model) => Source.StartActivity($"chat {model}", ActivityKind.Client)
        ?.SetTag("gen_ai.operation.name", "chat").SetTag("gen_ai.provider.name", Provider).SetTag("gen_ai.request.model", model);

    public static void Ended(Activity? span, string model, TimeSpan elapsed, Usage usage)
    {
        span?.SetTag("gen_ai.usage.input_tokens", usage.Input).SetTag("gen_ai.usage.output_tokens", usage.Output);
        if (!Tokens.Enabled && !Duration.Enabled)
        {
            return;
        }

        TagList tags = new() { { "gen_ai.operation.name", "chat" }, { "gen_ai.provider.name", Provider }, { "gen_ai.request.model", model } };
        Duration.Record(elapsed.TotalSeconds, tags);
        Tokens.Record(usage.Input, [.. tags, new("gen_ai.token.type", "input")]);
        Tokens.Record(usage.Output, [.. tags, new("gen_ai.token.type", "output")]);
    }
}
