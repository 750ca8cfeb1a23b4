using System.CommandLine;
using System.CommandLine.Help;
using Tribunal.Cli.Options;

namespace Tribunal.Cli.Commands;

/// <summary>All commands of the tool.</summary>
internal static class ToolCommand
{
    public static RootCommand Create()
    {
        RootCommand root = new("Scores batches of LLM rollouts with reward models that reason before they score.")
        {
            ScoreCommand.Create(),
            VoteCommand.Create(),
            SimulateCommand.Create(),
            ReportCommand.Create(),
            ViewCommand.Create(),
            LabelCommand.Create(),
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
        CommonOptions.AddTo(root);
        root.SetAction(static parsed => CommandErrors.Help(parsed, new HelpAction()));
        return root;
    }
}
