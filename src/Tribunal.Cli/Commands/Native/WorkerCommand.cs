using System.CommandLine;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal worker</c> of the native tool: says where the worker is, whose engine needs a runtime that compiles.</summary>
internal static class WorkerCommand
{
    public static Command Create()
    {
        Command command = new("worker", "Serves the evaluation and upload queues of a storage account; not in the native tool.") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction(static int (ParseResult _) => throw new CommandException(
            ExitCodes.Usage, "this is the native tool, and the worker needs the .NET runtime: docker run IMAGE worker (this repository's Dockerfile), or dotnet run --project src/Tribunal.Cli -- worker"));
        return command;
    }
}
