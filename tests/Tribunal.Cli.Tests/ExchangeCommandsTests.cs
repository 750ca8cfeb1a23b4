using System.Text.Json;
using Tribunal.Benchmarks;

namespace Tribunal.Cli.Tests;

public sealed class ExchangeCommandsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Recorded_games_become_a_ledger_and_a_benchmark_result()
    {
        const string Pair = """{"pair_id":"u","source":"mmlu-pro-law","question":"q","response_A":"a","response_B":"b","label":"A>B","judge_name":"vanilla"}""";
        Write("data.jsonl", Pair);
        Write("games.jsonl", Pair[..^1] + ""","judgments":[{"judgment":{"judge_model":"m","response":"[[A]]"},"decision":"A>B"},null]}""" + "\nbroken\n");
        ToolResult import = await ToolProcess.RunAsync(_folder, "import", "games.jsonl", "-o", "imported");
        Assert.Equal(1, import.ExitCode);
        Assert.Contains("games.jsonl, line 2: not valid JSON", import.Errors, StringComparison.Ordinal);
        Assert.Contains("2 judgements in imported/judgements.jsonl, 1 rollouts in imported/batch.jsonl, 1 records refused", import.Output, StringComparison.Ordinal);
        ToolResult bench = await ToolProcess.RunAsync(_folder, "bench", "judgebench", "data.jsonl", "--judgements", "imported/judgements.jsonl", "-o", "out", "--json");
        Assert.Equal((0, ""), (bench.ExitCode, bench.Errors));
        BenchmarkResult result = JsonSerializer.Deserialize(bench.Output, BenchmarkJson.Default.BenchmarkResult)!;
        Assert.Equal((1.0, 1.0, "m"), (result.Single.Overall!.Value, result.Vote.Overall!.Value, result.Judge));
        Assert.Equal(bench.Output.TrimEnd(), File.ReadAllText(Path.Combine(_folder, "out/bench.json")));
        Assert.Equal(2, (await ToolProcess.RunAsync(_folder, "import", "games.jsonl", "-o", "imported")).ExitCode);
    }

    [Fact]
    public async Task Wrong_files_are_a_usage_error_with_a_reason_and_leave_nothing()
    {
        Write("cut.json", "[{\"rolloutId\":\"a\",");
        ToolResult cut = await ToolProcess.RunAsync(_folder, "import", "cut.json", "-o", "imported");
        Assert.Equal(2, cut.ExitCode);
        Assert.Contains("cut.json: the file ends inside record 1", cut.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "imported/judgements.jsonl")));
        ToolResult bench = await ToolProcess.RunAsync(_folder, "bench", "rewardbench", "nowhere", "--prepare");
        Assert.Equal(2, bench.ExitCode);
        Assert.Contains("huggingface.co/datasets/allenai/reward-bench", bench.Errors, StringComparison.Ordinal);
        ToolResult export = await ToolProcess.RunAsync(_folder, "export", "csv", "nowhere", "-o", "x.csv");
        Assert.Equal(2, export.ExitCode);
        Assert.Contains("nowhere is no run", export.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_simulated_benchmark_says_so_and_its_run_is_exported()
    {
        Write("Natural/dataset.json", $"[{string.Join(',', Enumerable.Range(0, 6).Select(static i => $$"""{"input":"i{{i}}","output_1":"a{{i}}","output_2":"b{{i}}","label":1}"""))}]");
        ToolResult bench = await ToolProcess.RunAsync(_folder, "bench", "llmbar", "Natural", "-o", "out", "--samples", "2", "--protocol", "rrm");
        Assert.Equal(0, bench.ExitCode);
        Assert.Contains("(simulated): llmbar", bench.Output, StringComparison.Ordinal);
        Assert.Contains("by vote of 2", bench.Output, StringComparison.Ordinal);
        ToolResult export = await ToolProcess.RunAsync(_folder, "export", "csv", "out/run", "-o", "verdicts.csv");
        Assert.Equal((0, "12 rows in verdicts.csv"), (export.ExitCode, export.Output.Trim()));
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "export", "preferences", "out/run", "-o", "pairs.jsonl", "--allow-simulated")).ExitCode);
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "export", "parquet", "out/run", "-o", "verdicts.parquet")).ExitCode);
        Assert.Equal(2, (await ToolProcess.RunAsync(_folder, "bench", "llmbar", "Natural", "--run", "out/run", "--judge", "http://x")).ExitCode);
    }

    [Fact]
    public async Task A_run_goes_through_a_batch_api_in_steps()
    {
        Write("batch.jsonl", """{"id":"a","prompt":"p","responses":["x","y"],"best":0}""");
        string[] score = ["score", "batch.jsonl", "-o", "out", "--via", "openai-batch", "--model", "RRM-32B", "--samples", "2", "--temperature", "0.3"];
        ToolResult asked = await ToolProcess.RunAsync(_folder, score);
        Assert.Equal(1, asked.ExitCode);
        Assert.Contains("2 requests to hand to the batch API", asked.Output, StringComparison.Ordinal);
        string[] requests = File.ReadAllLines(Path.Combine(_folder, "out/openai-batch/requests/requests-001.jsonl"));
        Assert.All(requests, static r => Assert.Contains("\"temperature\":0.3", r, StringComparison.Ordinal));
        Write("out/openai-batch/answers/output.jsonl", string.Concat(requests.Select(static line =>
        {
            string name = JsonDocument.Parse(line).RootElement.GetProperty("custom_id").GetString()!;
            string verdict = name.Contains("|0.1|", StringComparison.Ordinal) ? "Assistant 1" : "Assistant 2";
            string content = JsonSerializer.Serialize($"So.</think> \\boxed{{{verdict}}}");
            return $$"""{"custom_id":"{{name}}","response":{"status_code":200,"body":{"choices":[{"message":{"content":{{content}} },"finish_reason":"stop"}]} },"error":null}""" + "\n";
        })));
        ToolResult done = await ToolProcess.RunAsync(_folder, [.. score, "--quiet"]);
        Assert.Equal((0, ""), (done.ExitCode, done.Errors));
        Assert.Contains("\"best\":0", File.ReadAllText(Path.Combine(_folder, "out/verdicts.jsonl")), StringComparison.Ordinal);
        Assert.Equal(2, (await ToolProcess.RunAsync(_folder, [.. score, "--max-total-tokens", "5"])).ExitCode);
    }

    private void Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
