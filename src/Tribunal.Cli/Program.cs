using System.CommandLine;
using System.CommandLine.Help;
using Spectre.Console;
using Tribunal.Cli.Commands;
using Tribunal.Cli.Configuration;
using Tribunal.Cli.Output;
using Tribunal.Runs.Telemetry;

RootCommand root = new("Scores batches of LLM rollouts with reward models that reason before they score.")
{
    ScoreCommand.Create(),
    VoteCommand.Create(),
    SimulateCommand.Create(),
    ReportCommand.Create(),
    ViewCommand.Create(),
    CompareCommand.Create(),
    BenchCommand.Create(),
    TrainCommand.Create(),
    ImportCommand.Create(),
    CalibrateCommand.Create(),
    ExportCommand.Create(),
    SubmitCommand.Create(),
    WatchCommand.Create(),
    RunsCommand.Create(),
    CancelCommand.Create(),
    ServeCommand.Create(),
    WorkerCommand.Create(),
    JudgesCommand.Create(),
    RubricCommand.Create(),
    DoctorCommand.Create(),
    ConfigCommand.Create(),
    CompletionCommand.Create(),
};
root.SetAction(static parsed => CommandErrors.Help(parsed, new HelpAction()));

// Tables in files and pipes: nothing there is 80 columns wide.
if (Console.IsOutputRedirected)
{
    AnsiConsole.Profile.Width = 160;
}

DotEnv.Load(Environment.CurrentDirectory);

// Sent before the process ends; hosts have their own.
using IDisposable? telemetry = args is ["score" or "bench", ..] ? ServiceDefaults.Start($"tribunal-{args[0]}") : null;
using var interrupts = new Interrupts();
return await CommandErrors.RunAsync(root, args, interrupts.Token);
