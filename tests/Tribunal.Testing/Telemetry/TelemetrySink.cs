using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tribunal.Testing.Telemetry;

/// <summary>A span that was sent.</summary>
/// <param name="Service">Who sent it.</param>
/// <param name="Trace">Its trace's id, which all spans below one root share.</param>
/// <param name="Id">Its id.</param>
/// <param name="Parent">Its parent's id; empty for a root.</param>
/// <param name="Name">What it is.</param>
/// <param name="Attributes">Its attributes.</param>
/// <param name="Events">Its events: their names, and their attributes.</param>
internal sealed record SentSpan(string Service, string Trace, string Id, string Parent, string Name, Dictionary<string, string> Attributes, (string Name, Dictionary<string, string> Attributes)[] Events);

/// <summary>A collector that takes OTLP over HTTP on loopback and keeps what it is sent.</summary>
internal sealed class TelemetrySink : IAsyncDisposable
{
    private readonly WebApplication _application;

    private TelemetrySink(WebApplication application) => _application = application;

    /// <summary>Spans as they came.</summary>
    public ConcurrentQueue<SentSpan> Spans { get; private set; } = [];

    /// <summary>Metrics: who sent it, and its name.</summary>
    public ConcurrentQueue<(string Service, string Name)> Metrics { get; } = [];

    /// <summary>What points an exporter here.</summary>
    public Dictionary<string, string?> Settings => new(StringComparer.Ordinal)
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _application.Urls.Single(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
    };

    public static async Task<TelemetrySink> StartAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication application = builder.Build();
        TelemetrySink sink = new(application);
        application.MapPost("/v1/{kind}", (RequestDelegate)sink.TakeAsync);
        await application.StartAsync();
        return sink;
    }

    /// <summary>The spans of a name that a service has sent.</summary>
    public SentSpan[] Of(string service, string name) => [.. Spans.Where(span => span.Service == service && span.Name == name)];

    /// <summary>A span's ancestors, the nearest first, as far as they were sent.</summary>
    public IEnumerable<SentSpan> Above(SentSpan span)
    {
        while (Spans.FirstOrDefault(other => other.Id == span.Parent) is { } parent)
        {
            yield return span = parent;
        }
    }

    /// <summary>Forgets all spans but those of these traces: listeners are a whole process's, and others may work in it.</summary>
    public void KeepTraces(IEnumerable<string> traces)
    {
        HashSet<string> kept = [.. traces];
        Spans = new ConcurrentQueue<SentSpan>(Spans.Where(span => kept.Contains(span.Trace)));
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using MemoryStream body = new();
        await context.Request.Body.CopyToAsync(body);
        ProtoMessage request = new(body.ToArray());
        foreach (ProtoMessage resource in request.Messages(1))
        {
            string service = resource.Messages(1).SelectMany(static of => of.Attributes(1)).FirstOrDefault(static pair => pair.Key == "service.name").Value ?? "";
            foreach (ProtoMessage item in resource.Messages(2).SelectMany(static scope => scope.Messages(2)))
            {
                switch (context.Request.RouteValues["kind"])
                {
                    case "traces":
                        Spans.Enqueue(new SentSpan(
                            service, item.Hex(1), item.Hex(2), item.Hex(4), item.Text(5), item.Attributes(9), [.. item.Messages(11).Select(static happened => (happened.Text(2), happened.Attributes(3)))]));
                        break;
                    case "metrics":
                        Metrics.Enqueue((service, item.Text(1)));
                        break;
                }
            }
        }
    }
}
