using Tribunal.MetaReward;
using Tribunal.Protocols.Catalog;
using Tribunal.Runs.Orchestration;
using Tribunal.Sampling;

namespace Tribunal.Runs.Judges;

/// <summary>
/// Judges and meta reward models by their names. The one place where a request's names become what judges it, with the same
/// checks on every host, before anything is spent.
/// </summary>
/// <param name="judges">The judge of a name; null asks for the default. Throws <see cref="JudgeConfigurationException"/> where there is none.</param>
/// <param name="metas">The meta reward model of a name beside a judge. Throws <see cref="JudgeConfigurationException"/> where there is none.</param>
/// <param name="learned">Meta reward models of one's own, by their ids.</param>
public sealed class JudgeRegistry(Func<string?, Judge> judges, Func<string, Judge, IMetaRewardModel> metas, params IReadOnlyList<LearnedMetaModel> learned)
{
    /// <summary>A registry of what is there already.</summary>
    /// <param name="judges">The judges; the first serves requests that name none.</param>
    /// <param name="metas">The meta reward models.</param>
    /// <param name="learned">Meta reward models of one's own.</param>
    public JudgeRegistry(IReadOnlyList<Judge> judges, IReadOnlyList<IMetaRewardModel> metas, params IReadOnlyList<LearnedMetaModel> learned)
        : this(name => Find(judges, name), (name, _) => Find(metas, name), learned)
    {
    }

    /// <summary>What judges a request, its routes included.</summary>
    /// <exception cref="JudgeConfigurationException">Something can't work; the message lists every problem.</exception>
    public JudgeRoutes Resolve(EvaluationRequest request)
    {
        if (request.Routing is not { } table)
        {
            Judge only = ResolveOne(request);
            Refuse([.. CostProblems(request, only.Price, "a limit on cost needs the judge's prices")]);
            return new JudgeRoutes(only, []);
        }

        Judge own = ResolveOne(request with { Routing = null });
        List<Problem> problems = [.. RoutingProblems(request)];
        Refuse(problems);
        if (!own.Protocol.NamesTask && table.Routes.Any(static route => route.Task is not null))
        {
            problems.Add(new Problem("routing", $"{own.Protocol.Name} with {own.Model} names no task type; routes by task need the protocol rm-r1 and an instruct model"));
        }

        var routed = new List<Judge>(table.Routes.Count);
        for (int i = 0; i < table.Routes.Count; i++)
        {
            try
            {
                Judge judge = ResolveOne(RequestFor(request, table.Routes[i]));
                routed.Add(table.Routes[i].ThinkingTokens is { } thinking ? judge with { Sampling = judge.Sampling with { ThinkingTokens = thinking } } : judge);
            }
            catch (JudgeConfigurationException exception)
            {
                problems.AddRange(exception.Problems.Select(problem => problem.Below($"routing.routes[{i}]")));
            }
        }

        var routes = new JudgeRoutes(own, routed);
        problems.AddRange(CostProblems(request, routes.Price, "the judges of the routes need one price"));
        Refuse(problems);
        return routes;
    }

    /// <summary>What is wrong with a request's table by itself, whatever judges there are; empty when nothing is.</summary>
    public static IReadOnlyList<Problem> RoutingProblems(EvaluationRequest request)
    {
        if (request.Routing is not { } table)
        {
            return [];
        }

        IReadOnlyList<Problem> problems = table.Problems(judges: null, ProtocolCatalog.Names);
        return request.Policy.Kind == PolicyKind.Budget ? [.. problems, new Problem("policy.kind", "a budget spans the batch and goes with no routing")] : problems;
    }

    /// <summary>The request of the rollouts that take a route.</summary>
    public static EvaluationRequest RequestFor(EvaluationRequest request, Route route) => request with
    {
        Judge = route.Judge ?? request.Judge,
        Protocol = route.Protocol ?? (route.Judge is null ? request.Protocol : "auto"),
        Policy = route.Policy ?? request.Policy,
        // A judge of lists plays no tournament; the run's is for its pair judges.
        Tournament = route.Protocol == ProtocolCatalog.Grm ? new() : request.Tournament,
        Routing = null,
    };

    private Judge ResolveOne(EvaluationRequest request)
    {
        Judge judge = judges(request.Judge).AskedBy(request.Protocol);
        List<Problem> problems = [.. Schemes.OptionsFor(request, judge.Protocol.Kind, judge.Protocol.ScoreRange).Problems()];
        if (request.Policy.Cost is not null && judge.Price is null)
        {
            problems.Add(new Problem("policy.cost", "a budget in money needs the judge's prices"));
        }

        problems.AddRange(request.Trajectories?.Problems() ?? []);
        Refuse(problems);
        LearnedMetaModel? own = learned.FirstOrDefault(model => model.Id == request.Meta.Model);
        return judge with { View = request.Trajectories ?? judge.View, LearnedMeta = own, Meta = own is null && MetaWeights.Active(request.Meta) ? metas(request.Meta.Model!, judge) : null };
    }

    private static IEnumerable<Problem> CostProblems(EvaluationRequest request, TokenPrice? price, string message) =>
        request.Limits.Cost is not null && price is null ? [new Problem("limits.cost", message)] : [];

    private static void Refuse(List<Problem> problems)
    {
        if (problems.Count > 0)
        {
            throw new JudgeConfigurationException(problems);
        }
    }

    private static Judge Find(IReadOnlyList<Judge> judges, string? name) => judges.FirstOrDefault(judge => name is null || judge.Name == name)
        ?? throw new JudgeConfigurationException([new Problem("judge", $"there is no judge '{name}'; configured: {string.Join(", ", judges.Select(static judge => judge.Name))}")]);

    private static IMetaRewardModel Find(IReadOnlyList<IMetaRewardModel> metas, string name) => metas.FirstOrDefault(meta => meta.Name == name)
        ?? throw new JudgeConfigurationException(
            [new Problem("meta.model", $"there is no meta reward model '{name}'; configured: {string.Join(", ", metas.Select(static meta => meta.Name).DefaultIfEmpty("none"))}")]);
}
