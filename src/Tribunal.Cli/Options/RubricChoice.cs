using System.CommandLine;
using Tribunal.Cli.Output;
using Tribunal.Protocols.Declared;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Options;

/// <summary><c>--rubric</c> and <c>--rubric-mode</c>: the criteria that responses are graded by.</summary>
internal sealed class RubricChoice
{
    private const string Together = "rubric-together";
    private const string Apart = "rubric-apart";

    private readonly Option<FileInfo?> _rubric = new("--rubric") { Description = "Criteria by rollout, by domain or for all: a YAML or JSON file (docs/rubrics.md). Rollouts may carry their own.", HelpName = "FILE" };
    private readonly Option<string?> _mode = new("--rubric-mode") { Description = "Grade by the rubric: all criteria at once (together) or one call for each (apart). Without it a --protocol that shows a rubric shows it.", HelpName = "together|apart" };

    public RubricChoice() => _mode.AcceptOnlyFromAmong("together", "apart");

    public void AddTo(Command command) => command.Add(_rubric, _mode);

    /// <summary>The protocol that is asked for, given the one of <c>--protocol</c>.</summary>
    /// <exception cref="CommandException">Two are.</exception>
    public string ProtocolOf(ParseResult parsed, string protocol) => parsed.GetValue(_mode) switch
    {
        null => protocol == "auto" && parsed.GetValue(_rubric) is not null ? Together : protocol,
        var mode when (mode == "apart" ? Apart : Together) is var named && (protocol == "auto" || protocol == named) => named,
        var mode => throw new CommandException(ExitCodes.Usage, $"--rubric-mode {mode} asks by a protocol of its own, and --protocol {protocol} by another"),
    };

    /// <summary>The request with the rubric file.</summary>
    /// <exception cref="CommandException">It can't be used.</exception>
    public EvaluationRequest AddTo(EvaluationRequest request, ParseResult parsed)
    {
        if (parsed.GetValue(_rubric) is not { } file)
        {
            return request;
        }

        try
        {
            _ = RubricFileReader.Read(File.ReadAllText(file.FullName));
            return request with { RubricFile = file.FullName };
        }
        catch (ProtocolFileException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"--rubric {file.FullName}: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Usage, $"--rubric: {exception.Message}", exception);
        }
    }
}
