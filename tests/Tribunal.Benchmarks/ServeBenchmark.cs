using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tribunal.Benchmarks;

/// <summary>A reward asked of <c>tribunal serve</c> beside one answer asked of the judge directly: one judgement either way.</summary>
internal static class ServeBenchmark
{
    public static async Task RunAsync(string tool, IReadOnlyList<int> concurrencies, double latencyMs, int requests, CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-bench-");
        using Process endpoint = Measured.Start(Environment.ProcessPath!, ["endpoint", "--latency", latencyMs.ToString(CultureInfo.InvariantCulture)]);
        Process? server = null;
        try
        {
            var judge = new Uri((await endpoint.StandardOutput.ReadLineAsync(cancellationToken))!);
            string[] serve = ["serve", "--judge", $"{judge}v1", "--model", "bench", "--protocol", "grm", "--samples", "1", "--gather", "0", "--listen", "http://127.0.0.1:0", "-o", Path.Combine(folder.FullName, "serve")];
            server = tool.EndsWith(".dll", StringComparison.Ordinal) ? Measured.Start("dotnet", [tool, .. serve]) : Measured.Start(tool, serve);
            string said = await server.StandardOutput.ReadLineAsync(cancellationToken) ?? throw new InvalidOperationException(await server.StandardError.ReadToEndAsync(cancellationToken));
            var rewards = new Uri(said.Split(' ', ',').First(static word => word.StartsWith("http", StringComparison.Ordinal)));
            using var client = new HttpClient();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{requests} requests, a judge that answers in {latencyMs} ms, one judgement each, no gathering"));
            Console.WriteLine("| at a time | what | median ms | 99th percentile ms |");
            Console.WriteLine("|---|---|---|---|");
            foreach (int concurrency in concurrencies)
            {
                int run = concurrency;
                await MeasureAsync(client, new Uri(rewards, "/v1/rewards"), i => Rollout($"warm {run}", i), 500, concurrency, cancellationToken);
                double[] direct = await MeasureAsync(client, new Uri(judge, "/v1/chat/completions"), Chat, requests, concurrency, cancellationToken);
                double[] served = await MeasureAsync(client, new Uri(rewards, "/v1/rewards"), i => Rollout($"run {run}", i), requests, concurrency, cancellationToken);
                Print(concurrency, "judge directly", At(direct, 0.5), At(direct, 0.99));
                Print(concurrency, "tribunal serve", At(served, 0.5), At(served, 0.99));
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {concurrency} | **added** | {At(served, 0.5) - At(direct, 0.5):0.0} ({At(served, 0.5) / At(direct, 0.5):0.00}×) | {At(served, 0.99) - At(direct, 0.99):0.0} ({At(served, 0.99) / At(direct, 0.99):0.00}×) |"));
            }
        }
        finally
        {
            server?.Kill();
            endpoint.Kill();
            await (server?.WaitForExitAsync(CancellationToken.None) ?? Task.CompletedTask);
            await endpoint.WaitForExitAsync(CancellationToken.None);
            server?.Dispose();
            folder.Delete(recursive: true);
        }
    }

    private static async Task<double[]> MeasureAsync(HttpClient client, Uri address, Func<int, string> body, int requests, int concurrency, CancellationToken cancellationToken)
    {
        double[] elapsed = new double[requests];
        await Parallel.ForEachAsync(Enumerable.Range(0, requests), new ParallelOptions { MaxDegreeOfParallelism = concurrency, CancellationToken = cancellationToken }, async (i, cancel) =>
        {
            using var content = new StringContent(body(i), Encoding.UTF8, "application/json");
            long start = Stopwatch.GetTimestamp();
            using HttpResponseMessage response = await client.PostAsync(address, content, cancel);
            string answer = await response.Content.ReadAsStringAsync(cancel);
            elapsed[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            if (!response.IsSuccessStatusCode || answer.Contains("unscorable", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"{address}: {(int)response.StatusCode}: {answer}");
            }
        });
        Array.Sort(elapsed);
        return elapsed;
    }

    private static string Rollout(string run, int i) =>
        JsonSerializer.Serialize(new { rollouts = new[] { new { prompt = $"Question {i} of {run}: which way is better, and why?", responses = new[] { Response(i), Response(i + 1) } } } });

    private static string Chat(int i) => JsonSerializer.Serialize(new { model = "bench", messages = new[] { new { role = "user", content = Response(i) + Response(i + 1) } } });

    private static string Response(int i) => string.Join(' ', Enumerable.Range(0, 24).Select(j => $"Sentence {j} of answer {i} says something of moderate length."));

    private static double At(double[] sorted, double quantile) => sorted[(int)Math.Min(sorted.Length - 1, Math.Ceiling(quantile * sorted.Length) - 1)];

    private static void Print(int concurrency, string what, double median, double tail) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {concurrency} | {what} | {median:0.0} | {tail:0.0} |"));
}
