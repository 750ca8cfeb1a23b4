using Tribunal.Cli.Output;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Runs;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Inputs;

/// <summary>Rubric files of the user's, and those that runs keep.</summary>
internal static class RubricFiles
{
    /// <summary>The rubrics of a file.</summary>
    /// <exception cref="CommandException">It is not there or can't be used; the message says where in it and why.</exception>
    public static RubricSet Read(string path)
    {
        try
        {
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message, exception);
        }
    }

    /// <summary>The rubrics of a text.</summary>
    /// <exception cref="CommandException">It can't be used; the message says where in it and why.</exception>
    public static RubricSet Parse(string text, string path)
    {
        try
        {
            return RubricFileReader.Read(text);
        }
        catch (ProtocolFileException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"{path}: {exception.Message}", exception);
        }
    }

    /// <summary>The text of a file, or of the one that a run keeps.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static async Task<string> TextOfAsync(string path, CancellationToken cancellationToken)
    {
        string manifest = Path.Combine(path, RunFiles.Manifest);
        if (!File.Exists(manifest))
        {
            return File.Exists(path) ? await File.ReadAllTextAsync(path, cancellationToken) : throw new CommandException(ExitCodes.Usage, $"there is no rubric file and no run at {Path.GetFullPath(path)}");
        }

        RunManifest run = ContractJson.Read(await File.ReadAllBytesAsync(manifest, cancellationToken), RunsJson.Default.RunManifest)!;
        return run.Request.RubricFile is { } named && run.ProtocolFiles?.GetValueOrDefault(named) is { } sha256 && Path.Combine(path, RunFiles.Protocol(sha256)) is var kept && File.Exists(kept)
            ? await File.ReadAllTextAsync(kept, cancellationToken)
            : throw new CommandException(ExitCodes.Usage, $"the run in {Path.GetFullPath(path)} keeps no rubric file: its rollouts carried their own, or it graded by none");
    }
}
