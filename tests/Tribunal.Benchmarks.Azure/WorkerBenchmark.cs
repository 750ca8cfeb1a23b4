using System.Diagnostics;
using Azure.Data.Tables;
using Tribunal.Azure.Names;
using Tribunal.Runs.Storage;
using Tribunal.Simulator.Batches;

namespace Tribunal.Benchmarks.Azure;

/// <summary>What queue workers do with a run, as processes over Azurite.</summary>
internal static class WorkerBenchmark
{
    private const int Samples = 8;
    private const int Concurrency = 16;
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(100);

    /// <summary>Judgements per second with one and three workers, transactions, and what a kill costs.</summary>
    public static async Task RunAsync(string tool, int rollouts, bool kills)
    {
        Console.WriteLine($"{tool}: {rollouts} rollouts x {Samples} judgements of {Latency.TotalMilliseconds} ms, {Concurrency} at a time in each worker");
        foreach (int workers in (int[])[1, 3])
        {
            await ThroughputAsync(tool, rollouts, workers);
        }

        if (kills)
        {
            await RestartedAsync(tool, rollouts);
            await OneOfTwoAsync(tool, rollouts);
        }
    }

    /// <summary>Time and memory per 1,000 rollouts with a judge in the worker that answers at once, beside the tool's own loop.</summary>
    public static async Task ScaleAsync(string tool, IReadOnlyList<int> sizes)
    {
        foreach (int rollouts in sizes)
        {
            await using WorkerBed bed = await WorkerBed.StartAsync(tool, TimeSpan.Zero, Concurrency);
            Process worker = bed.StartWorker();
            await bed.AskAsync("warm", 20, Samples, "simulated");
            await bed.EndAsync("warm");
            Transactions before = bed.Transactions;
            Stopwatch clock = Stopwatch.StartNew();
            await bed.AskAsync("scale", rollouts, Samples, "simulated");
            await bed.EndAsync("scale");
            TimeSpan elapsed = clock.Elapsed;
            worker.Refresh();
            double thousands = rollouts / 1000.0;
            Console.WriteLine($"{rollouts} rollouts x {Samples}: worker {elapsed.TotalSeconds:F1} s, {elapsed.TotalSeconds / thousands:F2} s per 1,000, peak {worker.PeakWorkingSet64 >> 20} MiB, {(bed.Transactions - before).Count / thousands:F0} transactions per 1,000 rollouts{await HistoriesAsync(bed)}");
            await ScoreAsync(tool, rollouts);
        }
    }

    private static async Task ThroughputAsync(string tool, int rollouts, int workers)
    {
        await using WorkerBed bed = await WorkerBed.StartAsync(tool, Latency, Concurrency);
        await WarmAsync(bed, workers);
        Transactions before = bed.Transactions;
        Stopwatch clock = Stopwatch.StartNew();
        await bed.AskAsync("run", rollouts, Samples);
        await bed.EndAsync("run");
        Transactions under = bed.Transactions - before;
        double thousands = rollouts * Samples / 1000.0;
        Console.WriteLine($"{workers} workers: {thousands * 1000 / clock.Elapsed.TotalSeconds:F0} judgements/s, {under.Count / thousands:F0} transactions per 1,000 judgements{under.Per(thousands)}");
        await Task.Delay(TimeSpan.FromSeconds(20));
        before = bed.Transactions;
        await Task.Delay(TimeSpan.FromMinutes(1));
        Transactions idle = bed.Transactions - before;
        Console.WriteLine($"{workers} workers, idle: {idle.Count} transactions/min{idle.Per(1)}");
    }

    // The only worker dies and another is started at once.
    private static async Task RestartedAsync(string tool, int rollouts)
    {
        await using WorkerBed bed = await WorkerBed.StartAsync(tool, Latency, Concurrency);
        IReadOnlyList<Process> workers = await WarmAsync(bed, 1);
        long start = bed.Answered;
        await bed.AskAsync("run", rollouts, Samples);
        await UntilAnsweredAsync(bed, rollouts * Samples / 3);
        await bed.KillAsync(workers[0]);
        bed.StartWorker();
        Console.WriteLine($"the only worker killed, another started: {await AfterAsync(bed, (rollouts * Samples) - (bed.Answered - start))}");
    }

