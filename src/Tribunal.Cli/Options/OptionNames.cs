using System.Text.RegularExpressions;

namespace Tribunal.Cli.Options;

/// <summary>Turns the names that requests have for their fields into those of the command line's options.</summary>
internal static partial class OptionNames
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
        ["panel"] = "--panel",
        ["rule"] = "--rule",
        ["tournament.kind"] = "--tournament",
        ["tournament.votes"] = "--votes",
        ["tournament.rounds"] = "--rounds",
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

    /// <summary>Problems with options, as <c>policy.samples: 0 is outside 1..1024</c>, in the command line's words. What isn't one stays as it is.</summary>
    public static string In(string problems) => string.Join("; ", problems.Split("; ").Select(static problem =>
        problem.IndexOf(':', StringComparison.Ordinal) is > 0 and var end && Options.TryGetValue(problem[..end], out string? option)
            ? option + Field().Replace(problem[end..], static field => Options.GetValueOrDefault(field.Value, field.Value))
            : problem));

    [GeneratedRegex(@"\b(policy|meta|tournament)\.[a-z.]*[a-z]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Field();
}
