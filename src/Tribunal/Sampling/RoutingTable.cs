using System.Text.Json.Serialization;
using Tribunal.JudgeModels;

namespace Tribunal.Sampling;

/// <summary>One line of a routing table: what a rollout must be, and how it is judged then. What is left out stays as the run says.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Route
{
    /// <summary>What ledgers, verdicts and summaries call it; null names it by its conditions, as in <c>domain=math,task=chat</c>.</summary>
    public string? Name { get; init; }

    /// <summary>The rollout's domain; null for any.</summary>
    public string? Domain { get; init; }

    /// <summary>The task type that the judge perceived (RM-R1: <c>chat</c>, <c>reasoning</c>); null for any.</summary>
    public string? Task { get; init; }

    /// <summary>
    /// A cascade: the line fits where the run's own judge has said what it has to say, and its verdict is less sure than this, in (0, 1].
    /// Sure is the verdict's correctness where the run has a calibration, else its confidence. Null for any.
    /// </summary>
    public double? Below { get; init; }

    /// <summary>The judge's name in the configuration.</summary>
    public string? Judge { get; init; }

    /// <summary>The protocol's name.</summary>
    public string? Protocol { get; init; }

    /// <summary>The path of a protocol file, where batches are; null for a protocol of the catalog.</summary>
    public string? ProtocolFile { get; init; }

    /// <summary>The thinking budget in tokens, 0 or more.</summary>
    public int? ThinkingTokens { get; init; }

    /// <summary>When to stop sampling.</summary>
    public PolicyOptions? Policy { get; init; }

    /// <summary>
    /// What an earlier run has learned of this line's judge, for a policy that goes by it; null goes by the flat prior, or by the run's own
    /// where the judge is the run's own.
    /// </summary>
    public JudgeModel? Prior { get; init; }
}

