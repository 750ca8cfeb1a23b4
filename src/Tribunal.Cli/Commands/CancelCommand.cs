using System.CommandLine;
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
            string runId = parsed.GetRequiredValue(run);
            RemoteRuns remote = await RemoteRuns.OpenAsync(parsed.GetValue(storage), cancellationToken);
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

            Console.WriteLine(record.IsOver ? $"{runId} is over: {WatchCommand.Name(record.State)}" : $"{runId} is asked to stop");
            return ExitCodes.Ok;
        });
        return command;
    }
}
