using Tribunal.Cli.Output;
using Tribunal.Formats.Lines;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Inputs;

/// <summary>A batch from standard input (<c>-</c>). A run reads its batch more than once, so its folder keeps it.</summary>
internal static class StandardInput
{
    /// <summary>What the copy in a run's folder is called.</summary>
    public const string FileName = "batch.stdin";

    /// <summary>Whether a file that a command line names is standard input.</summary>
    public static bool IsNamed(FileInfo file) => file.Name == OutputFile.Standard && !file.Exists;

    /// <summary>Keeps standard input in a run's folder.</summary>
    /// <param name="folder">The folder; null where none was named.</param>
    /// <param name="dryRun">Whether nothing may be written there.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CommandException">The run's name is missing, or the folder has a run of something else.</exception>
    public static async Task<FileInfo> KeepAsync(string? folder, bool dryRun, CancellationToken cancellationToken)
    {
        if (dryRun)
        {
            var copy = new FileInfo(Path.Combine(MakeTemporary(), FileName));
            await CopyAsync(copy.FullName, cancellationToken);
            return copy;
        }

        if (folder is null)
        {
            throw new CommandException(ExitCodes.Usage, "standard input has no name that the run's folder could be named by: name it with --output DIR");
        }

        RunTarget.Make(folder);
        string path = Path.Combine(folder, FileName);
        string fresh = path + ".new~";
        await CopyAsync(fresh, cancellationToken);
        if (File.Exists(path) && await BatchFiles.HashAsync(path, cancellationToken) == await BatchFiles.HashAsync(fresh, cancellationToken))
        {
            File.Delete(fresh);
        }
        else if (File.Exists(Path.Combine(folder, RunFiles.Manifest)))
        {
            File.Delete(fresh);
            throw new CommandException(ExitCodes.Usage, $"{folder} holds a run of another batch than the one on standard input: choose another folder with -o");
        }
        else
        {
            File.Move(fresh, path, overwrite: true);
        }

        return new FileInfo(path);
    }

    /// <summary>Removes what <see cref="KeepAsync"/> keeps for a dry run.</summary>
    public static void Forget(FileInfo copy) => copy.Directory!.Delete(recursive: true);

    private static string MakeTemporary()
    {
        try
        {
            return Directory.CreateTempSubdirectory("tribunal-").FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Usage, $"{Path.GetTempPath()}, the folder for temporary files, can't be written to: name another one in the variable TMPDIR", exception);
        }
    }

    private static async Task CopyAsync(string path, CancellationToken cancellationToken) => await WholeFile.WriteAsync(path, async file =>
    {
        await using Stream input = Console.OpenStandardInput();

        // What waits for a terminal or another command can't be called off: it is left to wait.
        await input.CopyToAsync(file, cancellationToken).WaitAsync(cancellationToken);
        return true;
    });
}
