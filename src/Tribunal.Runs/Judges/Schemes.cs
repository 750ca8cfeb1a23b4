using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;
using Tribunal.Verdicts;

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

    /// <summary>The scheme of a run.</summary>
    /// <exception cref="ArgumentException">Options are wrong; the message names each.</exception>
    public static IJudgingScheme For(EvaluationRequest request, IProtocol protocol, LearnedMetaModel? model = null) =>
        JudgingSchemes.Create(OptionsFor(request, protocol.Kind, protocol.ScoreRange, model));
}
