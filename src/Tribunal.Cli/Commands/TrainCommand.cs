using System.CommandLine;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal train</c>: models of one's own from labelled ledgers.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        Command command = new("train", "Trains on labelled ledgers: a meta reward model, the weights of a panel.")
        {
            TrainMetaCommand.Create(),
            TrainPanelCommand.Create(),
        };
        return command;
    }
}
