using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Runs.Steps;

/// <summary>The ways in which a run judges: its own, and one per line of its routing table.</summary>
internal sealed class RunBranches
{
    private readonly Dictionary<string, GatedJudge> _routed = new(StringComparer.Ordinal);
    private readonly List<Branch> _others;
    private readonly EvaluationRequest _request;

    /// <summary>Builds schemes and gates.</summary>
    /// <exception cref="ArgumentException">Options are wrong; the message names each.</exception>
    public RunBranches(EvaluationRequest request, JudgeRoutes routes)
    {
        Routes = routes;
        Options = Schemes.OptionsFor(request, routes);
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

        Members = routes.Panel is { } panel ? [.. panel.Select(JudgeOf)] : [];
        var own = new Branch(request.Routing is null ? null : RoutingTable.Default, JudgingSchemes.Create(Options), routes.Own.Protocol, Seats: Options.Seats);
        _others = branches;
        Router = new Router(own, request.Routing, branches, request.Calibration);
        _request = request;
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

    /// <summary>What the run's own scheme, or its panel's, is made of.</summary>
    public SchemeOptions Options { get; }

    /// <summary>The run's own judge: the scouts', and that of rollouts that no line fits.</summary>
    public GatedJudge Own { get; }

    /// <summary>The members of the panel, in the order of their turns; empty for one judge.</summary>
    public IReadOnlyList<GatedJudge> Members { get; }

    public Router Router { get; }

    /// <summary>Judgements under way at once over all judges: asked for, or waiting for their meta rewards.</summary>
    public int Concurrency { get; }

    /// <summary>Whether any of the judges has a meta reward model beside it that is asked.</summary>
    public bool AskMeta => Routes.All.Any(static judge => judge.Meta is not null);

    /// <summary>Who is asked for a sample of a rollout with so many responses.</summary>
    public GatedJudge Of(int sample, string? route, int responses) => Options.Seats is { } seats ? Members[seats.MemberOf(sample, responses)]
        : route is not null && _routed.TryGetValue(route, out GatedJudge? judge) ? judge
        : Own;

    /// <summary>Who is asked for a planned draw.</summary>
    public GatedJudge Of(PlannedDraw draw, int responses) => Of(draw.Sample, draw.Route, responses);

    /// <summary>What whoever is asked is shown.</summary>
    public Draw ShownOf(PlannedDraw draw, Rollout rollout, long seed) =>
        Options.Seats?.Of(draw.Sample, rollout.Id, rollout.Responses.Count) ?? SampleDraw.Of(Of(draw, rollout.Responses.Count).Judge.Protocol.Kind, seed, rollout.Id, rollout.Responses.Count, draw.Sample);

    /// <summary>The router of a vote with weights that were learned after the drawing: what ends sampling stays what it was.</summary>
    public Router Weighed(PanelWeights weights, JudgeModel? learned)
    {
        SchemeOptions options = Options with { Learned = learned ?? Options.Learned };
        return Only(new WeighedScheme(JudgingSchemes.Create(options), JudgingSchemes.Create(options with { Panel = weights })));
    }

    /// <summary>The router where the run's own judge goes by another scheme than before.</summary>
    public Router With(IJudgingScheme scheme) => _request.Routing is null ? Only(scheme)
        : new Router(new Branch(RoutingTable.Default, scheme, Own.Judge.Protocol), _request.Routing, _others, _request.Calibration);

    /// <summary>The router where every rollout is judged by one scheme, by the run's own judge or panel.</summary>
    public Router Only(IJudgingScheme scheme) => new(new Branch(null, scheme, Own.Judge.Protocol, Seats: Options.Seats));

    /// <summary>What the manifest says of a request and of who judges; a panel goes by the names of all of its members.</summary>
    public static RunManifest ManifestOf(
        string runId, EvaluationRequest request, BatchFingerprint batch, JudgeRoutes routes, IReadOnlyDictionary<string, string> protocols, DateTimeOffset created)
    {
        return new RunManifest
        {
            Version = RunManifest.CurrentVersion,
            RunId = runId,
            Request = request,
            Batch = batch,
            Judge = Joined(static judge => judge.Name),
            Model = Joined(static judge => judge.Model),
            Protocol = Joined(static judge => judge.Protocol.Name),
            Prompt = PromptFingerprint.Of(routes.Own.Protocol),
            Sampling = routes.Own.Sampling,
            Routes = request.Routing is not { } table ? null : [.. routes.Routed.Select((binding, i) => ManifestOf(RoutingTable.NameOf(table.Routes[i]), binding))],
            Members = MembersOf(routes),
            ProtocolFiles = ProtocolTexts.HashesOf(protocols),
            Simulated = routes.All.Any(static judge => judge.Simulated),
            Created = created,
        };

        string Joined(Func<Judge, string> name) => routes.Panel is null ? name(routes.Own) : string.Join(" + ", routes.Panel.Select(name).Distinct(StringComparer.Ordinal));
    }

    /// <summary>What the manifest keeps of a panel; null without one.</summary>
    public static IReadOnlyList<RouteManifest>? MembersOf(JudgeRoutes routes) => routes.Panel is not { } panel ? null : [.. panel.Select(static binding => ManifestOf(binding.Name, binding))];

    private static RouteManifest ManifestOf(string name, Judge binding) =>
        new(name, binding.Name, binding.Model, binding.Protocol.Name, PromptFingerprint.Of(binding.Protocol), binding.Sampling);

    private sealed class WeighedScheme(IJudgingScheme drawn, IJudgingScheme voted) : IJudgingScheme
    {
        public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null) => drawn.Next(rollout, ledger, allowance);

        public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop) => voted.Cast(rollout, ledger, stop);
    }
}
