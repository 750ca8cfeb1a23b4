using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Output;

/// <summary>Ends a command with a message for people and an exit code; no stack trace is shown.</summary>
internal sealed class CommandException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Ends it for options that can't be used.</summary>
    public CommandException(IReadOnlyList<Problem> problems, Exception? inner = null)
        : this(ExitCodes.Usage, OptionNames.Join(problems), inner)
    {
    }

    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; } = exitCode;
}
