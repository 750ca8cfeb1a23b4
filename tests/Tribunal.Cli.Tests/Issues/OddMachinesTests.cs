using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Tests.Issues;

/// <summary>
/// Reported: a run whose log's disk was full, or whose terminal was closed, was aborted with a stack trace; so were help and mistakes with a
/// closed standard output, and any command in a folder that had been deleted; a pipe as a batch was "a defect of the tool"; a dry run of
/// standard input left its copy behind; a file where the run's folder should be was said to exist, and not what to do; a server, an import and a fetch took the folder of another run and
/// replaced its manifest; a server's damaged record and its taken port came as a message without a file and as a stack trace.
/// </summary>
public sealed class OddMachinesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-odd-").FullName;

    private static string Tool => string.Join(' ', ToolProcess.Command.Select(static word => $"'{word}'"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("2>/dev/full", 0)]
    [InlineData("2>&-", 0)]
    [InlineData(">/dev/full", 3)]
    [InlineData(">/dev/full 2>/dev/full", 3)]
    public async Task A_run_that_nobody_can_hear_comes_to_its_end(string heard, int code)
    {
        await WriteBatchAsync();
        // The option's origin is said on standard error, whatever the pace of the run.
        ToolResult run = await ToolProcess.BashAsync(_folder, $"TRIBUNAL_SAMPLES=1 {Tool} score batch.jsonl -o run {heard}");
        Assert.True(run.ExitCode == code, $"{run.ExitCode}: {run.Errors}");
        Assert.DoesNotContain("   at ", run.Errors, StringComparison.Ordinal);
        Assert.Equal(heard == ">/dev/full", run.Errors.Contains("standard output can't be written to", StringComparison.Ordinal));
        Assert.Single(await File.ReadAllLinesAsync(Path.Combine(_folder, "run", RunFiles.Verdicts), TestContext.Current.CancellationToken));
        Assert.True(File.Exists(Path.Combine(_folder, "run", RunFiles.Report)));
    }

    [Theory]
    [InlineData("--help >/dev/full", 3)]
    [InlineData("score --help >&-", 3)]
    [InlineData("--version >/dev/full", 3)]
    [InlineData("score --nope 2>/dev/full", 2)]
    [InlineData("judges >/dev/full", 3)]
    [InlineData("score batch.jsonl -o run -k 1 --json >/dev/full", 3)]
    [InlineData("score batch.jsonl --dry-run -k 1 >/dev/full", 3)]
    public async Task Words_that_can_not_be_printed_are_no_defect(string command, int code)
    {
        await WriteBatchAsync();
        ToolResult said = await ToolProcess.BashAsync(_folder, $"{Tool} {command}");
        Assert.Equal(code, said.ExitCode);
        Assert.DoesNotContain("   at ", said.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("defect", said.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_was_deleted_is_no_place_to_fail_in()
    {
        ToolResult help = await ToolProcess.BashAsync(_folder, $"mkdir gone && cd gone && rmdir ../gone && {Tool} --help");
        Assert.Equal((0, ""), (help.ExitCode, help.Errors));
    }

    [Theory]
    [InlineData("score fifo -o run")]
    [InlineData("score <(cat batch.jsonl) -o run")]
    [InlineData("score /dev/stdin -o run")]
    public async Task A_pipe_is_no_batch_and_standard_input_is_named(string command)
    {
        await WriteBatchAsync();
        ToolResult refused = await ToolProcess.BashAsync(_folder, $"mkfifo fifo; (cat batch.jsonl > fifo) & cat batch.jsonl | {Tool} {command}; code=$?; kill %1 2>/dev/null; exit $code");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("is a pipe", refused.Errors, StringComparison.Ordinal);
        Assert.Contains("score - -o DIR", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_of_standard_input_leaves_nothing()
    {
        await WriteBatchAsync();
        Directory.CreateDirectory(Path.Combine(_folder, "temporary"));
        ToolResult plan = await ToolProcess.BashAsync(_folder, $"TMPDIR=$PWD/temporary {Tool} score - --dry-run < batch.jsonl; ls temporary | grep tribunal");
        Assert.Contains("plan: 1 rollouts", plan.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("tribunal-", plan.Output, StringComparison.Ordinal);

        ToolResult nowhere = await ToolProcess.BashAsync(_folder, $"TMPDIR=$PWD/nowhere {Tool} score - --dry-run < batch.jsonl");
        Assert.Equal(2, nowhere.ExitCode);
        Assert.Contains("TMPDIR", nowhere.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("score batch.jsonl -o taken -k 1", "is no folder: name another place")]
    [InlineData("serve -o taken", "is no folder: name another place")]
    [InlineData("score batch.jsonl -o dangling -k 1", "is no folder: name another place")]
    [InlineData("score batch.jsonl -o .hidden -k 1", "no '.' first")]
    public async Task An_output_that_can_be_no_folder_is_refused_with_what_to_do(string command, string said)
    {
        await WriteBatchAsync();
        ToolResult refused = await ToolProcess.BashAsync(_folder, $"touch taken; ln -s nowhere dangling; {Tool} {command}");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains(said, refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wait_for_standard_input_ends_at_the_first_signal_and_leaves_nothing()
    {
        ProcessStartInfo start = ToolProcess.Describe(_folder, ["env", "--default-signal=INT,TERM,HUP", .. ToolProcess.Command, "score", "-", "-o", "run"]);
        start.RedirectStandardInput = true;
        using Process process = Process.Start(start)!;
        while (!process.HasExited && !(Directory.Exists(Path.Combine(_folder, "run")) && Directory.EnumerateFiles(Path.Combine(_folder, "run")).Any()))
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        await ToolProcess.SignalAsync(process, "TERM");
        ToolResult ended = await ToolProcess.EndAsync(process);
        Assert.Equal(130, ended.ExitCode);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_folder, "run")));
    }

    [Fact]
    public async Task An_import_that_fails_leaves_no_half_written_file()
    {
        await WriteBatchAsync();
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run", "-k", "1")).ExitCode);
        await File.WriteAllTextAsync(Path.Combine(_folder, "other.jsonl"), "x", System.Text.Encoding.Unicode, TestContext.Current.CancellationToken);
        ToolResult refused = await ToolProcess.RunAsync(_folder, "import", "run/judgements.jsonl", "other.jsonl", "-o", "imported");
        Assert.Equal(2, refused.ExitCode);
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(_folder, "imported")));
    }

    [Theory]
    [InlineData(RunFiles.Verdicts, "export csv run -o out.csv")]
    [InlineData(RunFiles.Verdicts, "export preferences run -o out.jsonl")]
    [InlineData(RunFiles.Verdicts, "report run")]
    [InlineData(RunFiles.Verdicts, "label run --limit 1")]
    [InlineData(RunFiles.Verdicts, "calibrate run -o out.json")]
    [InlineData(RunFiles.Judgements, "report run")]
    [InlineData(RunFiles.Judgements, "vote run -o out")]
    [InlineData(RunFiles.Manifest, "export csv run -o out.csv")]
    [InlineData(RunFiles.Manifest, "calibrate run -o out.json")]
    public async Task A_run_that_lost_a_file_is_not_told_as_one_that_never_had_it(string file, string command)
    {
        await WriteBatchAsync();
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run", "-k", "1")).ExitCode);
        File.Delete(Path.Combine(_folder, "run", file));
        ToolResult refused = await ToolProcess.RunAsync(_folder, command.Split(' '));
        Assert.True(refused.ExitCode == 2, refused.Output + refused.Errors);
        Assert.Contains(file, refused.Errors, StringComparison.Ordinal);
        Assert.Contains("put", refused.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder, "out*"));
    }

    [Theory]
    [InlineData("serve -o run --listen http://127.0.0.1:0")]
    [InlineData("import whole/judgements.jsonl --batch batch.jsonl -o run")]
    [InlineData("vote whole -o run")]
    public async Task Nothing_is_written_over_a_run_that_can_go_on(string command)
    {
        await WriteBatchAsync();
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "whole", "-k", "1")).ExitCode);
        Directory.CreateDirectory(Path.Combine(_folder, "run"));
        string manifest = Path.Combine(_folder, "run", RunFiles.Manifest);
        File.Copy(Path.Combine(_folder, "whole", RunFiles.Manifest), manifest);
        ToolResult refused = await ToolProcess.RunAsync(_folder, command.Split(' '));
        Assert.True(refused.ExitCode == 2, refused.Output + refused.Errors);
        Assert.Contains("another", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(_folder, "whole", RunFiles.Manifest), TestContext.Current.CancellationToken), await File.ReadAllTextAsync(manifest, TestContext.Current.CancellationToken));
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.Combine(_folder, "run")), static file => file.EndsWith(".jsonl", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_fetched_of_a_run_does_not_replace_another_one()
    {
        await WriteBatchAsync();
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run", "-k", "1")).ExitCode);
        string folder = Path.Combine(_folder, "run");

        // Of the same name, and begun on this machine.
        CommandException local = await Assert.ThrowsAsync<CommandException>(() => RunTarget.CheckFetchAsync(folder, "run", TestContext.Current.CancellationToken));
        Assert.Contains("holds another run", local.Message, StringComparison.Ordinal);

        // As an earlier fetch left it.
        File.Delete(Path.Combine(folder, ".owner"));
        await RunTarget.CheckFetchAsync(folder, "run", TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<CommandException>(() => RunTarget.CheckFetchAsync(folder, "other", TestContext.Current.CancellationToken));
        await RunTarget.CheckFetchAsync(Path.Combine(_folder, "fresh"), "other", TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("rollouts.jsonl")]
    [InlineData("judgements.jsonl")]
    [InlineData("verdicts.jsonl")]
    [InlineData("spending.jsonl")]
    public async Task A_server_names_the_file_of_its_record_that_is_damaged(string file)
    {
        using (Process server = ToolProcess.StartForSignals(_folder, "serve", "-o", "record", "--listen", "http://127.0.0.1:0"))
        {
            string? said;
            do
            {
                said = await server.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            }
            while (said?.StartsWith("tribunal serve: ", StringComparison.Ordinal) == false);

            await ToolProcess.SignalAsync(server, "TERM");
            Assert.Equal(0, (await ToolProcess.EndAsync(server)).ExitCode);
        }

        await File.AppendAllTextAsync(Path.Combine(_folder, "record", file), "no line of ours\n", TestContext.Current.CancellationToken);
        ToolResult refused = await ToolProcess.RunAsync(_folder, "serve", "-o", "record", "--listen", "http://127.0.0.1:0");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains($"{file} of record is damaged at byte 0: put it back from a copy", refused.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_whose_port_is_taken_says_so_in_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        ToolResult refused = await ToolProcess.RunAsync(_folder, "serve", "-o", "record", "--listen", $"http://{taken.LocalEndpoint}");
        Assert.Equal(2, refused.ExitCode);
        Assert.Contains("another program listens there; choose another port", refused.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Output + refused.Errors, StringComparison.Ordinal);
    }

    private Task WriteBatchAsync() => File.WriteAllTextAsync(
        Path.Combine(_folder, "batch.jsonl"), """{"id":"a","prompt":"p","responses":["x","y"],"best":0}""" + "\n", TestContext.Current.CancellationToken);
}
