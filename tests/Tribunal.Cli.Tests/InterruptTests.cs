using System.Diagnostics;
using Tribunal.Runs.Storage;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Simulator.Serving;

namespace Tribunal.Cli.Tests;

/// <summary>Ctrl-C, SIGTERM and a closed terminal on real processes.</summary>
public sealed class InterruptTests : IDisposable
{
    private const int Rollouts = 30, Samples = 4, Concurrency = 8;
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-interrupt-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task A_run_that_is_interrupted_drains_says_how_to_go_on_and_ends_as_if_it_had_not_been(string signal)
    {
        await GenerateAsync();
        await using PacedJudge judge = await PacedJudge.StartAsync();
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, Score(judge.Server, "whole"))).ExitCode);
        long before = judge.Stats.Requests;

        using Process process = ToolProcess.StartForSignals(_folder, [.. Score(judge.Server, "run"), "--drain", "3600"]);
        await judge.AnswerAsync(before + (2 * Concurrency), process);
        await ToolProcess.SignalAsync(process, signal);
        await ToolProcess.UntilSaidAsync(process, "what is in flight ends first");
        judge.LetGo();
        ToolResult interrupted = await ToolProcess.EndAsync(process);

        Assert.True(interrupted.ExitCode == 130, interrupted.Errors + interrupted.Output);
        Assert.Contains("the same command goes on", interrupted.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "run", RunFiles.Verdicts)));
        // What was in flight was waited for: no request was sent in vain.
        Assert.Equal(0, judge.Stats.Abandoned);

        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, Score(judge.Server, "run"))).ExitCode);
        Assert.Equal(before + (Rollouts * Samples), judge.Stats.Requests);
        Assert.Equal(File.ReadAllText(Path.Combine(_folder, "whole", RunFiles.Verdicts)), File.ReadAllText(Path.Combine(_folder, "run", RunFiles.Verdicts)));
    }

    [Fact]
    public async Task The_second_interrupt_ends_at_once_whatever_is_in_flight()
    {
        await GenerateAsync();
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions { Latency = TimeSpan.FromHours(1) });
        using Process process = ToolProcess.StartForSignals(_folder, Score(server, "run"));
        while (server.Stats.Judge.Requests < Concurrency)
        {
            await Task.Delay(10);
        }

        await ToolProcess.SignalAsync(process, "INT");
        await ToolProcess.UntilSaidAsync(process, "once more to abort");
        await ToolProcess.SignalAsync(process, "INT");
        ToolResult aborted = await ToolProcess.EndAsync(process);
        Assert.Equal(130, aborted.ExitCode);
        Assert.Contains("the same command goes on", aborted.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", aborted.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_is_told_to_terminate_ends_by_itself_whatever_is_in_flight()
    {
        await GenerateAsync();
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions { Latency = TimeSpan.FromHours(1) });
        using Process process = ToolProcess.StartForSignals(_folder, [.. Score(server, "run"), "--drain", "0.5"]);
        while (server.Stats.Judge.Requests < Concurrency)
        {
            await Task.Delay(10);
        }

        await ToolProcess.UntilSaidAsync(process, $"0 of {Rollouts * Samples} judgements");
        await ToolProcess.SignalAsync(process, "TERM");
        ToolResult ended = await ToolProcess.EndAsync(process);
        Assert.Equal(130, ended.ExitCode);
        Assert.Contains("the same command goes on", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vote_that_is_interrupted_leaves_no_half_written_file()
    {
        await GenerateAsync();
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run")).ExitCode);
        using Process process = ToolProcess.StartForSignals(_folder, "vote", "run", "-o", "again", "--resamples", "100000000");
        while (!File.Exists(Path.Combine(_folder, "again", RunFiles.Summary)) && !process.HasExited)
        {
            await Task.Delay(10);
        }

        await ToolProcess.SignalAsync(process, "INT");
        ToolResult interrupted = await ToolProcess.EndAsync(process);
        Assert.True(interrupted.ExitCode == 130, interrupted.Errors + interrupted.Output);
        Assert.Contains("interrupted", interrupted.Errors, StringComparison.Ordinal);
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(_folder, "again")).Select(static file => Path.GetFileName(file)!)];
        Assert.Contains(RunFiles.Verdicts, files);
        Assert.DoesNotContain(files, static file => file.EndsWith('~'));
    }

    private static string[] Score(SimulatorServer server, string run) =>
        ["score", "batch.jsonl", "-o", run, "--judge", server.ApiBase.ToString(), "--model", SimulatedJudgeOptions.DefaultModel,
         "--samples", $"{Samples}", "--concurrency", $"{Concurrency}"];

    private async Task GenerateAsync()
    {
        await using FileStream stream = File.Create(Path.Combine(_folder, "batch.jsonl"));
        await BatchGenerator.WriteAsync(stream, new BatchOptions { Rollouts = Rollouts });
    }
}
