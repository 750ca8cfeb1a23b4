using System.CommandLine;
using System.IO.Compression;
using System.Text.Json;
using Tribunal.Cli.Commands;
using Tribunal.Cli.Configuration;
using ZstdSharp;

namespace Tribunal.Cli.Tests;

/// <summary>Every command takes <c>--json</c>, <c>--quiet</c>, <c>--log-level</c> and <c>-o</c> alike: told from the declarations, so that a new command is in it.</summary>
public sealed class CommonOptionsTests(CommonOptionsTests.Run run) : IClassFixture<CommonOptionsTests.Run>
{
    public static TheoryData<string> Paths => [.. Leaves().Select(static leaf => leaf.Path)];

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_command_takes_the_common_options_and_can_be_set_by_the_file(string path)
    {
        Command root = ToolCommand.Create();
        Settings.AddTo(root);
        Command command = Leaves(root).Single(leaf => leaf.Path == path).Command;
        Assert.Single(command.Options, static option => option.Name == "--json" && option is Option<bool>);
        foreach (string common in (string[])["--quiet", "--log-level", "--config"])
        {
            Assert.True(root.Options.Single(option => option.Name == common).Recursive);
            Assert.DoesNotContain(command.Options, option => option.Name == common);
        }

        // Every option but help, and those alone, is a key of its section.
        IEnumerable<string> settable = Settings.Commands(root)[path].Select(static option => option.Name);
        Assert.Equal(command.Options.Where(static option => !option.Hidden && option.Name is not ("--help" or "--version")).Select(static option => option.Name).Concat(["--quiet", "--log-level"]).Order(StringComparer.Ordinal), settable.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_file_that_a_command_writes_may_be_standard_output_and_may_not_be_of_a_form_that_it_does_not_write(string path)
    {
        Command root = ToolCommand.Create();
        Command command = Leaves(root).Single(leaf => leaf.Path == path).Command;
        if (command.Options.SingleOrDefault(static option => option.Name == "--output") is not { } output)
        {
            return;
        }

        Assert.Contains("-o", output.Aliases);
        Assert.Contains(output.HelpName, (string[])["FILE", "DIR"]);
        if (output.HelpName == "DIR")
        {
            return;
        }

        Assert.Contains("- is standard output", output.Description, StringComparison.Ordinal);
        string[] words = path.Split(' ');
        Assert.DoesNotContain(root.Parse([.. words, "-o", "-"]).Errors, static error => error.Message.Contains("--output", StringComparison.Ordinal));
        string[] faults = [.. root.Parse([.. words, "-o", "x.docx"]).Errors.Select(static error => error.Message).Where(static message => message.Contains("x.docx", StringComparison.Ordinal))];
        if (path == "completion")
        {
            Assert.Empty(faults);
            return;
        }

        Assert.Matches(@"this is written as \.[a-z]+", Assert.Single(faults));
    }

    [Theory]
    [InlineData("score batch.jsonl -o again -k 1 --no-report")]
    [InlineData("vote run -o voted --no-report")]
    [InlineData("report run -o page.html")]
    [InlineData("compare run run -o page.html")]
    [InlineData("calibrate run -o c.calibration")]
    [InlineData("export csv run -o x.csv")]
    [InlineData("export parquet run -o x.parquet")]
    [InlineData("export preferences run --allow-simulated -o x.jsonl")]
    [InlineData("export training run --form spct --allow-simulated -o set")]
    [InlineData("import run/judgements.jsonl --batch batch.jsonl --no-report -o imported")]
    [InlineData("label run --limit 1")]
    [InlineData("train panel run -o panel.json")]
    [InlineData("simulate --generate 3 -o b.jsonl")]
    [InlineData("judges")]
    [InlineData("judges gram-rr")]
    [InlineData("judges try mt-bench-pair")]
    [InlineData("judges try metarm")]
    [InlineData("doctor -o .")]
    [InlineData("config schema")]
    [InlineData("completion bash")]
    public async Task With_json_there_is_one_document_on_standard_output_and_with_quiet_no_words(string commandLine)
    {
        string[] words = commandLine.Split(' ');
        ToolResult json = await ToolProcess.RunAsync(run.Folder, "", new Dictionary<string, string?>(), [.. words, "--json"]);
        Assert.True(json.ExitCode is 0 or 1, json.Errors);
        using (JsonDocument.Parse(json.Output))
        {
        }

        string other = commandLine.Contains("import", StringComparison.Ordinal) ? commandLine.Replace("-o imported", "-o imported-again", StringComparison.Ordinal) : commandLine;
        ToolResult quiet = await ToolProcess.RunAsync(run.Folder, "", new Dictionary<string, string?>(), [.. other.Split(' '), "--quiet"]);
        Assert.True(quiet.ExitCode is 0 or 1, quiet.Errors);

        // A text that was asked for is no word about it.
        bool content = commandLine is "judges gram-rr" or "config schema" or "completion bash";
        Assert.Equal(content, quiet.Output.Length > 0);
        Assert.DoesNotMatch("plan:|options from|rows in|judging", quiet.Errors);
    }

    [Fact]
    public async Task A_file_has_the_form_and_the_compression_of_its_name_and_a_dash_is_standard_output()
    {
        Assert.Equal(0, (await ToolProcess.RunAsync(run.Folder, "export", "csv", "run", "-o", "x.csv")).ExitCode);
        string plain = await File.ReadAllTextAsync(Path.Combine(run.Folder, "x.csv"));
        Assert.StartsWith("id,domain", plain, StringComparison.Ordinal);
        Assert.Equal(0, (await ToolProcess.RunAsync(run.Folder, "export", "csv", "run", "-o", "x.csv.gz")).ExitCode);
        Assert.Equal(plain, await new StreamReader(new GZipStream(File.OpenRead(Path.Combine(run.Folder, "x.csv.gz")), CompressionMode.Decompress)).ReadToEndAsync());
        Assert.Equal(0, (await ToolProcess.RunAsync(run.Folder, "export", "csv", "run", "-o", "x.csv.zst")).ExitCode);
        Assert.Equal(plain, await new StreamReader(new DecompressionStream(File.OpenRead(Path.Combine(run.Folder, "x.csv.zst")))).ReadToEndAsync());
        ToolResult standard = await ToolProcess.RunAsync(run.Folder, "export", "csv", "run", "-o", "-");
        Assert.Equal(plain, standard.Output);
        Assert.Contains("rows in standard output", standard.Errors, StringComparison.Ordinal);
        ToolResult page = await ToolProcess.RunAsync(run.Folder, "compare", "run", "run", "-o", "-");
        Assert.StartsWith("<!DOCTYPE html>", page.Output.TrimStart(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(0, (await ToolProcess.RunAsync(run.Folder, "compare", "run", "run", "-o", "c.json")).ExitCode);
        JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(run.Folder, "c.json"))).Dispose();
    }

    [Fact]
    public async Task A_batch_may_come_from_standard_input_and_the_run_goes_on_with_the_same()
    {
        string batch = await File.ReadAllTextAsync(Path.Combine(run.Folder, "batch.jsonl"));
        var nothing = new Dictionary<string, string?>();
        Assert.Contains("50 rollouts", (await ToolProcess.RunAsync(run.Folder, batch, nothing, "score", "-", "--dry-run")).Output, StringComparison.Ordinal);
        ToolResult unnamed = await ToolProcess.RunAsync(run.Folder, batch, nothing, "score", "-");
        Assert.Equal(2, unnamed.ExitCode);
        Assert.Contains("name it with --output DIR", unnamed.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await ToolProcess.RunAsync(run.Folder, batch, nothing, "score", "-", "-o", "piped", "-k", "1", "--no-report")).ExitCode);
        Assert.Equal(0, (await ToolProcess.RunAsync(run.Folder, batch, nothing, "score", "-", "-o", "piped", "-k", "1", "--no-report")).ExitCode);
        Assert.Equal(File.ReadAllText(Path.Combine(run.Folder, "run", "verdicts.jsonl")), File.ReadAllText(Path.Combine(run.Folder, "piped", "verdicts.jsonl")));
        ToolResult other = await ToolProcess.RunAsync(run.Folder, batch.Replace("p 1", "q 1", StringComparison.Ordinal), nothing, "score", "-", "-o", "piped", "-k", "1");
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("another batch than the one on standard input", other.Errors, StringComparison.Ordinal);
        Assert.Equal(0, (await ToolProcess.RunAsync(run.Folder, File.ReadAllText(Path.Combine(run.Folder, "run", "judgements.jsonl")), nothing, "import", "-", "--batch", "batch.jsonl", "--no-report", "-o", "from-pipe")).ExitCode);
    }

    [Fact]
    public async Task A_log_is_on_standard_error_at_the_level_that_was_asked_for()
    {
        ToolResult info = await ToolProcess.RunAsync(run.Folder, "score", "batch.jsonl", "-o", "logged", "-k", "1", "--no-report", "--json", "--log-level", "info");
        Assert.Contains("info: Tribunal.Runs", info.Errors, StringComparison.Ordinal);
        JsonDocument.Parse(info.Output).Dispose();
        ToolResult none = await ToolProcess.RunAsync(run.Folder, null, new Dictionary<string, string?> { ["TRIBUNAL_LOG_LEVEL"] = "error" }, "score", "batch.jsonl", "-o", "silent", "-k", "1", "--no-report");
        Assert.DoesNotContain("info: Tribunal.Runs", none.Errors, StringComparison.Ordinal);
        Assert.Contains("TRIBUNAL_LOG_LEVEL: log-level error", none.Errors, StringComparison.Ordinal);
    }

    private static IEnumerable<(string Path, Command Command)> Leaves() => Leaves(ToolCommand.Create());

    private static IEnumerable<(string Path, Command Command)> Leaves(Command root, string path = "") => root.Subcommands.SelectMany(command =>
    {
        string own = path.Length == 0 ? command.Name : $"{path} {command.Name}";
        return (command.Action is null ? [] : new (string, Command)[] { (own, command) }).Concat(Leaves(command, own));
    });

    /// <summary>A folder with a batch and a run of it.</summary>
    public sealed class Run : IAsyncLifetime
    {
        public string Folder { get; } = Directory.CreateTempSubdirectory("tribunal-common-").FullName;

        public async ValueTask InitializeAsync()
        {
            await File.WriteAllTextAsync(Path.Combine(Folder, "batch.jsonl"), string.Concat(Enumerable.Range(0, 50).Select(static i => $$"""{"id":"r{{i}}","prompt":"p {{i}}","responses":["x {{i}}","y y {{i}}"],"best":{{i % 2}}}""" + "\n")));
            Assert.Equal(0, (await ToolProcess.RunAsync(Folder, "score", "batch.jsonl", "-o", "run", "-k", "1", "--no-report")).ExitCode);
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
