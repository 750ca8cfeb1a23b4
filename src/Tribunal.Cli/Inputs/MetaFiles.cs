using Tribunal.Cli.Output;
using Tribunal.MetaReward;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Inputs;

/// <summary>Files of meta reward models of one's own.</summary>
internal static class MetaFiles
{
    /// <summary>Reads one; nothing in it is executed.</summary>
    /// <exception cref="CommandException">It can't be used; the message says why.</exception>
    public static LearnedMetaModel Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new CommandException(ExitCodes.Usage, $"there is no meta reward model at {path}");
        }

        try
        {
            // Looked at before it is read: the file may be anyone's.
            return new FileInfo(path).Length > LearnedMetaModel.MaxBytes
                ? throw new MetaModelException($"more than {LearnedMetaModel.MaxBytes} bytes")
                : LearnedMetaModel.Read(File.ReadAllBytes(path));
        }
        catch (MetaModelException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"{path} is no meta reward model that can be used: {exception.Message}", exception);
        }
    }
}
