using System.CommandLine;
using Tribunal.Pipeline.Reports;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal report RUN…</c>: runs as HTML files that stand alone.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        Argument<string[]> runs = new("run") { Description = "Run folders.", Arity = ArgumentArity.OneOrMore };
        Option<string?> output = new("--output", "-o") { Description = "The file to write; default report.html in the run's folder.", HelpName = "FILE" };
        Option<string?> batch = new("--batch") { Description = "The batch, where it is no longer where the run found it.", HelpName = "FILE" };
        Command command = new("report", "Writes a run's report: one HTML file that needs no network.") { runs, output, batch };
        command.Validators.Add(result =>
        {
            if (result.GetValue(runs) is { Length: > 1 } && (result.GetValue(output) is not null || result.GetValue(batch) is not null))
            {
                result.AddError("--output and --batch are for one run");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            foreach (string run in parsed.GetRequiredValue(runs))
            {
                try
                {
                    Console.WriteLine(await RunReport.WriteAsync(run, parsed.GetValue(output), new ReportOptions { Batch = parsed.GetValue(batch) }, cancellationToken));
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    throw new CommandException(ExitCodes.Usage, exception.Message, exception);
                }
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>Writes the report of a run that has just ended; what keeps it from being written doesn't undo the run.</summary>
    /// <returns>Where it is, or why it is not there.</returns>
    public static async Task<string> AfterAsync(string folder)
    {
        try
        {
            return await RunReport.WriteAsync(folder);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"not written: {exception.Message}";
        }
    }
}
