using System.Globalization;
using Tribunal.Judgements;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Grm;

namespace Tribunal.Voting;

/// <summary>What the scores of a list are worth: a ledger written by hand, or by another tool, may hold what no judge of its protocol can give.</summary>
public static class RecordedScores
{
    /// <summary>The scale that a judgement's scores are on; null where neither the line nor its protocol tells it.</summary>
    public static (double Min, double Max)? ScaleOf(Judgement judgement) => judgement switch
    {
        { Scale: [double min, double max] } when min < max => (min, max),
        { Protocol: ProtocolCatalog.Grm } => (GrmAnswer.Lowest, GrmAnswer.Highest),
        _ => null,
    };

    /// <summary>Why a valid judgement's scores can't be voted on; null where they can, or where it has none.</summary>
    /// <param name="judgement">The judgement.</param>
    /// <param name="range">The scale of scores that tell none; null takes these as they are.</param>
    public static string? WhyNot(Judgement judgement, (double Min, double Max)? range)
    {
        if (judgement is not { Outcome: JudgementOutcome.Valid, Scores: { } scores })
        {
            return null;
        }

        (double Min, double Max)? scale = ScaleOf(judgement) ?? range;
        foreach (double score in scores)
        {
            if (!double.IsFinite(score))
            {
                return "a score is not finite";
            }

            if (score < scale?.Min || score > scale?.Max)
            {
                return string.Create(CultureInfo.InvariantCulture, $"the score {score} is not on the scale from {scale?.Min} to {scale?.Max}");
            }
        }

        return null;
    }

    /// <summary>The judgements, those whose scores can't be voted on as ones that could not be read.</summary>
    public static IReadOnlyList<Judgement> Checked(IReadOnlyList<Judgement> judgements, (double Min, double Max) range) =>
        judgements.All(judgement => WhyNot(judgement, range) is null)
            ? judgements
            : [.. judgements.Select(judgement => WhyNot(judgement, range) is { } why ? judgement with { Outcome = JudgementOutcome.Unparsable, Why = why, Scores = null } : judgement)];
}
