using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using Tribunal.Azure;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal runs</c>: the runs of a storage account, newest first.</summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        Option<string?> storage = RemoteRuns.StorageOption();
        Option<int> last = new("--last") { Description = "How many.", DefaultValueFactory = static _ => 20 };
        Option<bool> json = new("--json") { Description = "A JSON line per run." };
        Command command = new("runs", "Lists the runs of a storage account, newest first.") { storage, last, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            RemoteRuns remote = await RemoteRuns.OpenAsync(parsed.GetValue(storage), cancellationToken);
            List<RunRecord> runs = await ListAsync(remote, cancellationToken);
            IEnumerable<RunRecord> newest = runs.OrderByDescending(static run => run.Created).Take(parsed.GetValue(last));
            if (parsed.GetValue(json))
            {
                foreach (RunRecord run in newest)
                {
                    Results.Print(JsonSerializer.Serialize(run, AzureJson.Default.RunRecord));
                }

                return ExitCodes.Ok;
            }

            Table table = new Table().Border(TableBorder.None).AddColumns("run", "state", "rollouts", "judgements", "created", "reason");
            foreach (RunRecord run in newest)
            {
                table.AddRow(
                    Markup.Escape(run.RunId),
                    WatchCommand.Name(run.State),
                    run.Progress is { } progress ? $"{progress.Finished}/{progress.Rollouts}" : "",
                    $"{run.Progress?.Judgements}",
                    $"{run.Created:u}",
                    Markup.Escape(run.Reason ?? ""));
            }

            AnsiConsole.Write(table);
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>Every run, with what it waits for.</summary>
    /// <exception cref="CommandException">Storage is away or refuses.</exception>
    internal static async Task<List<RunRecord>> ListAsync(RemoteRuns remote, CancellationToken cancellationToken)
    {
        List<RunRecord> runs = [];
        await RemoteRuns.ReachAsync(remote.Clients, async () =>
        {
            await foreach (RunRecord run in remote.Catalog.ListAsync(cancellationToken))
            {
                runs.Add(run.Told(TimeProvider.System.GetUtcNow()));
            }
        });
        return runs;
    }
}
