using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Tribunal.Inference.Tests;

/// <summary>A real HTTP server on loopback that answers as the test says and remembers what it was asked.</summary>
internal sealed class Endpoint : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _count;

    private Endpoint(WebApplication app) => _app = app;

    public ConcurrentQueue<Seen> Requests { get; } = [];

    public Uri Root { get; private set; } = null!;

    public Uri V1 => new(Root, "v1");

    public IEnumerable<Seen> Posts => Requests.Where(static r => r.Method == "POST");

    /// <summary>Starts one. The handler gets the number of the request, from 0.</summary>
    public static async Task<Endpoint> StartAsync(Func<HttpContext, int, Task> handle)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        var endpoint = new Endpoint(app);
        app.Run(async context =>
        {
            context.Request.EnableBuffering();
            using var reader = new StreamReader(context.Request.Body, leaveOpen: true);
            string body = await reader.ReadToEndAsync();
            endpoint.Requests.Enqueue(new Seen(
                context.Request.Method, context.Request.Path, context.Request.QueryString.Value ?? "", body,
                context.Request.Headers.ToDictionary(static h => h.Key, static h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase)));
            await handle(context, Interlocked.Increment(ref endpoint._count) - 1);
        });
        await app.StartAsync();
        endpoint.Root = new Uri(app.Urls.First());
        return endpoint;
    }

    public static async Task<Endpoint> StartAsync(Func<HttpContext, Task> handle) => await StartAsync((context, _) => handle(context));

    /// <summary>An address at which nothing listens.</summary>
    public static Uri Nowhere()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        return new Uri($"http://127.0.0.1:{port}/v1");
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

internal sealed record Seen(string Method, string Path, string Query, string Body, IReadOnlyDictionary<string, string> Headers)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}

/// <summary>Answers, written as servers write them.</summary>
internal static class Answers
{
    public static Task Json(this HttpContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json);
    }

    /// <summary>A completion, whole or streamed as asked.</summary>
    public static async Task Complete(this HttpContext context, bool stream, string message, string? finish = "stop", string? usage = """{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}""")
    {
        string reason = finish is null ? "null" : $"\"{finish}\"";
        if (!stream)
        {
            string tail = usage is null ? "" : $",\"usage\":{usage}";
            await context.Json($$"""{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{{message}},"logprobs":null,"finish_reason":{{reason}}}]{{tail}}}""");
            return;
        }

        await context.Events(
            [
                """{"id":"c","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""",
                .. Deltas(message).Select(static d => $$"""{"id":"c","choices":[{"index":0,"delta":{{d}},"finish_reason":null}]}"""),
                $$$"""{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":{{{reason}}}}]}""",
                .. usage is null ? Array.Empty<string>() : [$$"""{"id":"c","choices":[],"usage":{{usage}}}"""],
                "[DONE]",
            ]);
    }

    public static async Task Events(this HttpContext context, IEnumerable<string> events)
    {
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        foreach (string data in events)
        {
            await context.Response.WriteAsync($"data: {data}\n\n");
            await context.Response.Body.FlushAsync();
        }
    }

    /// <summary>Sends half a body and resets the connection.</summary>
    public static async Task ResetMidBody(this HttpContext context, bool stream)
    {
        context.Response.ContentType = stream ? "text/event-stream" : "application/json";
        await context.Response.WriteAsync(stream
            ? "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Scores: \\\\boxed{1\"}}]}\n\n"
            : "{\"choices\":[{\"index\":0,\"message\":{\"content\":\"Scores: ");
        await context.Response.Body.FlushAsync();
        context.Reset();
    }

    public static void Reset(this HttpContext context)
    {
        Socket socket = context.Features.Get<IConnectionSocketFeature>()!.Socket;
        socket.LingerState = new LingerOption(enable: true, seconds: 0);
        socket.Close();
    }

    // Each string member of the message, torn into three.
    private static IEnumerable<string> Deltas(string message)
    {
        foreach ((string name, JsonNode? value) in JsonNode.Parse(message)!.AsObject())
        {
            if (value is null || name == "role")
            {
                continue;
            }

            string text = value.GetValue<string>();
            Rune[] runes = [.. text.EnumerateRunes()];
            foreach (Rune[] piece in runes.Chunk(Math.Max(1, runes.Length / 3)))
            {
                yield return $"{{{JsonSerializer.Serialize(name)}:{JsonSerializer.Serialize(string.Concat(piece))}}}";
            }
        }
    }
}
