using System.Globalization;
using System.Text.Json;

namespace Tribunal.Benchmarks;

/// <summary><c>tribunal vote</c> on a record, per second of CPU time.</summary>
internal static class VoteBenchmark
{
    private const int Samples = 16;

    public static async Task RunAsync(string tool, int repeats, IReadOnlyList<int> sizes, CancellationToken cancellationToken)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-bench-");
        try
        {
            Console.WriteLine("| judgements | record MiB | judgements per CPU second | /s, whole process | peak MiB |");
            Console.WriteLine("|---|---|---|---|---|");
            foreach (int size in sizes)
            {
                string batch = Path.Combine(folder.FullName, $"batch-{size}.jsonl");
                string record = Path.Combine(folder.FullName, $"judgements-{size}.jsonl");
                await WriteAsync(batch, record, size / Samples, cancellationToken);
                var all = new List<Measured>();
                for (int i = 0; i < repeats; i++)
                {
                    string output = Path.Combine(folder.FullName, $"vote-{size}-{i}");
                    all.Add(await Tool.RunAsync(tool, ["vote", "--judgements", record, "--batch", batch, "-o", output, "--samples", Samples.ToString(CultureInfo.InvariantCulture), "--no-report"], cancellationToken));
                }

                Measured middle = all.OrderBy(static one => one.Cpu).ElementAt(all.Count / 2);
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"| {size} | {new FileInfo(record).Length / 1048576.0:0} | {size / middle.Cpu.TotalSeconds:0} | {size / middle.Wall.TotalSeconds:0} | {middle.PeakMiB:0} |"));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task WriteAsync(string batch, string record, int rollouts, CancellationToken cancellationToken)
    {
        var random = new Random(1);
        await using var rolloutWriter = new StreamWriter(batch);
        await using var judgementWriter = new StreamWriter(record);
        string analysis = string.Join(' ', Enumerable.Range(0, 12).Select(static i => $"Point {i}: the first response says more about it than the second one does."));
        for (int i = 0; i < rollouts; i++)
        {
            string id = $"r{i}";
            await rolloutWriter.WriteLineAsync(JsonSerializer.Serialize(new { id, prompt = $"Question {i}?", responses = new[] { $"Answer {i}", $"Another answer {i}" }, best = 0 }).AsMemory(), cancellationToken);
            for (int sample = 0; sample < Samples; sample++)
            {
                int[] order = sample % 2 == 0 ? [0, 1] : [1, 0];
                double[] scores = [random.Next(5, 11), random.Next(4, 10)];
                await judgementWriter.WriteLineAsync(JsonSerializer.Serialize(new
                {
                    rolloutId = id,
                    sample,
                    protocol = "grm",
                    judge = "bench",
                    order,
                    seed = random.Next(),
                    outcome = "valid",
                    finish = "stop",
                    scores,
                    usage = new { input = 420, output = 96 },
                    latencyMs = 20.0,
                    text = $"Specific Criteria: correctness.\nAnalysis: {analysis}\nScores: \\boxed{{{scores[order[0]]}, {scores[order[1]]}}}",
                }).AsMemory(), cancellationToken);
            }
        }
    }
}
