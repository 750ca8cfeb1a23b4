using Tribunal.Cli.Output;
using Tribunal.Protocols.Declared;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Inputs;

/// <summary>Protocol files of the user's.</summary>
internal static class ProtocolFiles
{
    /// <summary>The protocol of a file.</summary>
    /// <exception cref="CommandException">It is not there or can't be used; the message says where in it and why.</exception>
    public static DeclaredProtocol Read(string path)
    {
        try
        {
            return new DeclaredProtocol(ProtocolFileReader.Read(File.ReadAllText(path)));
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
