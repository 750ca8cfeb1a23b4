using System.Diagnostics;
using System.Text;
using Tribunal.Cli.Tests.Azure;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Simulator.Serving;
using Tribunal.Testing.Telemetry;

namespace Tribunal.Cli.Tests;

/// <summary>What the tool sends to a collector, as processes that have sent all of it when they end.</summary>
public sealed class TelemetryTests : IDisposable
{
    private const int Rollouts = 12;
    private const string Model = "simulated-judge";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-telemetry-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Score_sends_a_trace_from_run_to_judgement_metrics_of_the_judge_and_an_event_per_verdict(bool endpoint)
    {
        await using TelemetrySink sink = await TelemetrySink.StartAsync();
        await using SimulatorServer judge = await SimulatorServer.StartAsync(new SimulatorOptions());
        string batch = await BatchAsync();
        string[] asked = endpoint ? ["--judge", judge.ApiBase.ToString(), "--model", Model, "--protocol", "grm"] : [];
        ToolResult result = await ToolProcess.RunAsync(_folder.FullName, null, sink.Settings, ["score", batch, "-o", "run", "--samples", "2", .. asked]);
        Assert.Equal(ExitCodes.Ok, result.ExitCode);
        SentTelemetry.AssertRun(sink, "tribunal-score", Rollouts, Rollouts * 2);
    }

    [Fact]
    public async Task Bench_sends_the_same()
    {
        await using TelemetrySink sink = await TelemetrySink.StartAsync();
        string data = Path.Combine(_folder.FullName, "rb.jsonl");
        await File.WriteAllLinesAsync(data, Enumerable.Range(0, 4).Select(static i => $$"""{"prompt":"Question {{i}}?","chosen":"yes","chosen_model":"a","rejected":"no","rejected_model":"b","subset":"alpacaeval-easy","id":{{i}}}"""));
        ToolResult result = await ToolProcess.RunAsync(_folder.FullName, null, sink.Settings, "bench", "rewardbench", data, "-o", "bench", "--", "--samples", "2");
        Assert.True(result.ExitCode is ExitCodes.Ok, result.Errors);
        SentTelemetry.AssertRun(sink, "tribunal-bench", 4, 8);
    }

    [Fact(Timeout = 300_000)]
    public async Task Serve_sends_a_trace_from_request_to_judgement_and_the_rest_when_it_is_stopped()
    {
        await using TelemetrySink sink = await TelemetrySink.StartAsync();
        ProcessStartInfo start = ToolProcess.Describe(_folder.FullName, ["env", "--default-signal=INT,TERM", .. ToolProcess.Command, "serve", "--listen", "http://127.0.0.1:0", "--samples", "2", "--gather", "0"]);
        foreach ((string name, string? value) in sink.Settings)
        {
            start.Environment[name] = value;
        }

        using Process serve = Process.Start(start)!;
        string? line;
        do
        {
            line = await serve.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        }
        while (line?.StartsWith("tribunal serve: ", StringComparison.Ordinal) == false);

        Assert.NotNull(line);
        using HttpClient client = new();
        using StringContent body = new("""{"prompt":"p","responses":["x","y"]}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await client.PostAsync(new Uri($"{line["tribunal serve: ".Length..line.IndexOf(',', StringComparison.Ordinal)]}/v1/rewards"), body, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        await ToolProcess.SignalAsync(serve, "TERM");
        await ToolProcess.EndAsync(serve);

        SentSpan[] judgements = sink.Of("tribunal-serve", "judgement");
        Assert.Equal(2, judgements.Length);
        Assert.All(judgements, judgement => Assert.Equal("POST /v1/rewards", sink.Above(judgement).Last().Name));
        SentTelemetry.AssertJudged(sink, "tribunal-serve", 1);
    }

    [Fact(Timeout = 300_000)]
    public async Task A_worker_sends_what_score_sends_and_the_rest_when_it_is_stopped()
    {
        await using TelemetrySink sink = await TelemetrySink.StartAsync();
        await using Bed bed = await Bed.StartAsync(variables: sink.Settings);
        bed.Judge.LetGo();
        EvaluationRequest request = bed.Request(await bed.UploadAsync("batch.jsonl", Rollouts), "traced", 2);
        await bed.SendAsync(request);
        Process worker = bed.StartWorker();
        await bed.UntilAsync("traced", static run => run.State == RunState.Done);
        await ToolProcess.SignalAsync(worker, "TERM");
        await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        SentTelemetry.AssertRun(sink, "tribunal-worker", Rollouts, Rollouts * 2);
    }

    [Fact]
    public async Task Where_no_collector_is_named_nothing_listens_to_a_span()
    {
        Assert.Null(Tribunal.Runs.Telemetry.ServiceDefaults.Start("nobody"));
        string batch = await BatchAsync();
        ToolResult result = await ToolProcess.RunAsync(_folder.FullName, "score", batch, "-o", "run", "--samples", "1");
        Assert.Equal(ExitCodes.Ok, result.ExitCode);
    }

    private async Task<string> BatchAsync()
    {
        string batch = Path.Combine(_folder.FullName, "batch.jsonl");
        await using FileStream file = File.Create(batch);
        await Tribunal.Simulator.Batches.BatchGenerator.WriteAsync(file, new Tribunal.Simulator.Batches.BatchOptions { Rollouts = Rollouts });
        return batch;
    }
}
