using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;

namespace Tribunal.Cli.Inputs;

/// <summary>Keeps a run from taking a folder whose files are not its own.</summary>
internal static class RunTarget
{
    private const string OwnerName = ".owner";

    private static readonly string[] Names =
        [RunFiles.Manifest, RunFiles.Shards, RunFiles.Batch, RunFiles.Invalid, RunFiles.Judgements, RunFiles.Verdicts, RunFiles.Summary, RunFiles.Report];

    /// <summary>Refuses a folder in which a run would replace the batch, or files that no run wrote.</summary>
    /// <exception cref="CommandException">It would.</exception>
    public static async Task CheckAsync(string folder, FileInfo batch, CancellationToken cancellationToken)
    {
        if (Array.Find(Names, name => IsSame(Path.Combine(folder, name), batch.FullName)) is { } own)
        {
            throw new CommandException(ExitCodes.Usage, $"a run in {folder} would replace the batch, {own}: choose another folder with -o");
        }

        if (File.Exists(Path.Combine(folder, RunFiles.Manifest)) && (await ShownAsync(folder, cancellationToken))?.Origin is { } origin)
        {
            throw new CommandException(ExitCodes.Usage, $"{folder} holds judgements that were {(origin == RunOrigin.Voted ? "voted on again" : origin.ToString().ToLowerInvariant())}, and none are drawn into it: choose another folder with -o");
        }

        // A run that was planned has a manifest, and one that was interrupted before has its mark of ownership.
        if (!File.Exists(Path.Combine(folder, RunFiles.Manifest)) && !File.Exists(Path.Combine(folder, OwnerName))
            && Array.Find(Names, name => File.Exists(Path.Combine(folder, name))) is { } other)
        {
            throw new CommandException(ExitCodes.Usage, $"{folder} holds {other} and no run: choose another folder with -o");
        }
    }

    /// <summary>Refuses a folder in which what is fetched of a run would replace another one: one that was begun on this machine, or of another name.</summary>
    /// <exception cref="CommandException">It would.</exception>
    public static async Task CheckFetchAsync(string folder, string runId, CancellationToken cancellationToken)
    {
        bool another = File.Exists(Path.Combine(folder, OwnerName))
            || (File.Exists(Path.Combine(folder, RunFiles.Manifest)) && await ShownAsync(folder, cancellationToken) is { } manifest && manifest.RunId != runId);
        if (another)
        {
            throw new CommandException(ExitCodes.Usage, $"{folder} holds another run, whose files those of {runId} would replace: choose another folder with -o");
        }
    }

    private static async Task<RunManifest?> ShownAsync(string folder, CancellationToken cancellationToken)
    {
        try
        {
            return await StoredManifest.ShownAsync(new LocalRunStore(folder), cancellationToken);
        }
        catch (RunDamagedException)
        {
            // Going on with the run says what is wrong with it.
            return null;
        }
    }

    private static bool IsSame(string path, string other) =>
        string.Equals(Path.GetFullPath(path), other, OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    /// <summary>Makes the folder of a run.</summary>
    /// <exception cref="CommandException">It can't be made.</exception>
    public static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Usage, $"-o {folder}: the folder can't be made there; name one that may be written to", exception);
        }
    }
}
