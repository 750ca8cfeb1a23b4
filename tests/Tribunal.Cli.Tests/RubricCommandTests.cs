using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Tribunal.Simulator.Judging;

namespace Tribunal.Cli.Tests;

/// <summary>Rubrics and what grades by them, over the command line.</summary>
public sealed class RubricCommandTests : IDisposable
{
    private const string Rubric = "criteria: [{id: right, text: It is right., weight: 3, kind: required}, It is brief., {id: rude, text: It is rude., kind: negative}]";
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-rubric-").FullName;

    public RubricCommandTests() => File.WriteAllText(Path.Combine(_folder, "rubric.yaml"), Rubric);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_graded_run_that_is_killed_goes_on_votes_exports_compares_and_is_another_run_under_another_rubric()
    {
        await RunAsync(0, "simulate", "--generate", "40", "-o", "b.jsonl");
        await using PacedJudge judge = await PacedJudge.StartAsync();
        string[] Arguments(string to) => ["score", "b.jsonl", "-o", to, "--rubric", "rubric.yaml", "--samples", "2", "--judge", judge.Server.ApiBase.ToString(), "--model", SimulatedJudgeOptions.DefaultModel];
        await RunAsync(0, Arguments("whole"));
        long calls = judge.Stats.Answered;
        using (Process killed = ToolProcess.Start(_folder, Arguments("killed")))
        {
            await judge.AnswerAsync(calls + (calls / 2), killed);
            killed.Kill();
            await killed.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        judge.LetGo();
        await RunAsync(0, Arguments("killed"));
        Assert.Equal(Verdicts("whole"), Verdicts("killed"));
        Assert.All(Verdicts("killed"), static verdict => Assert.Contains("\"criteria\":[{\"id\":\"right\"", verdict, StringComparison.Ordinal));

        await RunAsync(0, "vote", "killed", "-o", "again", "--rule", "mean");
        Assert.All(Verdicts("again"), static verdict => Assert.Contains("\"criteria\":[", verdict, StringComparison.Ordinal));
        await RunAsync(0, "export", "parquet", "again", "-o", "again.parquet", "--batch", "b.jsonl");
        await RunAsync(0, "export", "preferences", "killed", "-o", "pairs.jsonl", "--allow-simulated");
        Assert.Contains("\"criteria\":[{\"id\":\"right\"", await File.ReadAllTextAsync(Path.Combine(_folder, "pairs.jsonl"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Contains("40 shared rollouts", (await RunAsync(0, "compare", "whole", "killed")).Output, StringComparison.Ordinal);
        Assert.Equal(Rubric, (await RunAsync(0, "rubric", "show", "killed")).Output.TrimEnd());

        await File.WriteAllTextAsync(Path.Combine(_folder, "rubric.yaml"), "criteria: [It is another.]", TestContext.Current.CancellationToken);
        Assert.Contains("rubric file", (await RunAsync(2, Arguments("killed"))).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_benchmark_is_scored_by_a_rubric_and_by_a_panel()
    {
        string data = Path.Combine(_folder, "data.jsonl");
        await File.WriteAllLinesAsync(data, Enumerable.Range(0, 6).Select(static i => $$"""{"prompt":"Question {{i}}?","chosen":"yes, {{i}}","chosen_model":"a","rejected":"no","rejected_model":"b","subset":"alpacaeval-easy","id":{{i}}}"""), TestContext.Current.CancellationToken);
        await RunAsync(0, "bench", "rewardbench", data, "-o", "bench", "--", "--samples", "2", "--rubric", "rubric.yaml");
        Assert.Contains("\"criteria\":[", Verdicts("bench/run")[0], StringComparison.Ordinal);
        ToolResult panel = await RunAsync(0, "bench", "rewardbench", data, "-o", "bench-panel", "--", "--samples", "2", "--rubric", "rubric.yaml", "--judge", "simulated", "--judge", "simulated", "--protocol", "rubric-together", "--protocol", "general-pair");
        Assert.Contains("alpacaeval-easy", panel.Output, StringComparison.Ordinal);
        Assert.Contains("\"criteria\":[", Verdicts("bench-panel/run")[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Serve_answers_with_the_grades_and_the_votes_of_a_panel()
    {
        using Process serve = Process.Start(ToolProcess.Describe(_folder, ["env", "--default-signal=INT,TERM", .. ToolProcess.Command, "serve", "--listen", "http://127.0.0.1:0", "--samples", "2", "--rubric", "rubric.yaml", "--judge", "simulated", "--judge", "simulated", "--protocol", "rubric-together", "--protocol", "general-pair"]))!;
        try
        {
            string? line;
            do
            {
                line = await serve.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            }
            while (line?.StartsWith("tribunal serve: ", StringComparison.Ordinal) == false);

            Assert.NotNull(line);
            Assert.Contains("simulated-judge by rubric-together, simulated-judge by general-pair", line, StringComparison.Ordinal);
            using HttpClient client = new() { BaseAddress = new Uri(line["tribunal serve: ".Length..line.IndexOf(',', StringComparison.Ordinal)]) };
            using var body = new StringContent("""{"prompt":"p","responses":["x","y"]}""", System.Text.Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await client.PostAsync(new Uri("/v1/rewards", UriKind.Relative), body, TestContext.Current.CancellationToken);
            JsonElement result = (await answer.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("results")[0];
            Assert.Equal(["right", "c2", "rude"], result.GetProperty("criteria").EnumerateArray().Select(static one => one.GetProperty("id").GetString()));
            Assert.Equal(["rubric-together", "general-pair"], result.GetProperty("members").EnumerateArray().Select(static one => one.GetProperty("protocol").GetString()));
            string page = await client.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);
            Assert.Contains("panel", page, StringComparison.Ordinal);
        }
        finally
        {
            await ToolProcess.SignalAsync(serve, "TERM");
            await ToolProcess.EndAsync(serve);
        }
    }

    [Theory]
    [InlineData("rubric-together", "valid: 0.75", "  right: 1")]
    [InlineData("rubric-apart", "valid: 1", "  source: 1")]
    [InlineData("skywork-reward", "13.6875", "valid: 0.96")]
    [InlineData("gram-rr", "[The Start of Assistant A's Response]", "valid: response 1 wins")]
    public async Task A_file_of_every_kind_can_be_tried(string protocol, string first, string second)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "mine.yaml"), Tribunal.Protocols.Catalog.DeclaredCatalog.TextOf(protocol), TestContext.Current.CancellationToken);
        string output = (await RunAsync(0, "judges", "try", "mine.yaml")).Output;
        Assert.Contains(first, output, StringComparison.Ordinal);
        Assert.Contains(second, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_meta_protocol_and_criteria_of_ones_own_can_be_tried()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "meta.yaml"), Tribunal.MetaReward.MetaProtocol.Of("sound-yes-no").Text, TestContext.Current.CancellationToken);
        string output = (await RunAsync(0, "judges", "try", "meta.yaml")).Output;
        Assert.Contains("17 + 25 is 42", output, StringComparison.Ordinal);
        Assert.Contains("by the answer's log-probabilities", output, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(_folder, "mine.yaml"), Tribunal.Protocols.Catalog.DeclaredCatalog.TextOf("rubric-apart"), TestContext.Current.CancellationToken);
        Assert.Contains("[flaw: met when the response has it] It is rude.", (await RunAsync(0, "judges", "try", "mine.yaml", "--rubric", "rubric.yaml")).Output, StringComparison.Ordinal);
    }

    private string[] Verdicts(string run) => File.ReadAllLines(Path.Combine(_folder, run, "verdicts.jsonl"));

    private async Task<ToolResult> RunAsync(int expected, params string[] arguments)
    {
        ToolResult result = await ToolProcess.RunAsync(_folder, arguments);
        Assert.True(result.ExitCode == expected, $"{string.Join(' ', arguments)}: {result.ExitCode}\n{result.Errors}{result.Output}");
        return result;
    }
}
