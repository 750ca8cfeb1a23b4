using System.CommandLine;
using Tribunal.Rollouts;

namespace Tribunal.Cli.Options;

/// <summary>The options that say how much of a trajectory judges are shown.</summary>
internal sealed class ViewChoice
{
    private readonly Option<int?> _toolResult = new("--tool-result") { Description = "Trajectories: the most characters of a tool's result that judges are shown, its start and end; all by default.", HelpName = "CHARS" };
    private readonly Option<int?> _turns = new("--last-turns") { Description = "Trajectories: the last turns of a response that judges are shown; all by default.", HelpName = "N" };
    private readonly Option<bool> _reasoning = new("--show-thoughts") { Description = "Trajectories: judges are shown what turns thought before they spoke, too." };

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command) => command.Add(_toolResult, _turns, _reasoning);

    /// <summary>What they say; null where nothing.</summary>
    public TrajectoryView? Of(ParseResult parsed)
    {
        var view = new TrajectoryView { ToolResult = parsed.GetValue(_toolResult), Turns = parsed.GetValue(_turns), Reasoning = parsed.GetValue(_reasoning) };
        return view == new TrajectoryView() ? null : view;
    }
}
