using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Runs.Orchestration;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Runs.Judges;

/// <summary>The judging scheme of a request.</summary>
public static class Schemes
{
    /// <summary>Options for a scheme that draws and votes, or only votes.</summary>
    public static SchemeOptions OptionsFor(EvaluationRequest request, JudgingKind kind, (double Min, double Max) range, LearnedMetaModel? model = null)
    {
        var options = new SchemeOptions
        {
            MetaModel = model,
            Panel = request.Panel,
            Learned = request.Prior,
            Policy = request.Policy,
            Meta = request.Meta,
            Tournament = request.Tournament,
            Rule = request.Rule,
            Seed = request.Seed,
            Kind = kind,
        };

        // Pair judges give no scores; where a route had lists judged, theirs are on the usual scale.
        return kind == JudgingKind.Listwise ? options with { ScoreRange = range } : options;
    }

    /// <summary>Options of what judges a run by itself: its own judge, or its panel.</summary>
    public static SchemeOptions OptionsFor(EvaluationRequest request, JudgeRoutes routes)
    {
        if (routes.Panel is not { } members)
        {
            return OptionsFor(request, routes.Own.Protocol.Kind, routes.Own.Protocol.ScoreRange, routes.Own.LearnedMeta);
        }

        var seats = new PanelSeats([.. members.Select(static judge => new PanelSeat(judge.Name, judge.Protocol, Once: judge.Protocol is DeclaredProtocol { Definition.Kind: ProtocolKind.Scalar }))], request.Seed);
        return OptionsFor(request, seats.AnyPairs ? JudgingKind.Pairwise : JudgingKind.Listwise, (0, 1), routes.Own.LearnedMeta) with
        {
            Seats = seats,
            Members = seats.Footing,
            Panel = request.Panel ?? ByHand(request.Judges!, [.. members.Select(static judge => (judge.Name, judge.Protocol.Name))]),
        };
    }

    /// <summary>The weights that a panel's members are given; null where all weigh the same.</summary>
    public static PanelWeights? ByHand(JudgePanel panel, IReadOnlyList<(string Judge, string Protocol)> members) => panel.Members.All(static member => member.Weight == 1) ? null : new PanelWeights
    {
        Weights = [.. panel.Members.Zip(members, static (member, judge) => new PanelWeight(judge.Judge, judge.Protocol, member.Weight))],
    };

    /// <summary>The scheme of a run.</summary>
    /// <exception cref="ArgumentException">Options are wrong; the message names each.</exception>
    public static IJudgingScheme For(EvaluationRequest request, IProtocol protocol, LearnedMetaModel? model = null) =>
        JudgingSchemes.Create(OptionsFor(request, protocol.Kind, protocol.ScoreRange, model));
}
