using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tribunal.Cli.Inputs;

namespace Tribunal.Cli.Tests.Azure;

/// <summary><c>submit --through</c> and <c>watch --through</c> against recorded answers of the function app and of storage.</summary>
public sealed class ThroughFunctionAppTests : IAsyncLifetime
{
    private const string Rollout = """{"id":"r1","prompt":"p","responses":["a","b"]}""" + "\n";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-through-");
    private readonly ConcurrentQueue<string> _calls = new();
    private readonly WebApplication _server;
    private string _state = "queued";
    private int _storageStatus = StatusCodes.Status201Created;

    public ThroughFunctionAppTests()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static server => server.Listen(IPAddress.Loopback, 0));
        _server = builder.Build();
        _server.Run(AnswerAsync);
    }

    private string Address => _server.Urls.Single();

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "b.jsonl"), Rollout);
        await _server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_batch_goes_into_storage_by_the_leave_that_the_app_gives_and_its_results_come_back()
    {
        ToolResult ended = await SubmitAsync("--watch", "--run", "mine", "-o", "out");

        // No summary is among the recorded results, so nothing says that all was scored.
        Assert.True(ended.ExitCode == 1, ended.Errors);
        Assert.Equal("mine", ended.Output.Trim());
        Assert.Equal("""{"id":"r1"}""", await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "out", "verdicts.jsonl")));
        string[] calls = [.. _calls];
        Assert.Equal("POST /api/uploads/HASH/b.jsonl key=k", calls[0]);
        // The signature is all that storage is shown.
        Assert.Equal($"PUT /storage key= {Rollout.Trim()}", calls[1]);
        Assert.StartsWith("""POST /api/evaluations key=k {"batch":"submitted/x/b.jsonl",""", calls[2], StringComparison.Ordinal);
        Assert.Contains("GET /api/evaluations/mine key=k", calls);
        Assert.DoesNotContain(calls, static call => call.StartsWith("PUT /api", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(StatusCodes.Status403Forbidden)]
    [InlineData(0)]
    public async Task Where_storage_lets_nobody_in_the_app_takes_the_batch_itself(int storage)
    {
        _storageStatus = storage;

        ToolResult ended = await SubmitAsync("--run", "mine");

        Assert.True(ended.ExitCode == 0, ended.Errors);
        Assert.Contains($"PUT /api/uploads/HASH/b.jsonl key=k {Rollout.Trim()}", _calls);
        Assert.Contains($"tribunal watch mine --through {Address}", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_refused_an_app_that_is_none_and_an_open_line_end_in_a_sentence_each()
    {
        ToolResult refused = await ToolProcess.RunAsync(_folder.FullName, null, Keys("wrong"), "submit", "b.jsonl", "--through", Address);
        ToolResult other = await ToolProcess.RunAsync(_folder.FullName, null, Keys("k"), "watch", "mine", "--through", $"{Address}/elsewhere");
        ToolResult open = await ToolProcess.RunAsync(_folder.FullName, null, Keys("k"), "watch", "mine", "--through", "http://example.com");

        Assert.Equal((3, 2, 2), (refused.ExitCode, other.ExitCode, open.ExitCode));
        Assert.Contains($"refuses (401): check {FunctionApp.KeyVariable} and {FunctionApp.SignInVariable}", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("there is no run mine in 127.0.0.1", other.Errors, StringComparison.Ordinal);
        Assert.Contains("an https address is needed", open.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", refused.Errors, StringComparison.Ordinal);
    }

    private Task<ToolResult> SubmitAsync(params string[] options) =>
        ToolProcess.RunAsync(_folder.FullName, null, Keys("k"), ["submit", "b.jsonl", "--through", Address, .. options]);

    private static Dictionary<string, string?> Keys(string key) => new() { [FunctionApp.KeyVariable] = key };

    private async Task AnswerAsync(HttpContext context)
    {
        using StreamReader reader = new(context.Request.Body, Encoding.UTF8);
        string body = (await reader.ReadToEndAsync()).Trim();
        string path = context.Request.Path.Value!;
        string key = context.Request.Headers["x-functions-key"].ToString();
        string[] parts = path.Split('/');
        string named = parts is ["", "api", "uploads", { Length: 64 }, ..] ? path.Replace(parts[3], "HASH", StringComparison.Ordinal) : path;
        _calls.Enqueue($"{context.Request.Method} {named} key={key}{(body.Length == 0 ? "" : $" {body}")}");
        if (path == "/storage")
        {
            if (_storageStatus == 0)
            {
                context.Abort();
                return;
            }

            context.Response.StatusCode = _storageStatus;
            return;
        }

        if (key != "k")
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        string? answer = (context.Request.Method, named) switch
        {
            ("POST", "/api/uploads/HASH/b.jsonl") => $$"""{"batch":"submitted/x/b.jsonl","address":"{{Address}}/storage?sig=s","expires":"2026-11-29T12:00:00Z"}""",
            ("PUT", "/api/uploads/HASH/b.jsonl") => """{"batch":"submitted/x/b.jsonl","expires":"2026-11-29T12:00:00Z"}""",
            ("POST", "/api/evaluations") => Record(),
            ("GET", "/api/evaluations/mine") => Record("done"),
            ("GET", "/api/evaluations/mine/results") when context.Request.QueryString.Value == "?file=verdicts.jsonl" => """{"id":"r1"}""",
            _ => null,
        };
        context.Response.StatusCode = answer is null ? StatusCodes.Status404NotFound : StatusCodes.Status200OK;
        await context.Response.WriteAsync(answer ?? "");
    }

    // As it was before, and then as it is from now on.
    private string Record(string next = "queued")
    {
        string record = $$$"""{"runId":"mine","state":"{{{_state}}}","created":"2026-11-29T12:00:00Z","updated":"2026-11-29T12:00:00Z","request":{"batch":"submitted/x/b.jsonl"}}""";
        _state = next;
        return record;
    }
}
