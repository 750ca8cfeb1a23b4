using System.CommandLine;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Cli.Options;

/// <summary>The options that say which rollouts of a batch are judged.</summary>
internal sealed class SelectionChoice
{
    private readonly Option<long?> _limit = new("--limit") { Description = "Judge N rollouts at most: the first, or with --shuffle some at random.", HelpName = "N" };
    private readonly Option<string[]> _ids = new("--sample-id") { Description = "Judge the rollouts with these ids only.", HelpName = "ID", AllowMultipleArgumentsPerToken = true };
    private readonly Option<long?> _shuffle = new("--shuffle") { Description = "With --limit: take them at random by this seed; verdicts stay in the batch's order.", HelpName = "SEED" };

    public SelectionChoice() => _limit.Between(1, double.PositiveInfinity);

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command)
    {
        command.Add(_limit, _ids, _shuffle);
        command.Validators.Add(result =>
        {
            if (result.GetValue(_shuffle) is not null && result.GetValue(_limit) is null)
            {
                result.AddError("--shuffle says which rollouts --limit takes: give --limit N too");
            }
        });
    }

    /// <summary>What they say; null where nothing.</summary>
    public BatchSelection? Of(ParseResult parsed)
    {
        string[]? ids = parsed.GetValue(_ids);
        var selection = new BatchSelection { Limit = parsed.GetValue(_limit), Shuffle = parsed.GetValue(_shuffle), Ids = ids is { Length: > 0 } ? ids : null };
        return selection == new BatchSelection() ? null : selection;
    }
}
