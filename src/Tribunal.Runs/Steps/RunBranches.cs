using Tribunal.Protocols;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>The ways in which a run judges: its own, and one per line of its routing table.</summary>
internal sealed class RunBranches
{
    private readonly Dictionary<string, GatedJudge> _routed = new(StringComparer.Ordinal);

    /// <summary>Builds schemes and gates.</summary>
    /// <exception cref="ArgumentException">Options are wrong; the message names each.</exception>
    public RunBranches(EvaluationRequest request, JudgeRoutes routes)
    {
        Routes = routes;
        var gates = new Dictionary<(string Judge, bool Meta), SemaphoreSlim>();
        Own = JudgeOf(routes.Own);
        string ownPrompt = PromptFingerprint.Of(routes.Own.Protocol);
        var branches = new List<Branch>();
        for (int i = 0; i < routes.Routed.Count; i++)
        {
            Route route = request.Routing!.Routes[i];
            Judge binding = routes.Routed[i];
            bool apart = binding.Name != routes.Own.Name || binding.Sampling != routes.Own.Sampling || PromptFingerprint.Of(binding.Protocol) != ownPrompt;
            string name = RoutingTable.NameOf(route);
            branches.Add(new Branch(name, Schemes.For(JudgeRegistry.RequestFor(request, route), binding.Protocol, binding.LearnedMeta), binding.Protocol, apart));
            _routed.Add(name, JudgeOf(binding));
        }

        var own = new Branch(request.Routing is null ? null : RoutingTable.Default, Schemes.For(request, routes.Own.Protocol, routes.Own.LearnedMeta), routes.Own.Protocol);
        Router = new Router(own, request.Routing, branches);
        Concurrency = gates.Values.Sum(static gate => gate.CurrentCount);

        GatedJudge JudgeOf(Judge binding) => new(binding, GateOf(binding, meta: false), binding.Meta is null ? null : GateOf(binding, meta: true));

        SemaphoreSlim GateOf(Judge binding, bool meta)
        {
            if (!gates.TryGetValue((binding.Name, meta), out SemaphoreSlim? gate))
            {
                gates.Add((binding.Name, meta), gate = new SemaphoreSlim(binding.Concurrency));
            }

            return gate;
        }
    }

    public JudgeRoutes Routes { get; }

    /// <summary>The run's own judge: the scouts', and that of rollouts that no line fits.</summary>
    public GatedJudge Own { get; }

    public Router Router { get; }

    /// <summary>Judgements under way at once over all judges: asked for, or waiting for their meta rewards.</summary>
    public int Concurrency { get; }

    /// <summary>Whether any of the judges has a meta reward model beside it that is asked.</summary>
    public bool AskMeta => Routes.All.Any(static judge => judge.Meta is not null);

    /// <summary>Who is asked for a draw of a route.</summary>
    public GatedJudge Of(string? route) => route is not null && _routed.TryGetValue(route, out GatedJudge? judge) ? judge : Own;

    /// <summary>What the manifest keeps of the routes; null without a table.</summary>
    public static IReadOnlyList<RouteManifest>? ManifestOf(EvaluationRequest request, JudgeRoutes routes) => request.Routing is not { } table ? null :
    [
        .. routes.Routed.Select((binding, i) => new RouteManifest(
            RoutingTable.NameOf(table.Routes[i]), binding.Name, binding.Model, binding.Protocol.Name, PromptFingerprint.Of(binding.Protocol), binding.Sampling)),
    ];
}
