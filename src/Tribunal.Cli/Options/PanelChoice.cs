using System.CommandLine;
using Tribunal.Azure.Queues;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Sampling;

namespace Tribunal.Cli.Options;

/// <summary><c>--judges</c>: a panel out of a file, whose members the environment or the host configures.</summary>
internal sealed class PanelChoice
{
    private const long MaxBytes = 1024 * 1024;

    private readonly Option<FileInfo?> _judges = new("--judges") { Description = "A panel of judges: a JSON file of its members (docs/judges.md). Judges are named in the environment, as Tribunal__Judges__NAME__Endpoint.", HelpName = "FILE" };

    public void AddTo(Command command) => command.Add(_judges);

    /// <summary>The panel; null without one.</summary>
    /// <remarks>The protocol files that members name are relative to it.</remarks>
    /// <exception cref="CommandException">It can't be used; the message lists every problem.</exception>
    public JudgePanel? Of(ParseResult parsed)
    {
        if (parsed.GetValue(_judges) is not { } file)
        {
            return null;
        }

        if (!file.Exists || file.Length > MaxBytes)
        {
            throw new CommandException(ExitCodes.Usage, file.Exists ? $"--judges: {file.FullName} is larger than {MaxBytes} bytes" : $"--judges: there is no file at {file.FullName}");
        }

        try
        {
            JudgePanel panel = PanelFile.Parse(File.ReadAllText(file.FullName));
            return panel with { Members = [.. panel.Members.Select(member => member.ProtocolFile is not { } path ? member : member with { ProtocolFile = Path.GetFullPath(path, file.DirectoryName!) })] };
        }
        catch (MessageRefusedException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"--judges: {exception.Message}", exception);
        }
    }
}
