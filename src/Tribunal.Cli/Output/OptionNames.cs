namespace Tribunal.Cli.Output;

/// <summary>Turns the names that requests have for their fields into those of the command line's options.</summary>
internal static class OptionNames
{
    private static readonly Dictionary<string, string> Options = new(StringComparer.Ordinal)
    {
        ["policy"] = "--policy",
        ["policy.kind"] = "--policy",
        ["policy.samples"] = "--samples",
        ["policy.min"] = "--min",
        ["policy.max"] = "--max",
        ["policy.growth"] = "--growth",
        ["policy.confidence"] = "--confidence",
        ["policy.futility"] = "--futility",
        ["policy.indifference"] = "--indifference",
        ["policy.judgements"] = "--budget",
        ["policy.tokens"] = "--budget-tokens",
        ["policy.cost"] = "--budget-cost",
        ["meta.keep"] = "--keep",
        ["meta.use"] = "--meta-use",
        ["meta.temperature"] = "--meta-temperature",
        ["limits.tokens"] = "--max-total-tokens",
        ["selection.limit"] = "--limit",
        ["selection.shuffle"] = "--shuffle",
        ["selection.ids"] = "--sample-id",
        ["retryFailed"] = "--retry-failed",
        ["limits.cost"] = "--max-total-cost",
        ["meta.model"] = "--meta",
        ["protocol"] = "--protocol",
        ["judge"] = "--judge",
        ["rubricFile"] = "--rubric",
        ["output"] = "--run",
        ["hint"] = "--hint",
        ["trajectories.toolResult"] = "--tool-result",
        ["trajectories.turns"] = "--last-turns",
        ["judges.weights"] = "--panel",
        ["judges.members"] = "--judge",
        ["routing"] = "--routes",
        ["panel"] = "--panel",
        ["rule"] = "--rule",
        ["tournament.kind"] = "--tournament",
        ["tournament.votes"] = "--votes",
        ["tournament.rounds"] = "--rounds",
        ["tournament.opponents"] = "--opponents",
        ["tournament.rating"] = "--rating",
        ["tournament.teams"] = "--teams",
        ["tournament.teams.pattern"] = "--teams",
        ["tournament.teams.path"] = "--teams",
        ["tournament.elo.base"] = "--elo-base",
        ["tournament.elo.scale"] = "--elo-scale",
        ["tournament.elo.k"] = "--elo-k",
        ["tournament.elo.initial"] = "--elo-initial",
        ["tournament.elo.orders"] = "--elo-orders",
    };

    /// <summary>The option of a field; a field that has none keeps its name.</summary>
    public static string Of(string field) => Options.GetValueOrDefault(field, field);

    /// <summary>A sentence on an endpoint, with options for the names of its settings.</summary>
    public static string InWords(string message) => message.Replace("endpoint 'judge': ", "", StringComparison.Ordinal)
        .Replace("ApiKeyEnv", "--api-key-env", StringComparison.Ordinal);

    /// <summary>Problems as one sentence.</summary>
    public static string Join(IEnumerable<Problem> problems) => string.Join("; ", problems.Select(static problem => problem.In(Of)));
}