    // One of two dies: the one that took the run's message.
    private static async Task OneOfTwoAsync(string tool, int rollouts)
    {
        await using WorkerBed bed = await WorkerBed.StartAsync(tool, Latency, Concurrency);
        IReadOnlyList<Process> workers = await WarmAsync(bed, 2);
        long start = bed.Answered;
        await bed.AskAsync("run", rollouts, Samples);
        await UntilAnsweredAsync(bed, rollouts * Samples / 3);
        string owner = (await bed.Catalog.GetAsync("run", CancellationToken.None))!.Worker!;
        await bed.KillAsync(workers.Single(worker => owner.EndsWith($"/{worker.Id}", StringComparison.Ordinal)));
        Console.WriteLine($"one of two workers killed: {await AfterAsync(bed, (rollouts * Samples) - (bed.Answered - start))}");
    }

    // The longest time that nobody asks the judge, and the end beside what one worker would have needed for the rest.
    private static async Task<string> AfterAsync(WorkerBed bed, long left)
    {
        Stopwatch clock = Stopwatch.StartNew();
        Stopwatch silence = Stopwatch.StartNew();
        TimeSpan longest = TimeSpan.Zero;
        long answered = bed.Answered;
        while (await bed.Catalog.GetAsync("run", CancellationToken.None) is { IsOver: false })
        {
            if (bed.Answered != answered)
            {
                answered = bed.Answered;
                silence.Restart();
            }

            longest = silence.Elapsed > longest ? silence.Elapsed : longest;
            await Task.Delay(100);
        }

        return $"the judge idle for {longest.TotalSeconds:F1} s at most, over {clock.Elapsed.TotalSeconds:F1} s later, where one worker needs {left * Latency.TotalSeconds / Concurrency:F1} s at best";
    }

    private static async Task<IReadOnlyList<Process>> WarmAsync(WorkerBed bed, int workers)
    {
        List<Process> started = [.. Enumerable.Range(0, workers).Select(_ => bed.StartWorker())];
        await Task.Delay(TimeSpan.FromSeconds(8));
        foreach (int i in Enumerable.Range(0, workers))
        {
            await bed.AskAsync($"warm-{i}", 64, Samples);
        }

        foreach (int i in Enumerable.Range(0, workers))
        {
            await bed.EndAsync($"warm-{i}");
        }

        await Task.Delay(TimeSpan.FromSeconds(2));
        return started;
    }

    private static async Task UntilAnsweredAsync(WorkerBed bed, int more)
    {
        long wanted = bed.Answered + more;
        while (bed.Answered < wanted)
        {
            await Task.Delay(20);
        }
    }

    private static async Task<string> HistoriesAsync(WorkerBed bed)
    {
        Dictionary<string, int> events = new(StringComparer.Ordinal);
        try
        {
            await foreach (TableEntity row in bed.Clients.Tables.GetTableClient(ResourceNames.WorkerHub + "History").QueryAsync<TableEntity>(select: ["PartitionKey"]))
            {
                events[row.PartitionKey] = events.GetValueOrDefault(row.PartitionKey) + 1;
            }
        }
        catch (global::Azure.RequestFailedException)
        {
            return "";
        }

        return $", {events.Count} instances with {events.Values.Sum()} events, the longest {events.Values.Max()}";
    }

    private static async Task ScoreAsync(string tool, int rollouts)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-bench-");
        try
        {
            string batch = Path.Combine(folder.FullName, "batch.jsonl");
            await using (FileStream file = File.Create(batch))
            {
                await BatchGenerator.WriteAsync(file, new BatchOptions { Rollouts = rollouts });
            }

            Stopwatch clock = Stopwatch.StartNew();
            ProcessStartInfo start = new("dotnet", [tool, "score", batch, "--judge", "simulated", "--protocol", "grm", "--samples", $"{Samples}", "-o", Path.Combine(folder.FullName, "out")])
            {
                RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
            };
            using Process score = Process.Start(start)!;
            score.BeginOutputReadLine();
            score.BeginErrorReadLine();
            long peak = 0;
            while (!score.WaitForExit(50))
            {
                score.Refresh();
                peak = Math.Max(peak, score.WorkingSet64);
            }

            Console.WriteLine($"{rollouts} rollouts x {Samples}: tribunal score {clock.Elapsed.TotalSeconds:F1} s, peak {peak >> 20} MiB, exit code {score.ExitCode}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
