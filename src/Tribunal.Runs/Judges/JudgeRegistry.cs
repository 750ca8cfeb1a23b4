using Tribunal.MetaReward;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
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
    /// <summary>What judges a request, its routes or its panel included.</summary>
    /// <param name="request">The request.</param>
    /// <param name="files">The texts of the protocol files that it names, by their paths.</param>
    /// <exception cref="JudgeConfigurationException">Something can't work; the message lists every problem.</exception>
    public JudgeRoutes Resolve(EvaluationRequest request, IReadOnlyDictionary<string, string>? files = null)
    {
        if (request.Judges is not null)
        {
            return ResolvePanel(request, files);
        }

        if (request.Routing is not { } table)
        {
            return Checked(request, new JudgeRoutes(ResolveOne(request, files), []), "a limit on cost needs the judge's prices", []);
        }

        Judge own = ResolveOne(request with { Routing = null }, files);
        List<Problem> problems = [.. RoutingProblems(request)];
        Refuse(problems);
        if (!own.Protocol.NamesTask && table.Routes.Any(static route => route.Task is not null))
        {
            problems.Add(new Problem("routing", $"{own.Protocol.Name} with {own.Model} names no task type; routes by task need the protocol rm-r1 and an instruct model"));
        }

        List<Judge> routed = ResolveEach(table.Routes.Select(route => (RequestFor(request, route), route.ThinkingTokens)), "routing.routes", files, problems);
        return Checked(request, new JudgeRoutes(own, routed) { IsCascade = table.IsCascade }, "the judges of the routes need one price", problems);
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
        Protocol = route.Protocol ?? (route.Judge is null && route.ProtocolFile is null ? request.Protocol : "auto"),
        ProtocolFile = route.ProtocolFile ?? (route.Judge is null && route.Protocol is null ? request.ProtocolFile : null),
        Policy = route.Policy ?? request.Policy,
        // A judge of lists plays no tournament; the run's is for its pair judges.
        Tournament = route.Protocol == ProtocolCatalog.Grm ? new() : request.Tournament,
        Routing = null,
        // What is known of one judge is not known of another.
        Prior = route.Prior ?? (route.Judge is null ? request.Prior : null),
    };

    /// <summary>What is wrong with a request's panel by itself, whatever judges there are; empty when nothing is.</summary>
    public static IReadOnlyList<Problem> PanelProblems(EvaluationRequest request)
    {
        if (request.Judges is not { } panel)
        {
            return [];
        }

        List<Problem> problems = [.. panel.Problems(ProtocolCatalog.Names)];
        if (request.Routing is not null)
        {
            problems.Add(new Problem("routing", "a panel judges every rollout: choose routes or a panel"));
        }

        if (request.Hint != Training.HintMode.None)
        {
            problems.Add(new Problem("hint", "hinted samples are drawn of one judge, not of a panel"));
        }

        if (request.Panel is not null && panel.Weights != Voting.PanelMethod.Equal)
        {
            problems.Add(new Problem("judges.weights", "weights are given as {0} already", "panel"));
        }

        return problems;
    }

    /// <summary>The request of a member's judgements.</summary>
    public static EvaluationRequest RequestFor(EvaluationRequest request, PanelMember member) => request with
    {
        Judge = member.Judge ?? request.Judge,
        Protocol = member.Protocol ?? (member.Judge is null && member.ProtocolFile is null ? request.Protocol : "auto"),
        ProtocolFile = member.ProtocolFile ?? (member.Judge is null && member.Protocol is null ? request.ProtocolFile : null),
        Tournament = new(),
        Judges = null,
    };

    private JudgeRoutes ResolvePanel(EvaluationRequest request, IReadOnlyDictionary<string, string>? files)
    {
        List<Problem> problems = [.. PanelProblems(request)];
        Refuse(problems);
        List<Judge> members = ResolveEach(
            request.Judges!.Members.Select(member => (RequestFor(request, member), member.ThinkingTokens)), "judges.members", files, problems);
        Refuse(problems);
        foreach (IGrouping<(string, string), Judge> alike in members.GroupBy(static judge => (judge.Name, judge.Protocol.Name)).Where(static group => group.Count() > 1))
        {
            problems.Add(new Problem("judges.members", $"{alike.Count()} members are {alike.Key.Item1} by {alike.Key.Item2}: ledgers tell members apart by judge and protocol"));
        }

        var routes = new JudgeRoutes(members[0], []) { Panel = members };
        problems.AddRange(Schemes.OptionsFor(request, routes).Problems());
        return Checked(request, routes, "a limit on cost needs the prices of all members", problems);
    }

    // The judges of a table's lines, or of a panel's members.
    private List<Judge> ResolveEach(IEnumerable<(EvaluationRequest Request, int? ThinkingTokens)> asked, string place, IReadOnlyDictionary<string, string>? files, List<Problem> problems)
    {
        var resolved = new List<Judge>();
        foreach ((int i, (EvaluationRequest request, int? thinking)) in asked.Index())
        {
            try
            {
                Judge judge = ResolveOne(request, files);
                resolved.Add(thinking is null ? judge : judge with { Sampling = judge.Sampling with { ThinkingTokens = thinking } });
            }
            catch (JudgeConfigurationException exception)
            {
                problems.AddRange(exception.Problems.Select(problem => problem.Below($"{place}[{i}]")));
            }
        }

        return resolved;
    }

    private static JudgeRoutes Checked(EvaluationRequest request, JudgeRoutes routes, string needed, List<Problem> problems)
    {
        if (request.Limits.Cost is not null && routes.Prices is null)
        {
            problems.Add(new Problem("limits.cost", needed));
        }

        if (request.RubricFile is not null && !routes.All.Any(static judge => judge.Protocol is DeclaredProtocol { ShowsRubric: true }))
        {
            problems.Add(new Problem("rubricFile", $"{routes.Own.Protocol.Name} shows its judge no rubric: rubric-together and rubric-apart grade by one; prometheus-absolute, selene-pair and others show it"));
        }

        Refuse(problems);
        return routes;
    }

    private Judge ResolveOne(EvaluationRequest request, IReadOnlyDictionary<string, string>? files)
    {
        string? file = request.ProtocolFile is not { } path ? null
            : files?.GetValueOrDefault(path) ?? throw new JudgeConfigurationException([new Problem("protocolFile", $"{path} was not read")]);
        if (file is not null && !ProtocolFileReader.IsProtocol(file))
        {
            throw new JudgeConfigurationException([new Problem("protocolFile", $"{request.ProtocolFile} is no protocol file: it has no line 'protocol: NAME'")]);
        }

        Judge judge = judges(request.Judge).AskedBy(request.Protocol, file);
        if (request.RubricFile is not null)
        {
            judge = Rubricked(judge, request.RubricFile, files);
        }

        List<Problem> problems = [.. Schemes.OptionsFor(request, judge.Protocol.Kind, judge.Protocol.ScoreRange).Problems()];
        if (judge.Endpoint.Prepare(judge.Protocol) is { } unable)
        {
            problems.Add(new Problem("protocol", unable));
        }

        if (request.Policy.Cost is not null && judge.Price is null)
        {
            problems.Add(new Problem("policy.cost", "a budget in money needs the judge's prices"));
        }

        problems.AddRange(request.Trajectories?.Problems() ?? []);
        Refuse(problems);
        LearnedMetaModel? own = learned.FirstOrDefault(model => model.Id == request.Meta.Model);
        return judge with { View = request.Trajectories ?? judge.View, LearnedMeta = own, Meta = own is null && MetaWeights.Active(request.Meta) ? metas(request.Meta.Model!, judge) : null };
    }

    private static Judge Rubricked(Judge judge, string path, IReadOnlyDictionary<string, string>? files)
    {
        string text = files?.GetValueOrDefault(path) ?? throw new JudgeConfigurationException([new Problem("rubricFile", $"{path} was not read")]);
        try
        {
            RubricSet rubrics = RubricFileReader.Read(text);
            return judge.Protocol is DeclaredProtocol { ShowsRubric: true } declared ? judge with { Protocol = declared.With(rubrics) } : judge;
        }
        catch (ProtocolFileException exception)
        {
            throw new JudgeConfigurationException([new Problem("rubricFile", $"{path}: {exception.Message}")], exception);
        }
    }

    private static void Refuse(List<Problem> problems)
    {
        if (problems.Count > 0)
        {
            throw new JudgeConfigurationException(problems);
        }
    }
}
