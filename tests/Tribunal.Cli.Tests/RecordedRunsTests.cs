using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tribunal.Cli.Tests;

/// <summary>
/// Whatever leaves judgements leaves a run: every command that reads runs reads what score, vote, import and serve left, and what a
/// run has that was killed or stopped. What did not come of scoring, or has not ended, is marked.
/// </summary>
public sealed partial class RecordedRunsTests(RecordedRunsTests.Runs runs) : IClassFixture<RecordedRunsTests.Runs>
{
    private const int Items = 60;

    public static TheoryData<string, string> Pairs => new MatrixTheoryData<string, string>(
        ["scored", "voted", "voted-together", "imported", "served", "served-killed", "killed", "stopped"],
        ["report", "compare", "csv", "parquet", "preferences", "bench", "label", "calibrate", "vote", "view"]);

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Every_reader_reads_what_every_maker_left(string maker, string reader)
    {
        string path = $"{maker}-{reader}";
        bool ended = maker is not ("killed" or "stopped" or "served-killed");
        bool served = maker.StartsWith("served", StringComparison.Ordinal);
        string[] command = reader switch
        {
            "report" => ["report", maker, "-o", $"{path}.html"],
            "compare" => ["compare", served ? "served" : "scored", maker],
            "csv" => ["export", "csv", maker, "-o", $"{path}.csv"],
            "parquet" => ["export", "parquet", maker, "-o", $"{path}.parquet"],
            "preferences" => ["export", "preferences", maker, "--allow-simulated", "-o", $"{path}.jsonl"],
            "bench" => ["bench", "llmbar", "Natural", "--run", maker],
            "label" => ["label", maker, "--sample-id", runs.SomeIdOf(maker), "--by", "test"],
            "calibrate" => ["calibrate", maker, "-o", $"{path}.calibration"],
            "vote" => ["vote", maker, "-o", path],
            _ => [],
        };
        if (reader == "view")
        {
            await ViewedAsync(maker);
            return;
        }

        ToolResult result = await ToolProcess.RunAsync(runs.Folder, "1\n", new Dictionary<string, string?>(), command);
        if (reader == "calibrate" && !ended)
        {
            Assert.Equal(2, result.ExitCode);
            Assert.Matches("has not ended|finish the run first", result.Errors);
            return;
        }

        if (reader == "calibrate" && served)
        {
            Assert.Equal(2, result.ExitCode);
            Assert.Contains("nothing can be calibrated without labels", result.Errors, StringComparison.Ordinal);
            return;
        }

        if (reader == "bench" && served)
        {
            Assert.Equal(2, result.ExitCode);
            Assert.Contains("none of the judgements is about an item of LLMBar", result.Errors, StringComparison.Ordinal);
            return;
        }

        Assert.True(result.ExitCode is 0 or 1, $"{string.Join(' ', command)}\n{result.Errors}{result.Output}");
        switch (reader)
        {
            case "report":
                string page = await File.ReadAllTextAsync(Path.Combine(runs.Folder, $"{path}.html"));
                Assert.Equal(!ended, page.Contains("Incomplete: the run stopped", StringComparison.Ordinal));
                Assert.Equal(maker.StartsWith("voted", StringComparison.Ordinal), page.Contains("Voted again:", StringComparison.Ordinal));
                Assert.Equal(maker == "imported", page.Contains("Imported:", StringComparison.Ordinal));
                Assert.Equal(served, page.Contains("Served:", StringComparison.Ordinal));
                break;
            case "compare":
                Assert.Equal(!ended, result.Output.Contains("INCOMPLETE", StringComparison.Ordinal));
                Assert.Matches(@"\d+ shared rollouts", result.Output);
                break;
            case "csv":
                string[] lines = await File.ReadAllLinesAsync(Path.Combine(runs.Folder, $"{path}.csv"));
                Assert.Equal(!ended, result.Errors.Contains("INCOMPLETE", StringComparison.Ordinal));
                Assert.Equal(maker is "killed" or "stopped", lines.Skip(1).All(static line => line.Contains("interrupted", StringComparison.Ordinal)));
                Assert.True(lines.Length > 2);
                break;
            case "preferences":
                Assert.NotEmpty(await File.ReadAllLinesAsync(Path.Combine(runs.Folder, $"{path}.jsonl")));
                break;
            case "bench":
                Assert.Contains("llmbar", result.Output, StringComparison.Ordinal);
                break;
            case "label":
                Assert.Contains("1 labels in", result.Output, StringComparison.Ordinal);
                File.Delete(Path.Combine(runs.Folder, maker, "labels.jsonl"));
                break;
            case "vote":
                Assert.Matches(@"ledger +[\d,]+ judgements of [\d,]+ rollouts read, [\d,]+ of them voted", result.Output);
                break;
        }
    }

