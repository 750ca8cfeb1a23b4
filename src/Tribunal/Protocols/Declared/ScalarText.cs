using System.Globalization;
using Tribunal.Judgements;

namespace Tribunal.Protocols.Declared;

/// <summary>
/// The number of a classic reward model. It is a logit of no known scale; rewards are its logistic function, from 0 to 1, which keeps
/// their order and makes them means that can be compared inside a run.
/// </summary>
public static class ScalarText
{
    /// <summary>A reward as an answer.</summary>
    public static string Of(double reward) => reward.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Reads it.</summary>
    internal static Reading Read(string answer) =>
        double.TryParse(answer.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double reward) && double.IsFinite(reward)
            ? new Reading(JudgementOutcome.Valid, Scores: [1 / (1 + Math.Exp(-reward))])
            : AnswerText.Unparsable($"no reward: {AnswerText.Quote(answer)}");
}
