using System.Text.Json.Serialization;

namespace Tribunal.Sampling;

/// <summary>One line of a routing table: what a rollout must be, and how it is judged then. What is left out stays as the run says.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Route
{
    /// <summary>The rollout's domain; null for any.</summary>
    public string? Domain { get; init; }

    /// <summary>The task type that the judge perceived (RM-R1: <c>chat</c>, <c>reasoning</c>); null for any.</summary>
    public string? Task { get; init; }

    /// <summary>The judge's name in the configuration.</summary>
    public string? Judge { get; init; }

    /// <summary>The protocol's name.</summary>
    public string? Protocol { get; init; }

    /// <summary>The thinking budget in tokens, 0 or more.</summary>
    public int? ThinkingTokens { get; init; }

    /// <summary>When to stop sampling.</summary>
    public PolicyOptions? Policy { get; init; }
}

/// <summary>
/// Chooses judge, protocol, thinking budget and policy by what a rollout is. The first line that fits counts; comparisons ignore
/// case.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RoutingTable
{
    /// <summary>The lines, from first to last.</summary>
    public IReadOnlyList<Route> Routes { get; init; } = [];

    /// <summary>The line for a rollout; null where none fits. Pure.</summary>
    /// <param name="domain">The rollout's domain, if it has one.</param>
    /// <param name="task">The perceived task type, once a judgement has named one.</param>
    public Route? For(string? domain, string? task)
    {
        foreach (Route route in Routes)
        {
            if (Fits(route.Domain, domain) && Fits(route.Task, task))
            {
                return route;
            }
        }

        return null;

        static bool Fits(string? wanted, string? actual) =>
            wanted is null || string.Equals(wanted, actual, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>What is wrong with the table, each problem naming the option; empty when nothing is.</summary>
    /// <param name="judges">Names of the configured judges; null skips that check.</param>
    /// <param name="protocols">Names of the protocols; null skips that check.</param>
    public IReadOnlyList<string> Problems(IReadOnlyCollection<string>? judges = null, IReadOnlyCollection<string>? protocols = null)
    {
        List<string> problems = [];
        for (int i = 0; i < Routes.Count; i++)
        {
            Route route = Routes[i];
            string at = $"routing.routes[{i}]";
            if (route is { Judge: null, Protocol: null, ThinkingTokens: null, Policy: null })
            {
                problems.Add($"{at}: chooses nothing; give judge, protocol, thinkingTokens or policy");
            }

            if (route.Judge is { } judge && judges?.Contains(judge, StringComparer.Ordinal) == false)
            {
                problems.Add($"{at}.judge: '{judge}' is not configured; there are {string.Join(", ", judges)}");
            }

            if (route.Protocol is { } protocol && protocols?.Contains(protocol, StringComparer.Ordinal) == false)
            {
                problems.Add($"{at}.protocol: '{protocol}' is unknown; there are {string.Join(", ", protocols)}");
            }

            if (route.ThinkingTokens < 0)
            {
                problems.Add($"{at}.thinkingTokens: {route.ThinkingTokens} is below 0");
            }

            if (route.Policy is { Kind: PolicyKind.Budget })
            {
                problems.Add($"{at}.policy.kind: a budget spans the batch and can't be routed");
            }

            for (int before = 0; before < i; before++)
            {
                if (Covers(Routes[before].Domain, route.Domain) && Covers(Routes[before].Task, route.Task))
                {
                    problems.Add($"{at}: is never reached, routing.routes[{before}] fits all it fits");
                    break;
                }
            }
        }

        return problems;

        static bool Covers(string? wide, string? narrow) =>
            wide is null || (narrow is not null && string.Equals(wide, narrow, StringComparison.OrdinalIgnoreCase));
    }
}
