using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Tribunal.Simulator.Serving;

namespace Tribunal.Benchmarks;

/// <summary>
/// Many clients at once, one response each, in groups: first undisturbed, then with a judge of which one answer in ten fails and a server that is
/// killed and restarted when half of the rewards are there. Every reward must be the undisturbed one, and no judgement stand twice.
/// </summary>
internal sealed class LoadBenchmark(string tool, int clients, int group, double latencyMs)
{
    private static readonly TransportFaults Faults = new() { TooManyRequests = 0.03, Unavailable = 0.03, Resets = 0.02, ResetsMidBody = 0.01, GarbageBodies = 0.01 };
    private readonly int _port = FreePort();

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-load-");
        try
        {
            Outcome calm = await MeasureAsync(Path.Combine(folder.FullName, "calm"), new TransportFaults(), killed: false, cancellationToken);
            Outcome rough = await MeasureAsync(Path.Combine(folder.FullName, "rough"), Faults, killed: true, cancellationToken);
            int equal = calm.Rewards.Zip(rough.Rewards).Count(static pair => pair.First == pair.Second);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clients} clients at once in groups of {group}, a judge that answers in {latencyMs} ms"));
            Console.WriteLine("| | median s | 99th percentile s | rewards per second | judgements | of them twice |");
            Console.WriteLine("|---|---|---|---|---|---|");
            Print("undisturbed", calm);
            Print("one answer in ten fails, killed and restarted", rough);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{equal} of {clients} rewards equal the undisturbed ones; median {rough.At(0.5) / calm.At(0.5):0.00}x, 99th percentile {rough.At(0.99) / calm.At(0.99):0.00}x"));
            if (equal != clients || rough.Twice > 0 || calm.Twice > 0)
            {
                throw new InvalidOperationException("a reward differs, or a judgement stands twice");
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<Outcome> MeasureAsync(string folder, TransportFaults faults, bool killed, CancellationToken cancellationToken)
    {
        await using SimulatorServer judge = await SimulatorServer.StartAsync(new SimulatorOptions { Latency = TimeSpan.FromMilliseconds(latencyMs), Faults = faults }, TimeProvider.System, cancellationToken);
        Process server = Serve(judge.ApiBase, folder);
        try
        {
            await ReadyAsync(new Uri($"http://127.0.0.1:{_port}/healthz"), cancellationToken);
            using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = clients }) { Timeout = TimeSpan.FromMinutes(10) };
            double[] rewards = new double[clients];
            double[] seconds = new double[clients];
            int answered = 0;
            var half = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            long start = Stopwatch.GetTimestamp();
            Task asked = Task.WhenAll(Enumerable.Range(0, clients).Select(async i =>
            {
                rewards[i] = await AskAsync(client, i, cancellationToken);
                seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
                if (Interlocked.Increment(ref answered) == clients / 2)
                {
                    half.SetResult();
                }
            }));
            if (killed)
            {
                await Task.WhenAny(half.Task, asked);
                server.Kill();
                await server.WaitForExitAsync(cancellationToken);
                server.Dispose();
                server = Serve(judge.ApiBase, folder);
            }

            await asked;
            double took = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Array.Sort(seconds);
            string[] names = [.. File.ReadLines(Path.Combine(folder, "judgements.jsonl")).Select(static line =>
            {
                using JsonDocument judgement = JsonDocument.Parse(line);
                return $"{judgement.RootElement.GetProperty("rolloutId")} {judgement.RootElement.GetProperty("sample")}";
            })];
            return new Outcome(rewards, seconds, clients / took, names.Length, names.Length - names.Distinct(StringComparer.Ordinal).Count());
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync(CancellationToken.None);
            server.Dispose();
        }
    }

    private async Task<double> AskAsync(HttpClient client, int i, CancellationToken cancellationToken)
    {
        string body = JsonSerializer.Serialize(new
        {
            prompt = $"Question {i / group}: which way is better, and why?",
            responses = new[] { $"Answer {i} says something of moderate length, and gives {i % group} reasons." },
            group = new { id = $"step 1, prompt {i / group}", size = Math.Min(group, clients - (i / group * group)) },
        });
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await client.PostAsync(new Uri($"http://127.0.0.1:{_port}/v1/rewards"), new StringContent(body, Encoding.UTF8, "application/json"), cancellationToken);
                if (answer.IsSuccessStatusCode)
                {
                    using JsonDocument said = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
                    JsonElement result = said.RootElement.GetProperty("results")[0];
                    if (result.GetProperty("complete").GetBoolean() && result.GetProperty("rewards") is { ValueKind: JsonValueKind.Array } rewards)
                    {
                        return rewards[0].GetDouble();
                    }
                }
            }
            catch (HttpRequestException)
            {
                // The server is being restarted.
            }

            await Task.Delay(200, cancellationToken);
        }
    }

    private Process Serve(Uri judge, string folder) => Start(
        ["serve", "--judge", judge.ToString(), "--model", "simulated-judge", "--protocol", "grm", "--samples", "4", "--max-waiting", "100000", "--listen", $"http://127.0.0.1:{_port}", "-o", folder]);

    private Process Start(string[] arguments)
    {
        Process process = tool.EndsWith(".dll", StringComparison.Ordinal) ? Measured.Start("dotnet", [tool, .. arguments]) : Measured.Start(tool, arguments);
        process.OutputDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        return process;
    }

    private static async Task ReadyAsync(Uri address, CancellationToken cancellationToken)
    {
        using var client = new HttpClient();
        while (true)
        {
            try
            {
                using HttpResponseMessage answer = await client.GetAsync(address, cancellationToken);
                return;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(50, cancellationToken);
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static void Print(string what, Outcome outcome) =>
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {what} | {outcome.At(0.5):0.00} | {outcome.At(0.99):0.00} | {outcome.Rate:0} | {outcome.Judgements} | {outcome.Twice} |"));

    private sealed record Outcome(double[] Rewards, double[] Seconds, double Rate, int Judgements, int Twice)
    {
        public double At(double quantile) => Seconds[(int)Math.Min(Seconds.Length - 1, Math.Ceiling(quantile * Seconds.Length) - 1)];
    }
}
