using System.Diagnostics;
using System.Diagnostics.Metrics;
using Tribunal.Judgements;
using Tribunal.Protocols;

namespace Tribunal.Inference.Telemetry;

/// <summary>
/// Traces and metrics by OpenTelemetry's semantic conventions for generative AI. Prompts and answers are never attributes.
/// </summary>
internal static class InferenceTelemetry
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "Tribunal.Inference";

    private static readonly ActivitySource Source = new(Name);
    private static readonly Meter Meter = new(Name);

    private static readonly Histogram<long> Tokens = Meter.CreateHistogram(
        "gen_ai.client.token.usage",
        "{token}",
        "Number of input and output tokens used",
        tags: null,
        new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864] });

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "gen_ai.client.operation.duration",
        "s",
        "GenAI operation duration",
        tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68] });

    /// <summary>Opens a span <c>{operation} {model}</c>; null when nobody listens.</summary>
    internal static Activity? Start(in CallFacts facts)
    {
        if (!Source.HasListeners() || Source.StartActivity($"{facts.Operation} {facts.Model}", ActivityKind.Client) is not { } activity)
        {
            return null;
        }

        if (activity.IsAllDataRequested)
        {
            activity.SetTag("gen_ai.operation.name", facts.Operation);
            activity.SetTag("gen_ai.provider.name", facts.Provider);
            activity.SetTag("gen_ai.request.model", facts.Model);
            activity.SetTag("server.address", facts.Host);
            activity.SetTag("server.port", facts.Port);
        }

        return activity;
    }

    /// <summary>Adds what was asked for.</summary>
    internal static void Asked(Activity? activity, JudgeQuestion question)
    {
        if (activity is not { IsAllDataRequested: true })
        {
            return;
        }

        activity.SetTag("gen_ai.request.temperature", question.Temperature);
        activity.SetTag("gen_ai.request.top_p", question.TopP);
        activity.SetTag("gen_ai.request.max_tokens", question.MaxTokens);
        activity.SetTag("gen_ai.request.seed", question.Seed);
    }

    /// <summary>Measures a call that ended, and completes its span.</summary>
    /// <param name="activity">The span.</param>
    /// <param name="facts">What was called.</param>
    /// <param name="latency">From the first request to the last byte.</param>
    /// <param name="usage">Tokens.</param>
    /// <param name="finish">The finish reason.</param>
    /// <param name="fault">Why there is no answer; null when there is one.</param>
    /// <param name="tries">The requests it took.</param>
    internal static void Ended(Activity? activity, in CallFacts facts, TimeSpan latency, Usage usage, string? finish, string? fault, Tries tries)
    {
        if (Duration.Enabled)
        {
            TagList tags = Tags(facts);
            if (fault is not null)
            {
                tags.Add("error.type", fault);
            }

            Duration.Record(latency.TotalSeconds, tags);
        }

        if (Tokens.Enabled && fault is null && usage != default)
        {
            TagList tags = Tags(facts);
            tags.Add("gen_ai.token.type", "input");
            Tokens.Record(usage.Input, tags);
            tags = Tags(facts);
            tags.Add("gen_ai.token.type", "output");
            Tokens.Record(usage.Output, tags);
        }

        if (activity is { IsAllDataRequested: true })
        {
            activity.SetTag("tribunal.requests", tries.Requests);
            if (fault is not null)
            {
                activity.SetTag("error.type", fault);
                activity.SetStatus(ActivityStatusCode.Error);
                return;
            }

            activity.SetTag("gen_ai.usage.input_tokens", usage.Input);
            activity.SetTag("gen_ai.usage.output_tokens", usage.Output);
            if (finish is not null)
            {
                activity.SetTag("gen_ai.response.finish_reasons", new[] { finish });
            }
        }
    }

    private static TagList Tags(in CallFacts facts) => new()
    {
        { "gen_ai.operation.name", facts.Operation },
        { "gen_ai.provider.name", facts.Provider },
        { "gen_ai.request.model", facts.Model },
        { "server.address", facts.Host },
        { "server.port", facts.Port },
    };
}

/// <summary>What is called, in the conventions' words.</summary>
internal readonly record struct CallFacts(string Operation, string Provider, string Model, string Host, int Port);
