using System.CommandLine;
using System.Text.Json.Nodes;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Reports;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal report RUN…</c>: runs as HTML files that stand alone.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Argument<string[]> runs = new("run") { Description = "Run folders; with --storage names of runs in the account.", Arity = ArgumentArity.OneOrMore };
        Option<string?> output = OutputFile.Option("The file to write; report.html in the run's folder by default, or in one of its name.", ".html", ".htm");
        Option<string?> batch = new("--batch") { Description = "The batch, where it is no longer where the run found it.", HelpName = "FILE" };
        Option<string?> storage = RemoteRuns.StorageOption("None: runs are local folders.");
        Command command = new("report", "Writes a run's report: one HTML file that needs no network.") { runs, output, batch, storage };
        command.Validators.Add(result =>
        {
            if (result.GetValue(runs) is { Length: > 1 } && (result.GetValue(output) is not null || result.GetValue(batch) is not null))
            {
                result.AddError("--output and --batch are for one run");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            RemoteRuns? remote = parsed.GetValue(storage) is { } account ? await RemoteRuns.OpenAsync(account, cancellationToken) : null;
            var written = new JsonArray();
            foreach (string run in parsed.GetRequiredValue(runs))
            {
                string path = parsed.GetValue(output) ?? Path.Combine(run, RunFiles.Report);
                string page = remote is null ? await RunReport.RenderAsync(run, parsed.GetValue(batch), cancellationToken) : await RemoteAsync(remote, run, parsed.GetValue(batch), cancellationToken);
                if (remote is not null && path != OutputFile.Standard)
                {
                    Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
                }

                await OutputFile.WriteAsync(path, page, cancellationToken);
                Console.WriteLine(OutputFile.Say(path));
                written.Add((JsonNode)path);
            }

            Results.Print(new JsonObject { ["reports"] = written });
            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task<string> RemoteAsync(RemoteRuns remote, string run, string? batch, CancellationToken cancellationToken)
    {
        if (!StoreNames.IsValidRunId(run))
        {
            throw new CommandException(ExitCodes.Usage, $"'{run}' is no run's name");
        }

        string page = "";
        await RemoteRuns.ReachAsync(remote.Clients, async () => page = await RunReport.RenderAsync(remote.Stores, run, batch, cancellationToken));
        return page;
    }
}
