using System.CommandLine;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Cli.Options;

/// <summary>The options that end a run's spending, the same for every command that starts one.</summary>
internal sealed class LimitChoice
{
    private readonly Option<long?> _tokens = new("--max-total-tokens") { Description = "Stop, resumably, when the run has used so many tokens in all.", HelpName = "N" };
    private readonly Option<double?> _cost = new("--max-total-cost") { Description = "Stop, resumably, when the run has cost so much (needs prices).", HelpName = "X" };

    public LimitChoice()
    {
        _tokens.Between(1, double.PositiveInfinity);
        _cost.Between(0, double.PositiveInfinity);
    }

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command) => command.Add(_tokens, _cost);

    /// <summary>What they say.</summary>
    public SpendLimits Of(ParseResult parsed) => new() { Tokens = parsed.GetValue(_tokens), Cost = parsed.GetValue(_cost) };
}
