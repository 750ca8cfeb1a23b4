namespace Tribunal.Cli.Output;

/// <summary>Exit codes of every command.</summary>
internal static class ExitCodes
{
    /// <summary>All scored.</summary>
    public const int Ok = 0;

    /// <summary>Some rollouts unscorable or some lines invalid.</summary>
    public const int Partial = 1;

    /// <summary>Usage: the command line, the configuration or an input can't be used.</summary>
    public const int Usage = 2;

    /// <summary>The judge or the storage can't be reached.</summary>
    public const int Unreachable = 3;

    /// <summary>A limit was reached; the run can be resumed.</summary>
    public const int Limit = 4;

    /// <summary>Interrupted; the run can be resumed.</summary>
    public const int Interrupted = 130;
}

/// <summary>Ends a command with a message for people and an exit code; no stack trace is shown.</summary>
internal sealed class CommandException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>One of <see cref="ExitCodes"/>.</summary>
    public int ExitCode { get; } = exitCode;
}
