using System.CommandLine;
using System.Text.Json.Nodes;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Cli.Configuration;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Runs;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal watch RUN</c>: follows a run to its end and fetches its results.</summary>
internal static class WatchCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.5);
    private static readonly string[] Files = [RunFiles.Manifest, RunFiles.Invalid, RunFiles.Judgements, RunFiles.Verdicts, RunFiles.Report, RunFiles.PanelWeights, RunFiles.Summary];

    public static Command Create()
    {
        Argument<string> run = new("run") { Description = "The run's name." };
        Option<string?> storage = RemoteRuns.StorageOption();
        Option<string?> through = FunctionApp.ThroughOption();
        Option<DirectoryInfo?> output = new("--output", "-o") { Description = "Where the results are put; a folder of the run's name by default.", HelpName = "DIR" };
        Command command = new("watch", "Follows a run to its end and fetches its results.") { run, storage, through, output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string runId = parsed.GetRequiredValue(run);
            string folder = parsed.GetValue(output)?.FullName ?? runId;
            if (parsed.GetValue(through) is { } address)
            {
                using FunctionApp app = FunctionApp.Open(address);
                return await FollowAsync(app, runId, folder, cancellationToken);
            }

            RemoteRuns remote = await RemoteRuns.OpenAsync(parsed.GetValue(storage), cancellationToken);
            return await FollowAsync(remote, runId, folder, cancellationToken);
        });
        return command;
    }

    /// <summary>Follows a run and fetches what it has published.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">There is no such run, or storage is away.</exception>
    public static async Task<int> FollowAsync(IRemoteRuns remote, string runId, string folder, CancellationToken cancellationToken)
    {
        if (!StoreNames.IsValidRunId(runId))
        {
            throw new CommandException(ExitCodes.Usage, "that is no run's name");
        }

        await RunTarget.CheckFetchAsync(folder, runId, cancellationToken);
        string? shown = null;
        while (true)
        {
            RunRecord record = await remote.GetAsync(runId, cancellationToken)
                ?? throw new CommandException(ExitCodes.Usage, $"there is no run {runId} in {remote.Place}");

            string line = Line(record.Told(TimeProvider.System.GetUtcNow()));
            if (line != shown && !Results.Quiet)
            {
                await Console.Error.WriteLineAsync(shown = line);
            }

            if (record.IsOver)
            {
                return await EndAsync(remote, record, folder, cancellationToken);
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>A run in one line.</summary>
    public static string Line(RunRecord record)
    {
        RunProgress? progress = record.Progress;
        string counts = progress is { Rollouts: > 0 } ? $" {progress.Finished}/{progress.Rollouts} rollouts, {progress.Judgements} judgements" : "";
        string stage = record.State == RunState.Running && progress is not null ? $" ({progress.Stage})" : "";
        return $"{record.RunId}: {Name(record.State)}{stage}{counts}{(record.Reason is { } reason ? $" - {reason}" : "")}";
    }

    /// <summary>A state's name.</summary>
    public static string Name(RunState state) => state.ToString().ToLowerInvariant();

    private static async Task<int> EndAsync(IRemoteRuns remote, RunRecord record, string folder, CancellationToken cancellationToken)
    {
        foreach (string name in Files)
        {
            await remote.ReadAsync(record.RunId, name, content => KeepAsync(content, name, folder, cancellationToken), cancellationToken);
        }

        // The protocol files that the run judged by, which a vote on it or an export reads.
        string manifest = Path.Combine(folder, RunFiles.Manifest);
        RunManifest? run = File.Exists(manifest) ? ContractJson.Read(await File.ReadAllBytesAsync(manifest, cancellationToken), RunsJson.Default.RunManifest) : null;
        foreach (string file in (run?.KeptFiles ?? []).Distinct(StringComparer.Ordinal).Select(RunFiles.Protocol))
        {
            await remote.ReadAsync(record.RunId, file, content => KeepAsync(content, file, folder, cancellationToken), cancellationToken);
        }

        await Settings.KeepAsync(folder, cancellationToken);
        string summaryPath = Path.Combine(folder, RunFiles.Summary);
        RunSummary? summary = File.Exists(summaryPath)
            ? ContractJson.Read(await File.ReadAllBytesAsync(summaryPath, cancellationToken), RunsJson.Default.RunSummary)
            : null;
        if (summary is not null)
        {
            await Console.Error.WriteLineAsync($"{summary.Scored} scored, {summary.Unscorable} unscorable, {summary.Invalid} invalid; results in {folder}");
        }

        Results.Print(new JsonObject { ["run"] = record.RunId, ["state"] = Name(record.State), ["reason"] = record.Reason, ["output"] = folder, ["scored"] = summary?.Scored, ["unscorable"] = summary?.Unscorable, ["invalid"] = summary?.Invalid });
        return record.State switch
        {
            RunState.Done => summary is null ? ExitCodes.Partial : ExitCodes.Complete(summary.Unscorable, summary.Invalid),
            RunState.Cancelled => RunEnd.Of(new Halt(HaltKind.Cancelled, "")).ExitCode,
            _ => summary?.Halt is { } halt ? RunEnd.Of(halt).ExitCode : ExitCodes.Usage,
        };
    }

    private static async Task KeepAsync(Stream content, string name, string folder, CancellationToken cancellationToken)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await WholeFile.WriteAsync(path, async file =>
        {
            await content.CopyToAsync(file, cancellationToken);
            return true;
        });
    }
}