/// <summary>
/// Chooses judge, protocol, thinking budget and policy by what a rollout is. The first line that fits counts; comparisons ignore
/// case. Where a line asks for the task type, the run's own judge draws one judgement first, the scout, and the type that it
/// names decides; one that names none fits no such line.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RoutingTable
{
    /// <summary>What the scout's judgement has as its route: it was drawn before the route was known.</summary>
    public const string Scout = "scout";

    /// <summary>The route of rollouts that no line fits: judged as the run says.</summary>
    public const string Default = "default";

    private const int MaxName = 128;
    private static readonly string[] Tasks = ["chat", "reasoning"];

    /// <summary>The lines, from first to last.</summary>
    public IReadOnlyList<Route> Routes { get; init; } = [];

    /// <summary>The line for a rollout; null where none fits. Pure.</summary>
    /// <param name="domain">The rollout's domain, if it has one.</param>
    /// <param name="task">The perceived task type, once a judgement has named one.</param>
    /// <param name="sure">How sure the verdict of the run's own judge is, once there is one.</param>
    public Route? For(string? domain, string? task, double? sure = null) =>
        Routes.FirstOrDefault(route => Fits(route.Domain, domain) && Fits(route.Task, task) && (route.Below is not { } below || sure < below));

    /// <summary>Whether a rollout's line can't be told without the verdict of the run's own judge.</summary>
    /// <param name="domain">The rollout's domain, if it has one.</param>
    /// <param name="task">The perceived task type, once a judgement has named one.</param>
    public bool AsksSureness(string? domain, string? task) => Routes.FirstOrDefault(route => Fits(route.Domain, domain) && Fits(route.Task, task))?.Below is not null;

    /// <summary>Whether all lines go by the verdict of the run's own judge, which therefore judges every rollout.</summary>
    [JsonIgnore]
    public bool IsCascade => Routes.Count > 0 && Routes.All(static route => route?.Below is not null);

    /// <summary>Whether a rollout's line can't be told without its task type.</summary>
    /// <param name="domain">The rollout's domain, if it has one.</param>
    public bool AsksTask(string? domain) => Routes.FirstOrDefault(route => Fits(route.Domain, domain))?.Task is not null;

    private static bool Fits(string? wanted, string? actual) => wanted is null || string.Equals(wanted, actual, StringComparison.OrdinalIgnoreCase);

    /// <summary>The name of a line.</summary>
    public static string NameOf(Route route) => route.Name ?? Conditions(route) + (route.Below is { } below ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $",below={below}") : "");

    private static string Conditions(Route route) => (route.Domain, route.Task) switch
    {
        (null, null) => "any",
        ({ } domain, null) => $"domain={domain}",
        (null, { } task) => $"task={task}",
        ({ } domain, { } task) => $"domain={domain},task={task}",
    };

    /// <summary>Tables are the same when their lines are.</summary>
    public bool Equals(RoutingTable? other) => other is not null && Routes.SequenceEqual(other.Routes);

    /// <inheritdoc/>
    public override int GetHashCode() => Routes.Aggregate(0, HashCode.Combine);

    /// <summary>What is wrong with the table, by the fields of requests; empty when nothing is.</summary>
    /// <param name="judges">Names of the configured judges; null skips that check.</param>
    /// <param name="protocols">Names of the protocols; null skips that check.</param>
    public IReadOnlyList<Problem> Problems(IReadOnlyCollection<string>? judges = null, IReadOnlyCollection<string>? protocols = null)
    {
        ProblemList problems = [];
        HashSet<string> names = new([Scout, Default], StringComparer.Ordinal);
        for (int i = 0; i < Routes.Count; i++)
        {
            string at = $"routing.routes[{i}]";
            if (Routes[i] is not { } route)
            {
                problems.Add(new Problem(at, "is null"));
                continue;
            }

            string name = NameOf(route);
            bool named = name.Length is > 0 and <= MaxName && !name.Any(char.IsControl);
            problems.Require(named, $"{at}.name", $"is empty, longer than {MaxName} characters, or has control characters");
            problems.Require(!named || names.Add(name), $"{at}.name", $"'{name}' is taken");
            problems.Require(route.Task is null || Tasks.Contains(route.Task, StringComparer.OrdinalIgnoreCase), $"{at}.task", $"'{route.Task}' is never perceived; there are {string.Join(", ", Tasks)}");
            problems.Require(
                route is not { Judge: null, Protocol: null, ProtocolFile: null, ThinkingTokens: null, Policy: null }, at, "chooses nothing; give judge, protocol, thinkingTokens or policy");
            problems.Require(
                route.Judge is not { } judge || judges?.Contains(judge, StringComparer.Ordinal) != false, $"{at}.judge", $"'{route.Judge}' is not configured; there are {string.Join(", ", judges ?? [])}");
            problems.Require(
                route is not { ProtocolFile: null, Protocol: { } protocol } || protocols?.Contains(protocol, StringComparer.Ordinal) != false,
                $"{at}.protocol", $"'{route.Protocol}' is unknown; there are {string.Join(", ", protocols ?? [])}");
            problems.Require(route.ThinkingTokens is null or >= 0, $"{at}.thinkingTokens", $"{route.ThinkingTokens} is below 0");
            problems.Require(
                route.Below is null || (route.Below is > 0 and <= 1 && route.Judge is not null),
                $"{at}.below", route.Below is > 0 and <= 1 ? "goes on to another judge: give judge" : $"{route.Below} is outside (0, 1]");
            problems.Require(route.Policy is not { Kind: PolicyKind.Budget }, $"{at}.policy.kind", "a budget spans the batch and can't be routed");
            int before = Enumerable.Range(0, i).FirstOrDefault(line => Routes[line] is { Below: null } wide && Fits(wide.Domain, route.Domain) && Fits(wide.Task, route.Task), -1);
            problems.Require(before < 0, at, $"is never reached, routing.routes[{before}] fits all it fits");
        }

        return problems;
    }
}
