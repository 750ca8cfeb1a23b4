using System.Diagnostics;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Telemetry;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Serving;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Durable;
using Tribunal.Testing.Telemetry;

namespace Tribunal.Functions.Tests.Hosting;

public sealed class TelemetryTests(AzuriteServer azurite)
{
    [Fact]
    public async Task The_app_sends_a_trace_from_its_run_to_each_judgement_metrics_of_the_judge_and_an_event_per_verdict()
    {
        await using TelemetrySink sink = await TelemetrySink.StartAsync();
        await using SimulatorServer judge = await SimulatorServer.StartAsync(new SimulatorOptions());
        StorageClients storage = await azurite.ConnectAsync();
        using MemoryStream content = new();
        await BatchGenerator.WriteAsync(content, new BatchOptions { Rollouts = 5 });
        content.Position = 0;
        await storage.Rollouts.GetBlobClient("traced.jsonl").UploadAsync(content, overwrite: true);
        await using (DurableApp app = await DurableApp.StartAsync(azurite.ConnectionString, null,
        [
            .. sink.Settings,
            new(SettingNames.Judge("http", SettingNames.JudgeEndpoint), judge.ApiBase.ToString()),
            new(SettingNames.Judge("http", SettingNames.JudgeModel), "simulated-judge"),
        ]))
        {
            EvaluationRequest request = new() { Batch = "traced.jsonl", Judge = "http", Protocol = "grm", Policy = new() { Samples = 2 }, Output = "traced" };
            await app.Client.ScheduleNewOrchestrationInstanceAsync(Names.EvaluateBatch.Name, new BatchRun("traced", request), new StartOrchestrationOptions("traced"));
            await app.Client.WaitForInstanceCompletionAsync("traced");

            // A run that began before anybody listened has no span above its judgements.
            Assert.Null(Activity.Current);
            PipelineTelemetry.StartJudgement("another", "r", 0)?.Dispose();
        }

        // The spans of other tests' apps in this process come here too: what is asserted is this run's.
        SentSpan[] judgements = sink.Of("tribunal-functions", "judgement");
        Assert.Contains(judgements, static span => span.Attributes["tribunal.run"] == "another");
        sink.KeepTraces(judgements.Where(static span => span.Attributes["tribunal.run"] == "traced").Select(static span => span.Trace));
        SentTelemetry.AssertRun(sink, "tribunal-functions", 5, 10);
    }
}
