using System.CommandLine;
using System.CommandLine.Help;
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
    TrainCommand.Create(),
    ImportCommand.Create(),
    ExportCommand.Create(),
    SubmitCommand.Create(),
    WatchCommand.Create(),
    RunsCommand.Create(),
    CancelCommand.Create(),
    ServeCommand.Create(),
    WorkerCommand.Create(),
    DoctorCommand.Create(),
    CompletionCommand.Create(),
};
root.SetAction(static parsed => CommandErrors.Help(parsed, new HelpAction()));

using var interrupts = new Interrupts();
return await CommandErrors.RunAsync(root.Parse(args), interrupts.Token);
