using System.Diagnostics;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Durable;

namespace Tribunal.Benchmarks.Azure;

/// <summary>
/// What batches of several sizes cost the function app on Durable Task's in-memory test host over Azurite, per 1,000 rollouts and beside
/// the loop of one process over a folder: time, memory, and what they leave in the durable histories.
/// </summary>
internal static class HistoryBenchmark
{
    private const string JudgeName = "simulated";

    public static async Task RunAsync(int samples, IReadOnlyList<int> sizes)
    {
        Console.WriteLine($"k = {samples}; per 1,000 rollouts, but for the longest history");
        Console.WriteLine("rollouts | test host s | loop s | ratio | instances | events | KiB | turns | peak MiB | longest: events, KiB, turns");
        foreach (int rollouts in sizes)
        {
            await MeasureAsync(rollouts, samples);
        }
    }

    private static async Task MeasureAsync(int rollouts, int samples)
    {
        using MemoryStream batch = new();
        await BatchGenerator.WriteAsync(batch, new BatchOptions { Rollouts = rollouts });
        EvaluationRequest request = new() { Batch = "batch.jsonl", Judge = JudgeName, Protocol = "grm", Policy = new PolicyOptions { Samples = samples }, Seed = 7, Output = "bench" };
        TimeSpan loop = await LoopAsync(batch.ToArray(), request);

        await using AzuriteServer azurite = new();
        StorageClients storage = await azurite.ConnectAsync();
        batch.Position = 0;
        await storage.Rollouts.GetBlobClient("batch.jsonl").UploadAsync(batch);
        await using DurableApp app = await DurableApp.StartAsync(azurite.ConnectionString);
        Figures figures = await Measured.RunAsync(async () =>
        {
            await app.Client.ScheduleNewOrchestrationInstanceAsync(Names.EvaluateBatch.Name, new BatchRun("bench", request), new StartOrchestrationOptions("bench"));
            OrchestrationMetadata ended = await app.Client.WaitForInstanceCompletionAsync("bench", getInputsAndOutputs: true);
            if (ended.ReadOutputAs<RunOutcome>() is not { Status: RunStatus.Complete })
            {
                throw new InvalidOperationException($"the benchmark's run has to end: {ended.FailureDetails}");
            }
        });
        IReadOnlyCollection<HistorySize> all = [.. app.Meter.Histories.Values];
        HistorySize longest = all.MaxBy(static history => history.Events)!;
        double thousands = rollouts / 1000.0;
        Console.WriteLine(
            $"{rollouts} | {figures.Elapsed.TotalSeconds / thousands:F1} | {loop.TotalSeconds / thousands:F2} | {figures.Elapsed / loop:F1} | {all.Count / thousands:F1} | "
            + $"{all.Sum(static history => history.Events) / thousands:F0} | {all.Sum(static history => history.Bytes) / thousands / 1024:F0} | {all.Sum(static history => history.Turns) / thousands:F0} | "
            + $"{figures.PeakMiB} | {longest.Events}, {longest.Bytes / 1024.0:F0}, {longest.Turns}");
    }

    private static async Task<TimeSpan> LoopAsync(byte[] batch, EvaluationRequest request)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-bench-");
        try
        {
            string path = Path.Combine(folder.FullName, "batch.jsonl");
            await File.WriteAllBytesAsync(path, batch);
            Judge judge = Judge.Of(new SimulatedJudge(new JudgeEngine()), JudgeName) with { Simulated = true };
            RunSteps steps = new(
                new LocalRunStores(folder.FullName), new JudgeRegistry(_ => judge, static (_, _) => throw new NotSupportedException("no meta rewards are asked for")), new RunMonitors(), new ActivityOptions(), TimeProvider.System, NullLogger<RunSteps>.Instance);
            Stopwatch clock = Stopwatch.StartNew();
            await new InProcessHost(steps, TimeProvider.System).RunAsync(new BatchRun("bench", request with { Batch = path }), CancellationToken.None);
            return clock.Elapsed;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