    [Fact]
    public async Task A_vote_of_all_says_what_the_run_said_and_leaves_its_ledger()
    {
        Assert.Equal(Bests("scored"), Bests("voted-twice"));
        Assert.Equal(Items * 4, (await File.ReadAllLinesAsync(Path.Combine(runs.Folder, "voted-twice", "judgements.jsonl"))).Length);
        Assert.Equal(Items * 2, (await File.ReadAllLinesAsync(Path.Combine(runs.Folder, "voted", "judgements.jsonl"))).Length);
        using JsonDocument manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(runs.Folder, "voted", "manifest.json")));
        Assert.Equal("voted", manifest.RootElement.GetProperty("origin").GetString());
        Assert.Equal(2, manifest.RootElement.GetProperty("request").GetProperty("policy").GetProperty("samples").GetInt32());
    }

    [Fact]
    public async Task Runs_that_vote_together_leave_a_ledger_in_which_every_name_stands_once()
    {
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(runs.Folder, "voted-together", "judgements.jsonl"));
        Assert.Equal(Items * 6, lines.Length);
        Assert.Equal(lines.Length, lines.Select(static line => JsonNode.Parse(line)!).Select(static judgement => $"{judgement["rolloutId"]} {judgement["sample"]}").Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(0, (await ToolProcess.RunAsync(runs.Folder, "vote", "voted-together", "-o", "voted-together-again")).ExitCode);
        Assert.Equal(Bests("voted-together"), Bests("voted-together-again"));
    }

    [Fact]
    public async Task A_vote_may_be_cast_again_into_its_folder_but_not_into_what_it_reads_or_into_a_run()
    {
        Assert.Equal(0, (await ToolProcess.RunAsync(runs.Folder, "vote", "scored", "-o", "over", "-k", "1")).ExitCode);
        Assert.Equal(0, (await ToolProcess.RunAsync(runs.Folder, "vote", "scored", "-o", "over", "-k", "3")).ExitCode);
        Assert.Equal(Items * 3, (await File.ReadAllLinesAsync(Path.Combine(runs.Folder, "over", "judgements.jsonl"))).Length);
        foreach (string[] wrong in (string[][])[["vote", "over", "-o", "over"], ["vote", "scored", "-o", "killed"], ["score", "items.jsonl", "-o", "over"], ["score", "items.jsonl", "-o", "imported"]])
        {
            ToolResult refused = await ToolProcess.RunAsync(runs.Folder, wrong);
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains("choose another", refused.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_import_without_rollouts_is_a_ledger_and_says_how_to_make_it_a_run()
    {
        ToolResult import = await ToolProcess.RunAsync(runs.Folder, "import", "scored/judgements.jsonl", "-o", "only-ledger");
        Assert.Equal(0, import.ExitCode);
        Assert.Contains("with --batch FILE the folder is a run", import.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(runs.Folder, "only-ledger", "manifest.json")));
    }

    [Fact]
    public async Task Scores_of_another_tool_count_on_the_scale_they_are_on()
    {
        await File.WriteAllLinesAsync(Path.Combine(runs.Folder, "percent.jsonl"), Enumerable.Range(0, 5).Select(static i =>
            $$"""{"rolloutId":"p{{i}}","sample":0,"protocol":"imported","judge":"other","order":[0,1],"pair":null,"seed":0,"outcome":"valid","finish":null,"scores":[{{10 * i}},90],"winner":null,"meta":null,"usage":{"input":0,"output":0},"latencyMs":0,"text":null,"reasoning":null}"""));
        await File.WriteAllLinesAsync(Path.Combine(runs.Folder, "percent-batch.jsonl"), Enumerable.Range(0, 5).Select(static i => $$"""{"id":"p{{i}}","prompt":"q","responses":["a {{i}}","b {{i}}"]}"""));
        ToolResult import = await ToolProcess.RunAsync(runs.Folder, "import", "percent.jsonl", "--batch", "percent-batch.jsonl", "-o", "percent");
        Assert.True(import.ExitCode == 0, import.Errors + import.Output);
        Assert.All(Bests("percent"), static best => Assert.Equal("1", best));
        Assert.Equal(0, (await ToolProcess.RunAsync(runs.Folder, "vote", "percent", "-o", "percent-again")).ExitCode);
        Assert.All(Bests("percent-again"), static best => Assert.Equal("1", best));
    }

    private string[] Bests(string run) =>
        [.. File.ReadLines(Path.Combine(runs.Folder, run, "verdicts.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("best").ToString())];

    private async Task ViewedAsync(string maker)
    {
        using Process view = ToolProcess.Start(runs.Folder, "view", maker, "--port", "0");
        try
        {
            string line = (await view.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!;
            var address = new Uri(Address().Match(line).Value);
            using var client = new HttpClient(new HttpClientHandler { CookieContainer = new() });
            Assert.True((await client.GetAsync(address, TestContext.Current.CancellationToken)).IsSuccessStatusCode);
            string token = address.Query.Length > 0 ? address.Query : address.Fragment.Replace('#', '?');
            JsonNode? all = await client.GetFromJsonAsync<JsonNode>(new Uri(address, $"/api/runs{token}"), TestContext.Current.CancellationToken);
            string key = Assert.Single((all as JsonArray ?? all!["runs"]!.AsArray()))!["key"]!.GetValue<string>();
            string rows;
            do
            {
                rows = await client.GetStringAsync(new Uri(address, $"/api/runs/{key}/rollouts{token}"), TestContext.Current.CancellationToken);
            }
            while (JsonNode.Parse(rows)!["all"]!.GetValue<int>() == 0);

            Assert.Contains(runs.SomeIdOf(maker), rows, StringComparison.Ordinal);
        }
        finally
        {
            view.Kill();
        }
    }

    [GeneratedRegex(@"http://\S+")]
    private static partial Regex Address();

    /// <summary>A folder in which every maker has left its run.</summary>
    public sealed class Runs : IAsyncLifetime
    {
        public string Folder { get; } = Directory.CreateTempSubdirectory("tribunal-recorded-").FullName;

        public async ValueTask InitializeAsync()
        {
            Directory.CreateDirectory(Path.Combine(Folder, "Natural"));
            await File.WriteAllTextAsync(Path.Combine(Folder, "Natural", "dataset.json"), $"[{string.Join(',', Enumerable.Range(0, Items).Select(static i => $$"""{"input":"i{{i}}","output_1":"a{{i}}","output_2":"b{{i}}","label":{{1 + (i % 2)}}}"""))}]");
            await RunAsync("bench", "llmbar", "Natural", "--prepare", "-o", ".");
            await RunAsync("score", "items.jsonl", "-o", "scored", "-k", "4", "--protocol", "rm-r1");
            await RunAsync("score", "items.jsonl", "-o", "other", "-k", "2", "--protocol", "rm-r1", "--seed", "9", "--simulator-seed", "5");
            await RunAsync("vote", "scored", "-o", "voted", "-k", "2");
            await RunAsync("vote", "scored", "-o", "first-vote");
            await RunAsync("vote", "first-vote", "-o", "voted-twice");
            await RunAsync("vote", "scored", "other", "-o", "voted-together");
            await RunAsync("import", "scored/judgements.jsonl", "--batch", "items.jsonl", "-o", "imported");
            await ServeAsync("served", "TERM");
            await ServeAsync("served-killed", "KILL");
            Unfinish("killed");
            string summary = await File.ReadAllTextAsync(Path.Combine(Folder, "scored", "summary.json"));
            Unfinish("stopped");
            JsonNode partial = JsonNode.Parse(summary)!;
            partial["status"] = "partial";
            partial["halt"] = JsonNode.Parse("""{"kind":"interrupted","detail":"interrupted"}""");
            await File.WriteAllTextAsync(Path.Combine(Folder, "stopped", "summary.json"), partial.ToJsonString());
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }

        /// <summary>The id of a rollout that the run has a verdict of.</summary>
        public string SomeIdOf(string run)
        {
            string verdicts = Path.Combine(Folder, run, "verdicts.jsonl");
            string line = File.Exists(verdicts) ? File.ReadLines(verdicts).First() : File.ReadLines(Path.Combine(Folder, run, "parts", "000000", "ledger-00-000-0000.jsonl")).First();
            JsonNode json = JsonNode.Parse(line)!;
            return (json["id"] ?? json["rolloutId"])!.GetValue<string>();
        }

        // As a power cut leaves it: the manifest, and the part of the ledger that was written.
        private void Unfinish(string name)
        {
            string run = Path.Combine(Folder, name);
            Directory.CreateDirectory(Path.Combine(run, "parts", "000000"));
            foreach (string kept in (string[])["manifest.json", "shards.jsonl"])
            {
                File.Copy(Path.Combine(Folder, "scored", kept), Path.Combine(run, kept));
            }

            string[] lines = File.ReadAllLines(Path.Combine(Folder, "scored", "judgements.jsonl"));
            File.WriteAllText(Path.Combine(run, "parts", "000000", "ledger-00-000-0000.jsonl"), string.Join('\n', lines.Take(Items * 3)) + "\n" + lines[^1][..40]);
        }

        private async Task ServeAsync(string folder, string signal)
        {
            using Process serve = ToolProcess.StartForSignals(Folder, "serve", "--listen", "http://127.0.0.1:0", "-o", folder, "--protocol", "rm-r1", "-k", "2", "--gather", "0");
            string? line;
            do
            {
                line = await serve.StandardOutput.ReadLineAsync();
            }
            while (line is not null && !line.StartsWith("tribunal serve:", StringComparison.Ordinal));

            using var client = new HttpClient { BaseAddress = new Uri(Address().Match(line!).Value.TrimEnd(',')) };
            for (int i = 0; i < 3; i++)
            {
                (await client.PostAsJsonAsync("/v1/rewards", JsonNode.Parse($$"""{"prompt":"question {{i}}","responses":["a {{i}}","b {{i}} c"]}"""))).EnsureSuccessStatusCode();
            }

            await ToolProcess.SignalAsync(serve, signal);
            ToolResult ended = await ToolProcess.EndAsync(serve);
            Assert.True(signal == "KILL" || ended.ExitCode == 0, ended.Errors);
            Assert.Equal(signal == "TERM", File.Exists(Path.Combine(Folder, folder, "report.html")));
        }

        private async Task RunAsync(params string[] arguments)
        {
            ToolResult result = await ToolProcess.RunAsync(Folder, arguments);
            Assert.True(result.ExitCode is 0 or 1, $"{string.Join(' ', arguments)}: {result.ExitCode}\n{result.Errors}{result.Output}");
        }
    }
}
