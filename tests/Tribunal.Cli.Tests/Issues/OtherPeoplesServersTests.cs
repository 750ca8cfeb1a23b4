using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Tribunal.Cli.Tests.Issues;

/// <summary>Reported of public servers: what went wrong stood somewhere, and what to do nowhere.</summary>
public sealed class OtherPeoplesServersTests : IDisposable
{
    private const string Key = "AZURE_KEY_OF_A_TEST";
    private const string Answer = """{"model":"gpt-4o-2024-11-20","choices":[{"message":{"content":"Scores: \\boxed{8, 3}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":7}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-servers-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(429, """{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}""", "the account has no credit")]
    [InlineData(400, """{"error":{"message":"Unsupported value: 'temperature' does not support 0.5 with this model.","code":"unsupported_value"}}""", "--omit temperature,top_p,seed")]
    [InlineData(404, """{"error":{"message":"model \"q\" not found, try pulling it first"}}""", "check --model")]
    [InlineData(404, """{"detail":"Not Found"}""", "most servers have it at …/v1")]
    [InlineData(400, "Client sent an HTTP request to an HTTPS server.", "give its address with https://")]
    public async Task What_stops_a_run_is_said_with_what_to_change_by_score_and_by_doctor(int status, string body, string advice)
    {
        await using WebApplication server = await StartAsync((_, context) => Json(context, body, status));
        ToolResult score = await ScoreAsync($"{AddressOf(server)}/v1", "q");
        Assert.Equal(3, score.ExitCode);
        Assert.Contains("Nothing is lost: once that is put right, it goes on from here. What to change: ", score.Errors, StringComparison.Ordinal);
        Assert.Contains(advice, score.Errors, StringComparison.Ordinal);
        ToolResult doctor = await ToolProcess.RunAsync(_folder, "doctor", "--judge", $"{AddressOf(server)}/v1", "--model", "q", "--protocol", "grm");
        Assert.Contains(advice, doctor.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_address_of_a_deployment_as_Azure_gives_it_is_taken_whole()
    {
        var seen = new List<(string Path, string? Key)>();
        await using WebApplication server = await StartAsync((request, context) =>
        {
            lock (seen)
            {
                seen.Add(($"{request.Path}{request.QueryString}", request.Headers["api-key"]));
            }

            return Json(context, Answer);
        });
        ToolResult result = await ScoreAsync($"{AddressOf(server)}/openai/deployments/judge/chat/completions?api-version=2024-10-21", "gpt-4o", "--api-key-env", Key);
        Assert.Equal((0, ""), (result.ExitCode, result.Errors));
        Assert.All(seen, static one => Assert.Equal(("/openai/deployments/judge/chat/completions?api-version=2024-10-21", "abc"), one));
        Assert.NotEmpty(seen);
    }

    [Fact]
    public async Task Another_model_that_answers_is_named_and_the_run_goes_on()
    {
        await using WebApplication server = await StartAsync(static (_, context) => Json(context, Answer));
        ToolResult result = await ScoreAsync($"{AddressOf(server)}/v1", "nemotron-nano");
        Assert.Equal((0, "judge: 'nemotron-nano' was asked for, and the server says that 'gpt-4o-2024-11-20' answers"), (result.ExitCode, result.Errors.Trim()));
    }

    [Fact]
    public async Task A_meta_reward_model_that_gives_no_rewards_says_why()
    {
        await using WebApplication server = await StartAsync(static (request, context) => request.Path.StartsWithSegments("/v1", StringComparison.Ordinal)
            ? Json(context, Answer)
            : Json(context, """{"error":"Unauthorized"}""", 401));
        ToolResult result = await ScoreAsync($"{AddressOf(server)}/v1", "gpt-4o", "--meta", $"{AddressOf(server)}/rewards");
        Assert.Equal((0, "meta answers none of the known interfaces of meta reward models: HTTP 401: Unauthorized"), (result.ExitCode, result.Errors.Trim()));
    }

    private async Task<ToolResult> ScoreAsync(string judge, string model, params string[] more)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "batch.jsonl"), """{"id":"a","prompt":"p","responses":["x","y"]}""", Cancel);
        return await ToolProcess.RunAsync(
            _folder, null, new Dictionary<string, string?> { [Key] = "abc" },
            ["score", "batch.jsonl", "-o", "out", "--judge", judge, "--model", model, "--protocol", "grm", "--samples", "1", "--no-report", "--quiet", .. more]);
    }

    private static async Task<WebApplication> StartAsync(Func<HttpRequest, HttpContext, Task> answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication server = builder.Build();
        server.Run(context => context.Request.Method == "POST" ? answer(context.Request, context) : Json(context, """{"object":"list","data":[]}"""));
        await server.StartAsync(Cancel);
        return server;
    }

    private static string AddressOf(WebApplication server) => server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    private static Task Json(HttpContext context, string body, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }
}
