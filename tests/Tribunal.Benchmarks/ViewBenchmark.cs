using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Tribunal.Benchmarks;

/// <summary>`tribunal view` over a large run of the simulated judge: first rows, filters, search, and the memory of the process.</summary>
internal static class ViewBenchmark
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task RunAsync(string tool, int rollouts, int samples, CancellationToken cancel)
    {
        string folder = Directory.CreateTempSubdirectory("tribunal-view-").FullName;
        try
        {
            await ToolAsync(tool, folder, cancel, "simulate", "--generate", $"{rollouts}", "-o", "batch.jsonl");
            await ToolAsync(tool, folder, cancel, "score", "batch.jsonl", "-o", "run", "--samples", $"{samples}", "--meta", "simulated", "--no-report");
            double megabytes = new FileInfo(Path.Combine(folder, "run", "judgements.jsonl")).Length / 1e6;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{rollouts:N0} rollouts, {rollouts * (long)samples:N0} judgements, {megabytes:N0} MB of ledger, {Environment.ProcessorCount} cores"));
            await MeasureAsync("without an index", tool, folder, cancel);
            await MeasureAsync("with an index", tool, folder, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(string name, string tool, string folder, CancellationToken cancel)
    {
        Console.WriteLine(name);
        using Process view = Start(tool, folder, "view", "run");
        try
        {
            string line = await view.StandardOutput.ReadLineAsync(cancel) ?? throw new IOException("the viewer ended");
            var address = new Uri(line[line.IndexOf("http", StringComparison.Ordinal)..]);
            using var client = new HttpClient { BaseAddress = new Uri(address.GetLeftPart(UriPartial.Authority)), Timeout = TimeSpan.FromMinutes(30) };
            client.DefaultRequestHeaders.Add("X-Tribunal-Token", address.Query["?token=".Length..]);
            long started = Stopwatch.GetTimestamp();
            string key = (await GetAsync(client, "/api/runs", cancel)).GetProperty("runs")[0].GetProperty("key").GetString()!;
            string rows = $"/api/runs/{key}/rollouts";
            await UntilAsync(client, $"{rows}?count=50", static answer => answer.GetProperty("rows").GetArrayLength() > 0, cancel);
            Say("first rows", started);
            await UntilAsync(client, $"{rows}?count=50", static answer => answer.GetProperty("index").GetProperty("stage").GetString() == "", cancel);
            Say("whole index", started);
            await TimedAsync("a filter (wrong), sorted by confidence", client, $"{rows}?filter=wrong&sort=confidence&desc=true", cancel);
            await TimedAsync("a filter (slow), sorted by time", client, $"{rows}?filter=slow&sort=slowest&desc=true", cancel);
            await TimedAsync("sorted by id", client, $"{rows}?sort=id&desc=true", cancel);
            await TimedAsync("one rollout", client, $"{rows}/4321", cancel);
            started = Stopwatch.GetTimestamp();
            await UntilAsync(client, $"{rows}?q=is+clearer", static answer => answer.GetProperty("total").GetInt32() > 0 || answer.GetProperty("search").GetProperty("done").GetBoolean(), cancel);
            Say("search, first hits", started);
            JsonElement found = await UntilAsync(client, $"{rows}?q=is+clearer", static answer => answer.GetProperty("search").GetProperty("done").GetBoolean(), cancel);
            Say($"search, through ({found.GetProperty("total").GetInt32():N0} rollouts)", started);
            started = Stopwatch.GetTimestamp();
            await UntilAsync(client, $"{rows}?q=no+such+words+anywhere", static answer => answer.GetProperty("search").GetProperty("done").GetBoolean(), cancel);
            Say("search for what is nowhere, through", started);
            string most = File.ReadLines($"/proc/{view.Id}/status").First(static one => one.StartsWith("VmHWM", StringComparison.Ordinal));
            Console.WriteLine($"  most memory                                {int.Parse(new string([.. most.Where(char.IsAsciiDigit)]), CultureInfo.InvariantCulture) / 1024:N0} MB");
        }
        finally
        {
            view.Kill(entireProcessTree: true);
            await view.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task TimedAsync(string name, HttpClient client, string path, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        await GetAsync(client, path, cancel);
        Say(name, started);
    }

    private static async Task<JsonElement> UntilAsync(HttpClient client, string path, Func<JsonElement, bool> ready, CancellationToken cancel)
    {
        while (true)
        {
            JsonElement answer = await GetAsync(client, path, cancel);
            if (ready(answer))
            {
                return answer;
            }

            await Task.Delay(Pause, cancel);
        }
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path, CancellationToken cancel)
    {
        await using Stream stream = await client.GetStreamAsync(path, cancel);
        using JsonDocument document = await JsonDocument.ParseAsync(stream, cancellationToken: cancel);
        return document.RootElement.Clone();
    }

    private static void Say(string name, long started) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-42} {Stopwatch.GetElapsedTime(started).TotalSeconds:0.00} s"));

    private static async Task ToolAsync(string tool, string folder, CancellationToken cancel, params string[] arguments)
    {
        using Process process = Start(tool, folder, arguments);
        string output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode is not (0 or 1))
        {
            throw new IOException($"tribunal {arguments[0]} ended with {process.ExitCode}: {output}");
        }
    }

    private static Process Start(string tool, string folder, params string[] arguments)
    {
        bool assembly = tool.EndsWith(".dll", StringComparison.OrdinalIgnoreCase);
        var start = new ProcessStartInfo(assembly ? "dotnet" : tool) { WorkingDirectory = folder, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (string argument in assembly ? [tool, .. arguments] : arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start)!;
    }
}
