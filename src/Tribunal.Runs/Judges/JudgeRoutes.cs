using Tribunal.Protocols.Catalog;
using Tribunal.Runs.Orchestration;
using Tribunal.Sampling;

namespace Tribunal.Runs.Judges;

/// <summary>What judges a run: its own judge, and that of each line of its routing table.</summary>
/// <param name="Own">Of scouts, and of rollouts that no line fits.</param>
/// <param name="Routed">One per line, in the table's order; empty without a table.</param>
public sealed record JudgeRoutes(JudgeBinding Own, IReadOnlyList<JudgeBinding> Routed)
{
    /// <summary>All of them, the run's own first.</summary>
    public IEnumerable<JudgeBinding> All => [Own, .. Routed];

    /// <summary>The one price of all of them; null where it is unknown or they differ.</summary>
    public TokenPrice? Price => Routed.All(binding => binding.Price == Own.Price) ? Own.Price : null;

    /// <summary>Resolves a request with its routes.</summary>
    /// <param name="judges">Finds judges by name.</param>
    /// <param name="request">The request.</param>
    /// <exception cref="JudgeConfigurationException">Something can't work; the message lists every problem.</exception>
    public static JudgeRoutes Resolve(IJudgeProvider judges, EvaluationRequest request)
    {
        JudgeBinding own = judges.Resolve(request with { Routing = null });
        if (request.Routing is not { } table)
        {
            return new JudgeRoutes(own, []);
        }

        List<string> problems = [.. Problems(request)];
        if (problems.Count > 0)
        {
            throw new JudgeConfigurationException(string.Join("; ", problems));
        }

        if (!own.Protocol.NamesTask && table.Routes.Any(static route => route.Task is not null))
        {
            problems.Add($"routing: {own.Protocol.Name} with {own.Model} names no task type; routes by task need the protocol rm-r1 and an instruct model");
        }

        var routed = new List<JudgeBinding>(table.Routes.Count);
        for (int i = 0; i < table.Routes.Count; i++)
        {
            try
            {
                EvaluationRequest part = RequestFor(request, table.Routes[i]);
                JudgeBinding binding = judges.Resolve(part);
                problems.AddRange(Schemes.OptionsFor(part, binding.Protocol.Kind, binding.Protocol.ScoreRange).Problems().Select(problem => $"routing.routes[{i}]: {problem}"));
                routed.Add(table.Routes[i].ThinkingTokens is { } thinking ? binding with { Sampling = binding.Sampling with { ThinkingTokens = thinking } } : binding);
            }
            catch (JudgeConfigurationException exception)
            {
                problems.Add($"routing.routes[{i}]: {exception.Message}");
            }
        }

        var routes = new JudgeRoutes(own, routed);
        if (request.Limits.Cost is not null && routes.Price is null)
        {
            problems.Add("limits.cost: the judges of the routes need one price");
        }

        return problems.Count == 0 ? routes : throw new JudgeConfigurationException(string.Join("; ", problems));
    }

    /// <summary>What is wrong with a request's table by itself, whatever judges there are; empty when nothing is.</summary>
    public static IEnumerable<string> Problems(EvaluationRequest request)
    {
        if (request.Routing is not { } table)
        {
            return [];
        }

        return request.Policy.Kind == PolicyKind.Budget
            ? [.. table.Problems(judges: null, ProtocolCatalog.Names), "policy.kind: a budget spans the batch and goes with no routing"]
            : table.Problems(judges: null, ProtocolCatalog.Names);
    }

    /// <summary>The request of the rollouts that take a route.</summary>
    public static EvaluationRequest RequestFor(EvaluationRequest request, Route route) => request with
    {
        Judge = route.Judge ?? request.Judge,
        Protocol = route.Protocol ?? (route.Judge is null ? request.Protocol : "auto"),
        Policy = route.Policy ?? request.Policy,
        // A judge of lists plays no tournament; the run's is for its pair judges.
        Tournament = route.Protocol == "grm" ? new() : request.Tournament,
        Routing = null,
    };
}
