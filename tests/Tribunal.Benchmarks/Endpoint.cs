using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Tribunal.Benchmarks;

/// <summary>
/// A judge that answers every question with the same scores after a fixed time: as little work as a server can do, so that
/// the client is what is measured. <c>GET /span</c> gives the requests answered since the last <c>POST /span</c> and the
/// milliseconds from the first arrival to the last answer; bodies go to the file that <c>POST /span?record=FILE</c> names.
/// </summary>
internal sealed class Endpoint(TimeSpan latency)
{
    private const int AnswerTokens = 96;

    private const string Answer = """
        {"id":"a","object":"chat.completion","created":0,"model":"bench","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Specific Criteria:\n1. Correctness (weight 60%): the answer must be right.\n2. Clarity (weight 40%): it must be easy to follow.\nAnalysis:\nThe first response answers the question and says why; the second one is shorter and leaves a step out, which the question asked for. Both are polite and on the subject. The first is the better one by a small margin.\nScores: \\boxed{8, 6}"}}],"usage":
        """;

    private readonly Lock _lock = new();
    private long _answered;
    private long _first;
    private long _last;
    private StreamWriter? _record;

    public static async Task RunAsync(TimeSpan latency, CancellationToken cancellationToken)
    {
        var endpoint = new Endpoint(latency);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        app.MapGet("/health", static () => "ok");
        app.MapGet("/v1/models", static () => Results.Content("""{"object":"list","data":[{"id":"bench","object":"model"}]}""", "application/json"));
        app.MapPost("/v1/chat/completions", (RequestDelegate)endpoint.AnswerAsync);
        app.MapPost("/span", (RequestDelegate)endpoint.ResetAsync);
        app.MapGet("/span", endpoint.Span);
        await app.StartAsync(cancellationToken);
        Console.WriteLine(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        await app.WaitForShutdownAsync(cancellationToken);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        lock (_lock)
        {
            if (_first == 0)
            {
                _first = Environment.TickCount64;
            }
        }

        if (_record is { } record)
        {
            using var reader = new StreamReader(context.Request.Body);
            string body = await reader.ReadToEndAsync(context.RequestAborted);
            lock (_lock)
            {
                record.WriteLine(body);
            }
        }
        else
        {
            await context.Request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        }

        // Four bytes a token, as English has: a server that counts fewer is suspected of cutting prompts.
        long asked = (context.Request.ContentLength ?? 0) / 4;
        byte[] answer = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"{Answer}{{\"prompt_tokens\":{asked},\"completion_tokens\":{AnswerTokens},\"total_tokens\":{asked + AnswerTokens}}}}}"));

        await Task.Delay(latency, context.RequestAborted);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Length;
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
        lock (_lock)
        {
            _answered++;
            _last = Environment.TickCount64;
        }
    }

    private async Task ResetAsync(HttpContext context)
    {
        if (_record is { } open)
        {
            await open.DisposeAsync();
        }

        (_answered, _first, _last) = (0, 0, 0);
        string? file = context.Request.Query["record"];
        _record = file is null ? null : new StreamWriter(file);
    }

    private string Span()
    {
        lock (_lock)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{_answered} {_last - _first}");
        }
    }
}
