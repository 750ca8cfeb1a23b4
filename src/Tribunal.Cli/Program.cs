using System.CommandLine;
using Tribunal.Cli;
using Tribunal.Cli.Commands;

RootCommand root = new("Scores batches of LLM rollouts with reward models that reason before they score.")
{
    ScoreCommand.Create(),
    VoteCommand.Create(),
    SimulateCommand.Create(),
    ReportCommand.Create(),
    CompareCommand.Create(),
    BenchCommand.Create(),
    ImportCommand.Create(),
    ExportCommand.Create(),
    SubmitCommand.Create(),
    WatchCommand.Create(),
    RunsCommand.Create(),
    CancelCommand.Create(),
    WorkerCommand.Create(),
    DoctorCommand.Create(),
};

ParseResult parsed = root.Parse(args);
try
{
    int code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
    return parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
}
catch (CommandException failure)
{
    await Console.Error.WriteLineAsync($"tribunal: {failure.Message}");
    return failure.ExitCode;
}
