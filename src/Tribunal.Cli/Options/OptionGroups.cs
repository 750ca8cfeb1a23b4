using System.CommandLine;

namespace Tribunal.Cli.Options;

/// <summary>How a command's help is laid out: the options that matter first, and all of them by what they are about.</summary>
internal static class OptionGroups
{
    /// <summary>More than these, and help shows the first ones only.</summary>
    public const int Many = 16;

    private static readonly string[] Common = ["--help", "--config"];

    private static readonly string[] First =
    [
        "--output", "--judge", "--model", "--protocol", "--api-key-env", "--samples", "--policy", "--meta", "--limit", "--dry-run", "--max-total-cost", "--json",
        "--storage", "--through", "--watch", "--run", "--listen", "--group", "--resamples", "--rule",
    ];

    private static readonly (string Title, string[] Names)[] Groups =
    [
        ("The run", ["--output", "--run", "--watch", "--limit", "--sample-id", "--shuffle", "--dry-run", "--yes", "--ask-above", "--max-total-tokens", "--max-total-cost", "--valid-floor", "--wait", "--drain", "--retry-failed", "--no-report", "--json", "--via", "--storage", "--through", "--seed"]),
        ("The batch", ["--prompt-field", "--responses-field", "--system-field", "--id-field", "--label-field", "--label-from", "--reference-field", "--group-by", "--tool-result", "--last-turns", "--show-thoughts", "--rubric", "--rubric-mode"]),
        ("The judge", ["--judge", "--model", "--api-key-env", "--identity", "--adapter", "--protocol", "--template", "--stream", "--concurrency", "--timeout", "--tries", "--temperature", "--top-p", "--omit", "--max-tokens", "--thinking-tokens", "--price-in", "--price-out", "--judges", "--panel", "--routes", "--simulator-seed", "--simulator-bias", "--simulator-noise", "--simulator-cue"]),
        ("How many judgements", ["--samples", "--policy", "--min", "--max", "--confidence", "--prior", "--growth", "--futility", "--indifference", "--budget", "--budget-tokens", "--budget-cost", "--hint"]),
        ("The meta reward model", ["--meta", "--meta-model", "--meta-kind", "--meta-protocol", "--meta-key-env", "--keep", "--meta-use", "--meta-temperature"]),
        ("The vote", ["--rule", "--calibration", "--tournament", "--votes", "--rating", "--rounds", "--opponents", "--shared-bracket", "--teams", "--elo-k", "--elo-initial", "--elo-scale", "--elo-base", "--elo-orders"]),
    ];

    /// <summary>The twelve or fewer that a command's short help shows; null where it shows all.</summary>
    public static IReadOnlyList<Option>? ShortOf(Command command)
    {
        Option[] shown = [.. command.Options.Where(static option => !option.Hidden)];
        return shown.Length <= Many ? null
            : [.. First.SelectMany(name => shown.Where(option => option.Name == name)).Take(12), .. shown.Where(static option => Common.Contains(option.Name))];
    }

    /// <summary>All options of a command by what they are about; those of no group come last, under the command's name.</summary>
    public static IEnumerable<(string Title, IReadOnlyList<Option> Options)> Of(Command command)
    {
        Option[] shown = [.. command.Options.Where(static option => !option.Hidden)];
        var rest = new HashSet<Option>(shown);
        foreach ((string title, string[] names) in Groups)
        {
            Option[] own = [.. shown.Where(option => names.Contains(option.Name))];
            rest.ExceptWith(own);
            if (own.Length > 0)
            {
                yield return (title, own);
            }
        }

        if (rest.Count > 0)
        {
            yield return ($"Of {command.Name}", [.. shown.Where(rest.Contains)]);
        }
    }
}
