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
    private const string InferenceName = "Tribunal.Inference";
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>
    /// Adds OpenTelemetry: runs, shards, judgements, judges' requests. Exports by OTLP where
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set; a host adds its own exporters to what is returned.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="serviceName">Its name in traces and metrics.</param>
    public static IOpenTelemetryBuilder AddServiceDefaults(this IHostApplicationBuilder builder, string serviceName)
    {
        IOpenTelemetryBuilder telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(serviceName, serviceVersion: typeof(ServiceDefaults).Assembly.GetName().Version?.ToString()))
            .WithTracing(static tracing => tracing.AddSource(MetricNames.Meter, InferenceName, "Microsoft.DurableTask").AddHttpClientInstrumentation())
            .WithMetrics(static metrics => metrics.AddMeter(MetricNames.Meter, InferenceName).AddHttpClientInstrumentation())
            .WithLogging(null, static logging => logging.IncludeFormattedMessage = true);
        return string.IsNullOrEmpty(builder.Configuration[OtlpEndpoint]) ? telemetry : telemetry.UseOtlpExporter();
    }
}
