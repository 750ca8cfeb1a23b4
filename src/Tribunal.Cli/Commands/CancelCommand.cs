using System.CommandLine;
using System.Text.Json.Nodes;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal cancel RUN</c>: asks whoever works on a run to stop; what is in flight ends first.</summary>
internal static class CancelCommand
{
    public static Command Create()
    {
        Argument<string> run = new("run") { Description = "The run's name." };
        Option<string?> storage = RemoteRuns.StorageOption();
        Command command = new("cancel", "Asks for a run to be stopped.") { run, storage };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            RemoteRuns remote = await RemoteRuns.OpenAsync(parsed.GetValue(storage), cancellationToken);
            await CancelAsync(remote, parsed.GetRequiredValue(run), cancellationToken);
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>Asks for a run to be stopped, and says so.</summary>
    /// <exception cref="CommandException">There is no such run, or storage is away or refuses.</exception>
    internal static async Task CancelAsync(RemoteRuns remote, string runId, CancellationToken cancellationToken)
    {
        RunRecord? record = null;
        if (StoreNames.IsValidRunId(runId))
        {
            await RemoteRuns.ReachAsync(remote.Clients, async () => record = await remote.Catalog.UpdateAsync(
                runId, static now => now.IsOver ? null : now with { CancelRequested = true }, cancellationToken));
        }

        if (record is null)
        {
            throw new CommandException(ExitCodes.Usage, $"there is no run of this name in {remote.Clients.Account}");
        }

        Results.Print(new JsonObject { ["run"] = runId, ["over"] = record.IsOver, ["state"] = WatchCommand.Name(record.State) });
        Console.WriteLine(record.IsOver ? $"{runId} is over: {WatchCommand.Name(record.State)}" : $"{runId} is asked to stop");
    }
}
