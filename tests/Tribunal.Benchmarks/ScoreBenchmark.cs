using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Tribunal.Benchmarks;

/// <summary><c>tribunal score</c> beside the bare loop: the same bodies, the same endpoint, one after the other.</summary>
/// <param name="tool">The tool.</param>
/// <param name="batch">The batch to score; null for generated ones.</param>
/// <param name="samples">Judgements of each rollout of a generated batch; a given one has as many as the size asks for.</param>
/// <param name="sentences">Sentences of each generated response, 66 characters long.</param>
/// <param name="concurrency">Requests at a time.</param>
/// <param name="latencyMs">Milliseconds that the endpoint takes.</param>
/// <param name="repeats">Times that each is run.</param>
/// <param name="more">More options for the tool.</param>
internal sealed class ScoreBenchmark(string tool, FileInfo? batch, int samples, int sentences, int concurrency, double latencyMs, int repeats, string more)
{
    public async Task RunAsync(IReadOnlyList<int> sizes, CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-bench-");
        string self = Environment.ProcessPath!;
        using Process endpoint = Measured.Start(self, ["endpoint", "--latency", latencyMs.ToString(CultureInfo.InvariantCulture)]);
        try
        {
            var address = new Uri((await endpoint.StandardOutput.ReadLineAsync(cancellationToken))!);
            using var client = new HttpClient { BaseAddress = address };
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{concurrency} at a time, an endpoint that answers in {latencyMs} ms ({concurrency * 1000 / latencyMs:0}/s at best), {Environment.ProcessorCount} cores; medians of {repeats}"));
            Console.WriteLine("| judgements | what | /s, first request to last answer | /s, whole process | CPU ms per judgement | peak MiB |");
            Console.WriteLine("|---|---|---|---|---|---|");
            foreach (int size in sizes)
            {
                await CompareAsync(self, client, folder.FullName, size, cancellationToken);
            }
        }
        finally
        {
            endpoint.Kill();
            await endpoint.WaitForExitAsync(CancellationToken.None);
            folder.Delete(recursive: true);
        }
    }

    private async Task CompareAsync(string self, HttpClient client, string folder, int size, CancellationToken cancellationToken)
    {
        (string file, int each) = await BatchAsync(folder, size, cancellationToken);
        string bodies = Path.Combine(folder, $"bodies-{size}.jsonl");
        await client.PostAsync(new Uri($"/span?record={Uri.EscapeDataString(bodies)}", UriKind.Relative), null, cancellationToken);
        await ScoreAsync(client, file, each, Path.Combine(folder, $"recorded-{size}"), cancellationToken);
        await client.PostAsync(new Uri("/span", UriKind.Relative), null, cancellationToken);

        var bare = new List<Row>();
        var ours = new List<Row>();
        for (int i = 0; i < repeats; i++)
        {
            bare.Add(await MeasureAsync(client, size, () => Measured.RunAsync(
                self,
                ["bare", "--endpoint", new Uri(client.BaseAddress!, "/v1/chat/completions").ToString(), "--bodies", bodies, "--output", Path.Combine(folder, "bare.jsonl"), "--concurrency", Text(concurrency)],
                cancellationToken), cancellationToken));
            string run = Path.Combine(folder, $"run-{size}-{i}");
            ours.Add(await MeasureAsync(client, size, () => ScoreAsync(client, file, each, run, cancellationToken), cancellationToken));
            Directory.Delete(run, recursive: true);
        }

        Row one = Row.Median(bare);
        Row other = Row.Median(ours);
        Print(size, "bare loop", one);
        Print(size, "tribunal score", other);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {size} | **ratio** | {other.Rate / one.Rate:0.00} | {other.WholeRate / one.WholeRate:0.00} | {other.CpuMs / one.CpuMs:0.00} | {other.PeakMiB / one.PeakMiB:0.00} |"));
    }

    private Task<Measured> ScoreAsync(HttpClient client, string file, int each, string run, CancellationToken cancellationToken) => Tool.RunAsync(
        tool,
        [
            "score", file, "-o", run, "--judge", new Uri(client.BaseAddress!, "/v1").ToString(), "--model", "bench", "--protocol", "grm",
            "--samples", Text(each), "--concurrency", Text(concurrency), "--no-report", .. more.Split(' ', StringSplitOptions.RemoveEmptyEntries),
        ],
        cancellationToken);

    private static async Task<Row> MeasureAsync(HttpClient client, int size, Func<Task<Measured>> run, CancellationToken cancellationToken)
    {
        await client.PostAsync(new Uri("/span", UriKind.Relative), null, cancellationToken);
        Measured measured = await run();
        string[] span = (await client.GetStringAsync(new Uri("/span", UriKind.Relative), cancellationToken)).Split(' ');
        int answered = int.Parse(span[0], CultureInfo.InvariantCulture);
        return answered == size
            ? new Row(size * 1000.0 / double.Parse(span[1], CultureInfo.InvariantCulture), size / measured.Wall.TotalSeconds, measured.Cpu.TotalMilliseconds / size, measured.PeakMiB)
            : throw new InvalidOperationException($"{answered} requests reached the endpoint, {size} were to");
    }

    private async Task<(string File, int Each)> BatchAsync(string folder, int size, CancellationToken cancellationToken)
    {
        if (batch is not null)
        {
            int rollouts = await File.ReadLinesAsync(batch.FullName, cancellationToken).CountAsync(cancellationToken);
            return size % rollouts == 0
                ? (batch.FullName, size / rollouts)
                : throw new InvalidOperationException($"{size} judgements are no multiple of the {rollouts} rollouts of {batch}");
        }

        string file = Path.Combine(folder, $"batch-{size}.jsonl");
        await WriteBatchAsync(file, size / samples, cancellationToken);
        return (file, samples);
    }

    private async Task WriteBatchAsync(string path, int rollouts, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(path);
        for (int i = 0; i < rollouts; i++)
        {
            // Every rollout differs.
            string Response(string tone) => string.Join(' ', Enumerable.Range(0, sentences).Select(j => $"{tone} sentence {j} of answer {i} says something of moderate length."));
            await writer.WriteLineAsync(JsonSerializer.Serialize(new { id = $"r{i}", prompt = $"Question {i}: which way of doing it is better, and why?", responses = new[] { Response("A careful"), Response("A hasty") } }).AsMemory(), cancellationToken);
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static void Print(int size, string what, Row row) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {size} | {what} | {row.Rate:0} | {row.WholeRate:0} | {row.CpuMs:0.000} | {row.PeakMiB:0} |"));

    private sealed record Row(double Rate, double WholeRate, double CpuMs, double PeakMiB)
    {
        public static Row Median(IReadOnlyList<Row> rows) => new(Middle(rows, static row => row.Rate), Middle(rows, static row => row.WholeRate), Middle(rows, static row => row.CpuMs), Middle(rows, static row => row.PeakMiB));

        private static double Middle(IReadOnlyList<Row> rows, Func<Row, double> of)
        {
            double[] sorted = [.. rows.Select(of).Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }
}
