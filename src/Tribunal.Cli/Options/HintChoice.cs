using System.CommandLine;
using Tribunal.Training;

namespace Tribunal.Cli.Options;

/// <summary>The option that asks for hinted samples, the same for every command that starts a run.</summary>
internal sealed class HintChoice
{
    private readonly Option<string> _hint = new("--hint")
    {
        Description = "Training data: ask once more, naming the best response, for labelled items that no sample got right (failed) or for all. Never voted.",
        DefaultValueFactory = static _ => "none",
        HelpName = "none|failed|all",
    };

    public HintChoice() => _hint.AcceptOnlyFromAmong("none", "failed", "all");

    public Option Option => _hint;

    public HintMode ModeOf(ParseResult parsed) => parsed.Named<HintMode>(_hint);
}
