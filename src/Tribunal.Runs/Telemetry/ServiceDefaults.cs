using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Tribunal.Runs.Telemetry;

/// <summary>Telemetry of every host in one place: what is traced, measured and logged, and where it goes.</summary>
public static class ServiceDefaults
{
    /// <summary>The variable that says where telemetry goes by OTLP; where it isn't set, nothing is measured for anybody.</summary>
    public const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string InferenceName = "Tribunal.Inference";

    /// <summary>
    /// Adds OpenTelemetry: runs, shards, judgements, judges' requests. Exports by OTLP where
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; a host adds its own exporters to what is returned.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="serviceName">Its name in traces and metrics.</param>
    public static IOpenTelemetryBuilder AddServiceDefaults(this IHostApplicationBuilder builder, string serviceName)
    {
        IOpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry().Measure(serviceName);
        return string.IsNullOrEmpty(builder.Configuration[OtlpEndpoint]) ? telemetry : telemetry.UseOtlpExporter();
    }

    /// <summary>The same for a command without a host.</summary>
    /// <param name="serviceName">Its name in traces and metrics.</param>
    /// <returns>What sends the rest when it is disposed; null where telemetry goes nowhere.</returns>
    public static IDisposable? Start(string serviceName) => string.IsNullOrEmpty(Environment.GetEnvironmentVariable(OtlpEndpoint))
        ? null
        : OpenTelemetrySdk.Create(builder => builder.Measure(serviceName).UseOtlpExporter());

    // Durable Task's own spans lie between a run's and its judgements' where an engine runs the orchestrations.
    private static IOpenTelemetryBuilder Measure(this IOpenTelemetryBuilder telemetry, string serviceName) => telemetry
        .ConfigureResource(resource => resource.AddService(serviceName, serviceVersion: typeof(ServiceDefaults).Assembly.GetName().Version?.ToString()))
        .WithTracing(static tracing => tracing.AddSource(MetricNames.Meter, InferenceName, "Microsoft.DurableTask", "DurableTask.Core").AddHttpClientInstrumentation())
        .WithMetrics(static metrics => metrics.AddMeter(MetricNames.Meter, InferenceName).AddHttpClientInstrumentation())
        .WithLogging(null, static logging => logging.IncludeFormattedMessage = true);
}
