using Tribunal.Cli.Output;
using Tribunal.MetaReward;
using Tribunal.Protocols.Declared;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Inputs;

/// <summary>Protocol files of the user's.</summary>
internal static class ProtocolFiles
{
    /// <summary>A meta protocol, of the catalog or of a file.</summary>
    /// <exception cref="CommandException">It is not there or can't be used; the message says where in it and why.</exception>
    public static MetaProtocol ReadMeta(string name)
    {
        if (MetaProtocol.Names.Contains(name, StringComparer.Ordinal))
        {
            return MetaProtocol.Of(name);
        }

        return File.Exists(name) ? Reading(name, static path => MetaProtocol.Read(File.ReadAllText(path)))
            : throw new CommandException(ExitCodes.Usage, $"--meta-protocol {name}: neither a meta protocol nor a file that is there (known: {string.Join(", ", MetaProtocol.Names)})");
    }

    /// <summary>Whether it is a meta protocol's name, or a file that states one.</summary>
    public static bool IsMeta(string path) => MetaProtocol.Names.Contains(path, StringComparer.Ordinal)
        || (File.Exists(path) && File.ReadLines(path).Any(static line => line.StartsWith("meta:", StringComparison.Ordinal)));

    /// <summary>The protocol of a file.</summary>
    /// <exception cref="CommandException">It is not there or can't be used; the message says where in it and why.</exception>
    public static DeclaredProtocol Read(string path) => Reading(path, static file => new DeclaredProtocol(ProtocolFileReader.Read(File.ReadAllText(file))));

    private static T Reading<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (ProtocolFileException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"{path}: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message, exception);
        }
    }
}
