using System.Diagnostics;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Tribunal.Azure.Storage;
using Tribunal.Testing.Durable;
using Tribunal.Runs.Orchestration;
using Tribunal.Sampling;
using Tribunal.Simulator.Batches;
using Tribunal.Testing.Azurite;

namespace Tribunal.Benchmarks.Azure;

/// <summary>What a run of the function app leaves in the durable histories, on Durable Task's in-memory test host over Azurite.</summary>
internal static class HistoryBenchmark
{
    public static async Task RunAsync(int rollouts, int samples)
    {
        await using AzuriteServer azurite = new();
        StorageClients storage = await azurite.ConnectAsync();
        using (MemoryStream batch = new())
        {
            await BatchGenerator.WriteAsync(batch, new BatchOptions { Rollouts = rollouts });
            batch.Position = 0;
            await storage.Rollouts.GetBlobClient("batch.jsonl").UploadAsync(batch);
        }

        await using DurableApp app = await DurableApp.StartAsync(azurite.ConnectionString);
        EvaluationRequest request = new() { Batch = "batch.jsonl", Judge = "simulated", Protocol = "grm", Policy = new PolicyOptions { Samples = samples }, Seed = 7, Output = "bench" };
        Stopwatch clock = Stopwatch.StartNew();
        await app.Client.ScheduleNewOrchestrationInstanceAsync(Names.EvaluateBatch.Name, new BatchRun("bench", request), new StartOrchestrationOptions("bench"));
        OrchestrationMetadata ended = await app.Client.WaitForInstanceCompletionAsync("bench", getInputsAndOutputs: true);
        TimeSpan elapsed = clock.Elapsed;
        if (ended.ReadOutputAs<RunOutcome>() is not { Status: RunStatus.Complete })
        {
            throw new InvalidOperationException($"the benchmark's run has to end: {ended.FailureDetails}");
        }

        IReadOnlyCollection<HistorySize> all = [.. app.Meter.Histories.Values];
        HistorySize longest = all.MaxBy(static history => history.Events)!;
        double thousands = rollouts / 1000.0;
        Console.WriteLine($"{rollouts} rollouts x {samples} judgements: {elapsed.TotalSeconds:F1} s, {all.Count} instances");
        Console.WriteLine($"per 1,000 rollouts: {elapsed.TotalSeconds / thousands:F1} s, {all.Sum(static history => history.Events) / thousands:F0} events, {all.Sum(static history => history.Bytes) / thousands / 1024:F0} KiB, {all.Sum(static history => history.Turns) / thousands:F0} turns");
        Console.WriteLine($"longest history: {longest.Events} events, {longest.Bytes / 1024.0:F0} KiB, replayed {longest.Turns} times");
    }
}
