using System.Security.Cryptography;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Inputs;

/// <summary>Batches that are named on the command line.</summary>
internal static class BatchFiles
{
    /// <summary>What names a batch: SHA-256 of its content.</summary>
    public static async Task<string> HashAsync(string path, CancellationToken cancellationToken)
    {
        await using FileStream content = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
    }

    /// <summary>Refuses a batch that is not there, or is not one file.</summary>
    /// <exception cref="CommandException">It is not.</exception>
    public static void Require(FileInfo batch)
    {
        if (Directory.Exists(batch.FullName))
        {
            throw new CommandException(ExitCodes.Usage, $"{batch.FullName} is a folder, and a batch is one file{(Directory.EnumerateFiles(batch.FullName, "*.jsonl*").Any() ? $"; JSON Lines of several: cat {batch}/*.jsonl* | tribunal score - -o DIR" : ": name one in it")}");
        }

        // Of what another command is piped into (/dev/stdin, <(…)), a name leads to no file.
        if (batch.LinkTarget is { } link && (link.StartsWith("pipe:", StringComparison.Ordinal) || link.StartsWith("/proc/self/fd/", StringComparison.Ordinal))
            && batch.ResolveLinkTarget(returnFinalTarget: true) is not { Exists: true })
        {
            throw new CommandException(ExitCodes.Usage, $"{batch.FullName} is a pipe, and a run reads its batch more than once: give it on standard input, which a run keeps (tribunal score - -o DIR)");
        }

        if (!batch.Exists)
        {
            throw new CommandException(ExitCodes.Usage, $"there is no batch at {batch.FullName}{(batch.LinkTarget is { } target ? $": the link's target {target} is gone" : batch.Name.AsSpan().IndexOfAny("*?") >= 0 ? $", and patterns are the shell's: cat {batch} | tribunal score - -o DIR" : "")}");
        }

        if (batch.LinkTarget is not null && batch.ResolveLinkTarget(returnFinalTarget: true)?.Exists == false)
        {
            throw new CommandException(ExitCodes.Usage, $"there is no batch at {batch.FullName}: the link's target {batch.LinkTarget} is gone");
        }
    }
}
