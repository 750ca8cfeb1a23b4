using System.Text.Json;

namespace Tribunal.Cli.Tests;

/// <summary>Options from <c>tribunal.yaml</c>, the environment and <c>.env</c>.</summary>
public sealed class SettingsTests : IDisposable
{
    private static readonly Dictionary<string, string?> Nothing = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-settings-").FullName;

    public SettingsTests() => File.WriteAllText(Path.Combine(_folder, "batch.jsonl"), """{"id":"a","prompt":"p","responses":["x","y","z"]}""" + "\n" + """{"id":"b","prompt":"q","responses":["x","y","z"]}""" + "\n");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_command_line_goes_before_the_environment_the_environment_before_the_file_and_the_file_before_the_default()
    {
        await WriteAsync("protocol: grm\nsamples: 3\nlimit: 1");
        Assert.Contains("1 rollouts with 3 responses, 3 judgements", await PlanAsync(Nothing), StringComparison.Ordinal);
        Assert.Contains(" 5 judgements", await PlanAsync(new() { ["TRIBUNAL_SAMPLES"] = "5" }), StringComparison.Ordinal);
        Assert.Contains(" 6 judgements", await PlanAsync(new() { ["TRIBUNAL_SAMPLES"] = "5", ["TRIBUNAL_SCORE_SAMPLES"] = "6" }), StringComparison.Ordinal);
        Assert.Contains(" 7 judgements", await PlanAsync(new() { ["TRIBUNAL_SAMPLES"] = "5" }, "-k", "7"), StringComparison.Ordinal);
        Assert.Contains("2 rollouts with 6 responses, 16 judgements", await PlanAsync(Nothing, "--config", "none"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_section_is_for_its_command_and_what_is_for_all_leaves_those_alone_that_ask_no_judge()
    {
        await WriteAsync("samples: 3\nscore:\n  samples: 2\n  no-report: true\n  meta: simulated\nsimulator-seed: 4");
        ToolResult run = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("options from tribunal.yaml: ", run.Errors, StringComparison.Ordinal);
        Assert.Contains("4 drawn", run.Output, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "run", "report.html")));
        using var kept = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_folder, "run", "settings.json")));
        Assert.Equal("2", kept.RootElement.GetProperty("samples").GetProperty("value")[0].GetString());
        Assert.Equal("tribunal.yaml", kept.RootElement.GetProperty("samples").GetProperty("from").GetString());
        ToolResult vote = await ToolProcess.RunAsync(_folder, "vote", "run", "-o", "again");
        Assert.Equal(0, vote.ExitCode);
        Assert.DoesNotContain("options from", vote.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_panel_is_a_list()
    {
        await WriteAsync("samples: 1\nprotocol: [grm, rm-r1]\nsimulator-seed: [1, 2]");
        ToolResult run = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run");
        Assert.True(run.ExitCode == 0, run.Errors);
        using var manifest = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_folder, "run", "manifest.json")));
        Assert.Equal(2, manifest.RootElement.GetProperty("members").GetArrayLength());
    }

    [Theory]
    [InlineData("modell: m", "tribunal.yaml, line 1: there is no option modell; did you mean model?")]
    [InlineData("samples: 2\nscroe:\n  samples: 2", "tribunal.yaml, line 2: there is no command scroe; did you mean score?")]
    [InlineData("samples: {a: b}", "there is no command samples")]
    [InlineData("a: [", "tribunal.yaml, line ")]
    [InlineData("just words", "options and their values are expected")]
    public async Task What_the_file_says_wrong_is_refused_by_its_line(string text, string words)
    {
        await WriteAsync(text);
        ToolResult result = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl");
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(words, Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_may_lie_in_a_file_beside_the_batch_and_the_environment_goes_before_it()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, ".env"), "# keys\nexport TRIBUNAL_TEST_KEY=\"secret\" # mine\nTRIBUNAL_SAMPLES=5\n");
        string[] real = ["--judge", "http://127.0.0.1:1/v1", "--model", "m", "--api-key-env", "TRIBUNAL_TEST_KEY", "--protocol", "grm"];
        Assert.Contains(" 10 judgements", await PlanAsync(Nothing, real), StringComparison.Ordinal);
        Assert.Contains(" 4 judgements", await PlanAsync(new() { ["TRIBUNAL_SAMPLES"] = "2" }, real), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_schema_knows_every_option_that_the_file_may_set()
    {
        using var schema = JsonDocument.Parse((await ToolProcess.RunAsync(_folder, "config", "schema")).Output);
        JsonElement properties = schema.RootElement.GetProperty("properties");
        Assert.Equal("integer", properties.GetProperty("samples").GetProperty("type").GetString());
        Assert.Equal(["adaptive", "budget", "certified", "fixed"], properties.GetProperty("policy").GetProperty("enum").EnumerateArray().Select(static word => word.GetString()!).Order(StringComparer.Ordinal));
        string[] named = [.. properties.GetProperty("score").GetProperty("properties").EnumerateObject().Select(static option => "--" + option.Name)];
        string help = (await ToolProcess.RunAsync(_folder, "score", "--help", "all")).Output;
        string[] shown = [.. help.Split('\n').Where(static line => line.StartsWith("  -", StringComparison.Ordinal)).Select(static line => line.Split(' ').First(static word => word.StartsWith("--", StringComparison.Ordinal)).TrimEnd(','))];
        Assert.Equal(shown.Where(static option => option is not "--config").Order(StringComparer.Ordinal), named.Order(StringComparer.Ordinal));
    }

    private async Task<string> PlanAsync(Dictionary<string, string?> environment, params string[] options)
    {
        ToolResult dry = await ToolProcess.RunAsync(_folder, "", environment, ["score", "batch.jsonl", "--dry-run", .. options]);
        Assert.True(dry.ExitCode == 0, dry.Errors);
        return dry.Output;
    }

    private Task WriteAsync(string text) => File.WriteAllTextAsync(Path.Combine(_folder, "tribunal.yaml"), text);
}
