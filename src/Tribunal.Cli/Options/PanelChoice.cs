using System.CommandLine;
using Tribunal.Azure.Queues;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Cli.Options;

/// <summary><c>--judges</c>: a panel out of a file, whose members the environment or the host configures.</summary>
internal sealed class PanelChoice
{
    private const long MaxBytes = 1024 * 1024;

    private readonly Option<FileInfo?> _judges = new("--judges") { Description = "A panel of judges: a JSON file of its members (docs/judges.md). Judges are named in the environment, as Tribunal__Judges__NAME__Endpoint.", HelpName = "FILE" };

    public void AddTo(Command command) => command.Add(_judges);

    /// <summary>The panel of options that are given several times, or of the file; null for one judge.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="given">The panel of options that are given several times.</param>
    /// <param name="weights">How its weights are learned; null where they are given.</param>
    /// <exception cref="CommandException">Two panels are asked for, or weights without one.</exception>
    public JudgePanel? Of(ParseResult parsed, JudgePanel? given, PanelMethod? weights)
    {
        JudgePanel? file = Of(parsed);
        if (given is not null && file is not null)
        {
            throw new CommandException(ExitCodes.Usage, "--judges states the members already: give --judge once, or leave the file out");
        }

        return (given ?? file) is { } panel ? weights is { } method ? panel with { Weights = method } : panel
            : weights is null ? null
            : throw new CommandException(ExitCodes.Usage, "--panel: weights are learned from the judgements of a panel, and one judge is asked");
    }

    /// <summary>The panel of the file; null without one.</summary>
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
            JudgePanel panel = StrictJson.ReadPanel(File.ReadAllText(file.FullName));
            return panel with { Members = [.. panel.Members.Select(member => member.ProtocolFile is not { } path ? member : member with { ProtocolFile = Path.GetFullPath(path, file.DirectoryName!) })] };
        }
        catch (MessageRefusedException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"--judges: {exception.Message}", exception);
        }
    }
}
