using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Benchmarks.Azure;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Runs;

// dotnet run -c Release --project tests/Tribunal.Benchmarks.Azure -- ROLLOUTS SAMPLES LATENCY_MS
// dotnet run -c Release --project tests/Tribunal.Benchmarks.Azure -- history SAMPLES ROLLOUTS…
// dotnet run -c Release --project tests/Tribunal.Benchmarks.Azure -- worker TOOL.dll [ROLLOUTS]          and: -- worker-rate TOOL.dll [ROLLOUTS], without the kills
// dotnet run -c Release --project tests/Tribunal.Benchmarks.Azure -- worker-scale TOOL.dll [ROLLOUTS...]
if (args is ["worker" or "worker-rate", string tool, ..])
{
    await WorkerBenchmark.RunAsync(tool, args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 600, kills: args[0] == "worker");
    return;
}

if (args is ["worker-scale", string scaled, ..])
{
    await WorkerBenchmark.ScaleAsync(scaled, args.Length > 2 ? [.. args.Skip(2).Select(static size => int.Parse(size, CultureInfo.InvariantCulture))] : [1000, 5000, 20_000]);
    return;
}

if (args is ["history", ..])
{
    int[] numbers = [.. args.Skip(1).Select(static text => int.Parse(text, CultureInfo.InvariantCulture))];
    await HistoryBenchmark.RunAsync(numbers is [var k, ..] ? k : 8, numbers.Length > 1 ? numbers[1..] : [1000, 5000, 20_000]);
    return;
}

// The same batch through a local folder and through Azurite, each in this process with the simulated judge.
int rollouts = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1000;
int samples = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 8;
TimeSpan latency = TimeSpan.FromMilliseconds(args.Length > 2 ? double.Parse(args[2], CultureInfo.InvariantCulture) : 0);

DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-bench-");
try
{
    string path = Path.Combine(folder.FullName, "batch.jsonl");
    await using (FileStream file = File.Create(path))
    {
        await BatchGenerator.WriteAsync(file, new BatchOptions { Rollouts = rollouts });
    }

    EvaluationRequest request = new() { Batch = path, Protocol = "grm", Policy = new PolicyOptions { Samples = samples }, Seed = 7, Output = "bench" };
    await RunAsync(new LocalRunStores(Path.Combine(folder.FullName, "warm")), request with { Policy = new PolicyOptions { Samples = 1 } }, null);
    Figures local = await RunAsync(new LocalRunStores(Path.Combine(folder.FullName, "local")), request, null);

    Counter counter = new();
    await using AzuriteServer azurite = new();
    StorageClients clients = await azurite.ConnectAsync(new HttpPipelineOverrides { Policy = counter });
    await clients.Rollouts.GetBlobClient("batch.jsonl").UploadAsync(path);
    TableRunCatalog catalog = new(clients.Tables);
    EvaluationRequest remote = request with { Batch = "batch.jsonl" };
    await catalog.AskAsync("bench", remote, TimeProvider.System, CancellationToken.None);
    counter.Reset();
    Figures azure = await RunAsync(new AzureRunStores(clients, catalog, new AzureRunStoreOptions(), TimeProvider.System), remote, catalog);

    double thousands = (double)rollouts * samples / 1000;
    Console.WriteLine($"{rollouts} rollouts x {samples} judgements, {latency.TotalMilliseconds} ms a judgement");
    Console.WriteLine($"local folder   {local.Elapsed.TotalSeconds,8:F2} s   peak {local.PeakMiB} MiB");
    Console.WriteLine($"Azurite        {azure.Elapsed.TotalSeconds,8:F2} s   peak {azure.PeakMiB} MiB   ratio {azure.Elapsed / local.Elapsed:F2}");
    Console.WriteLine($"per 1,000 judgements: {counter.Requests / thousands:F1} transactions, {counter.Sent / thousands / 1024:F0} KiB sent, {counter.Received / thousands / 1024:F0} KiB received");
    foreach ((string kind, long count) in counter.Kinds.OrderByDescending(static kind => kind.Value))
    {
        Console.WriteLine($"  {kind,-24} {count / thousands,8:F1}");
    }
}
finally
{
    folder.Delete(recursive: true);
}

async Task<Figures> RunAsync(IRunStores stores, EvaluationRequest request, IRunCatalog? catalog)
{
    Judge judge = Judge.Of(new Slow(new SimulatedJudge(new JudgeEngine()), latency), SimulatedJudgeOptions.DefaultModel) with { Simulated = true };
    RunSteps steps = new(stores, KnownJudges.Of(judge), new RunMonitors(), new ActivityOptions(), TimeProvider.System, NullLogger<RunSteps>.Instance);
    return await Measured.RunAsync(async () =>
    {
        RunOutcome outcome = await new InProcessHost(steps, TimeProvider.System).RunAsync(new BatchRun("bench", request), CancellationToken.None);
        Debug.Assert(outcome.Halt is null, "the benchmark's run has to end");
    });
}
