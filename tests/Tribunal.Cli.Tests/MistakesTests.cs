using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tribunal.Simulator.Serving;

namespace Tribunal.Cli.Tests;

/// <summary>What a new user does wrong ends in one line that says what to do, with the exit code that fits it.</summary>
public sealed class MistakesTests(MistakesTests.Desk desk) : IClassFixture<MistakesTests.Desk>
{
    private const string KeyVariable = "TRIBUNAL_TEST_JUDGE_KEY";

    [Theory]
    [InlineData(2, "score btach.jsonl", "there is no batch at")]
    [InlineData(2, "score folder", "is a folder, and a batch is one file")]
    [InlineData(2, "score batch.jsonl fields.jsonl -o new", "cat FILES | tribunal score -")]
    [InlineData(2, "submit folder", "is a folder, and a batch is one file")]
    [InlineData(2, "rubric write folder -o r.jsonl", "is a folder, and a batch is one file")]
    [InlineData(2, "score fields.jsonl", "--prompt-field and --responses-field say which")]
    [InlineData(2, "score fields.jsonl --prompt-field tsak --responses-field first,second", "tsak is missing")]
    [InlineData(2, "score table.csv", "looks like a CSV table")]
    [InlineData(2, "score words.txt", "the batch can't be read")]
    [InlineData(2, "score batch.jsonl -o new --judge JUDGE", "--model is needed")]
    [InlineData(3, "score batch.jsonl -o new --protocol grm --judge JUDGE --model other --api-key-env KEY", "does not serve 'other'; it serves simulated-judge")]
    [InlineData(3, "score batch.jsonl -o new --protocol grm --judge JUDGE --model simulated-judge", "with the right key (--api-key-env VAR) it goes on")]
    [InlineData(3, "score batch.jsonl -o new --protocol grm --judge JUDGE --model simulated-judge --api-key-env WRONG", "with the right key (--api-key-env VAR) it goes on")]
    [InlineData(2, "score batch.jsonl -o new --judge JUDGE --model m --api-key-env UNSET_VARIABLE", "--api-key-env: the environment variable UNSET_VARIABLE is not set")]
    [InlineData(2, "score batch.jsonl -o new --judge JUDGE --model m --api-key-env sk-the-key-itself", "the name of an environment variable is needed")]
    [InlineData(2, "score batch.jsonl -o new --judge localhost:8000 --model m", "an http or https address is needed, such as http://localhost:8000/v1")]
    [InlineData(3, "score batch.jsonl -o new --judge http://127.0.0.1:1/v1 --model m --protocol grm", "nothing listens at 127.0.0.1:1")]
    [InlineData(3, "score batch.jsonl -o new --judge PAGE --model m --protocol grm", "a web page came where a judge's API was expected")]
    [InlineData(2, "score batch.jsonl -o new --protocol gmr", "did you mean grm?")]
    [InlineData(2, "judges try gmr", "neither a protocol file nor one of the catalog")]
    [InlineData(2, "score batch.jsonl -o run -k 2 --seed 5", "give the options it was started with to go on, or another folder with -o")]
    [InlineData(2, "score batch.jsonl -o run -k 1", "`tribunal vote` votes on the first 1")]
    [InlineData(2, "score batch.jsonl -o /proc/run", "the folder can't be made there")]
    [InlineData(3, "export csv run -o /dev/full", "the disk is full")]
    [InlineData(2, "report folder", "is no run")]
    [InlineData(2, "vote run -o run", "would replace its verdicts")]
    [InlineData(2, "score batch.jsonl -m gpt-4o", "there is no option -m; here it is --model")]
    [InlineData(2, "score --model_args pretrained=x batch.jsonl", "there is no option --model_args; here it is --model")]
    [InlineData(2, "score batch.jsonl --max-connections 10", "here it is --concurrency")]
    [InlineData(2, "score batch.jsonl --output_path x", "here it is --output")]
    [InlineData(2, "score batch.jsonl --api-key sk-1", "here it is --api-key-env")]
    [InlineData(2, "score batch.jsonl --verbose", "here it is --log-level")]
    [InlineData(2, "score batch.jsonl -c tribunal.yaml", "here it is --config")]
    [InlineData(2, "eval batch.jsonl", "there is no command eval; here it is score")]
    [InlineData(2, "score batch.jsonl fields.jsonl", "'fields.jsonl' is one argument too many")]
    [InlineData(2, "score", "an argument is missing")]
    [InlineData(2, "compare run", "a comparison is of two runs or more")]
    [InlineData(2, "score https://example.com/batch.jsonl", "a batch is a file on this machine; download it first")]
    [InlineData(2, "score utf16.jsonl", "the file is UTF-16; convert it to UTF-8")]
    [InlineData(2, "score bom.csv", "looks like a CSV table")]
    [InlineData(2, "score sheet.xlsx", "ZIP (or a spreadsheet)")]
    [InlineData(2, "score page.html", "the file is a web page")]
    [InlineData(2, "score long.jsonl", "more than 16777216")]
    [InlineData(2, "score no-responses.jsonl", "responses is empty")]
    [InlineData(2, "score batch.jsonl -o läuft", "use letters, digits")]
    [InlineData(2, "score batch.jsonl -k 0", "--samples: 0 is outside 1..1024")]
    [InlineData(2, "score batch.jsonl --limit 0", "--limit is 1 or more")]
    [InlineData(2, "score batch.jsonl -o new --model m --judge http://127.0.0.1:1/v1/chat/completions", "without /chat/completions")]
    [InlineData(2, "score batch.jsonl -o new --model m --judge ftp://host/v1", "an http or https address is needed")]
    [InlineData(3, "score batch.jsonl -o new --model m --protocol grm --judge REDIRECT", "redirects elsewhere (302) (/elsewhere); give the final address")]
    [InlineData(3, "score batch.jsonl -o new --model m --protocol grm --judge TLS", "speaks no TLS: give its address with http://")]
    [InlineData(3, "score batch.jsonl -o new --model m --protocol grm --judge SELFSIGNED", "is not trusted here")]
    [InlineData(3, "score batch.jsonl -o new --model m --protocol grm --judge http://no-such-host.invalid/v1", "the host no-such-host.invalid is not known")]
    [InlineData(2, "export csv run -o run.xlsx", "this is written as .csv")]
    [InlineData(2, "export parquet run -o run.csv", "this is written as .parquet")]
    [InlineData(2, "score batch.jsonl --log-level loud", "'none' 'error' 'warning' 'info' 'debug'")]
    public async Task It_ends_in_one_line_that_says_what_to_do(int code, string commandLine, string words)
    {
        var environment = new Dictionary<string, string?> { [KeyVariable] = "right", ["WRONG"] = "wrong" };
        string[] command = [.. commandLine.Split(' ').Select(word => word switch
        {
            "JUDGE" => $"{desk.Judge.ApiBase}",
            "PAGE" => $"{desk.Page.Urls.First()}/v1",
            "REDIRECT" => $"{desk.Redirect.Urls.First()}/v1",
            "TLS" => $"{desk.Page.Urls.First().Replace("http://", "https://", StringComparison.Ordinal)}/v1",
            "SELFSIGNED" => $"{desk.Signed.Urls.First()}/v1",
            "KEY" => KeyVariable,
            "new" => $"new-{Guid.NewGuid():N}",
            _ => word,
        })];
        if (command.Contains("-o"))
        {
            // How many lines tell of its progress depends on how long a run takes.
            command = [.. command, "--quiet"];
        }

        ToolResult result = await ToolProcess.RunAsync(desk.Folder, "", environment, command);
        Assert.True(result.ExitCode == code, $"exit code {result.ExitCode}\n{result.Errors}\n{result.Output}");
        string line = Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(words, line, StringComparison.Ordinal);
        Assert.DoesNotContain("right\"", line, StringComparison.Ordinal);
        Assert.DoesNotContain("<html", line, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("delete", line, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_content_filter_leaves_rollouts_unscored_and_the_summary_names_it()
    {
        ToolResult result = await ToolProcess.RunAsync(desk.Folder, "score", "batch.jsonl", "-o", "filtered", "-k", "2", "--protocol", "grm", "--judge", $"{desk.Filter.Urls.First()}/v1", "--model", "m");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("1 unscorable", result.Output, StringComparison.Ordinal);
        Assert.Contains("filter", result.Output, StringComparison.Ordinal);
    }

    /// <summary>A folder with a run and what people take for a batch, a judge that wants a key, and servers that are no judge.</summary>
    public sealed class Desk : IAsyncLifetime
    {
        public string Folder { get; } = Directory.CreateTempSubdirectory("tribunal-mistakes-").FullName;

        public SimulatorServer Judge { get; private set; } = null!;

        public WebApplication Page { get; private set; } = null!;

        public WebApplication Filter { get; private set; } = null!;

        public WebApplication Redirect { get; private set; } = null!;

        public WebApplication Signed { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Judge = await SimulatorServer.StartAsync(new SimulatorOptions { ApiKey = "right" });
            Page = await ServeAsync(404, "text/html", "<!DOCTYPE html><html><body><h1>Not found</h1></body></html>");
            Filter = await ServeAsync(400, "application/json", """{"error":{"code":"content_filter","message":"The response was filtered"}}""");
            Redirect = await ServeAsync(302, "text/html", "", location: "/elsewhere");
            Signed = await ServeAsync(200, "text/plain", "", certificate: SelfSigned());
            await File.WriteAllTextAsync(Path.Combine(Folder, "utf16.jsonl"), "{}\n", Encoding.Unicode);
            await File.WriteAllTextAsync(Path.Combine(Folder, "bom.csv"), "prompt,response\r\np,x\r\n", new UTF8Encoding(true));
            await File.WriteAllBytesAsync(Path.Combine(Folder, "sheet.xlsx"), [.. "PK\u0003\u0004"u8, .. new byte[60]]);
            await WriteAsync("page.html", "<html><body>Not found</body></html>");
            await WriteAsync("long.jsonl", $$"""{"prompt":"{{new string('x', 17_000_000)}}","responses":["x","y"]}""");
            await WriteAsync("no-responses.jsonl", """{"prompt":"p","responses":[]}""");
            await WriteAsync("batch.jsonl", """{"id":"a","prompt":"p","responses":["x","y"]}""");
            await WriteAsync("fields.jsonl", """{"task":"p","first":"x","second":"y"}""");
            await WriteAsync("table.csv", "prompt,response\np,x");
            await WriteAsync("words.txt", "these are words");
            Directory.CreateDirectory(Path.Combine(Folder, "folder"));
            Assert.Equal(0, (await ToolProcess.RunAsync(Folder, "score", "batch.jsonl", "-o", "run", "-k", "2")).ExitCode);
        }

        public async ValueTask DisposeAsync()
        {
            await Judge.DisposeAsync();
            await Page.DisposeAsync();
            await Filter.DisposeAsync();
            await Redirect.DisposeAsync();
            await Signed.DisposeAsync();
            Directory.Delete(Folder, recursive: true);
        }

        private Task WriteAsync(string name, string text) => File.WriteAllTextAsync(Path.Combine(Folder, name), text + "\n");

        private static X509Certificate2 SelfSigned()
        {
            using RSA key = RSA.Create(2048);
            return new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        }

        private static async Task<WebApplication> ServeAsync(int status, string type, string body, string? location = null, X509Certificate2? certificate = null)
        {
            WebApplicationBuilder builder = WebApplication.CreateBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listener => _ = certificate is null ? listener : listener.UseHttps(certificate)));
            WebApplication application = builder.Build();
            application.Run(async context =>
            {
                if (location is not null)
                {
                    context.Response.Redirect(location);
                    return;
                }

                context.Response.StatusCode = context.Request.Method == "GET" ? 404 : status;
                context.Response.ContentType = context.Request.Method == "GET" ? "text/plain" : type;
                await context.Response.WriteAsync(context.Request.Method == "GET" ? "" : body, Encoding.UTF8);
            });
            await application.StartAsync();
            return application;
        }
    }
}
