using System.Globalization;
using Tribunal.Judgements;

namespace Tribunal.Protocols.Declared;

/// <summary>
/// The number of a classic reward model. It is a logit of no known scale; its score is ½ + r / (2 (1 + |r|)), from 0 to 1, which keeps
/// the order of rewards however large they are (a logistic function calls 25 and 40 the same) and makes them means that can be
/// compared inside a run.
/// </summary>
public static class ScalarText
{
    /// <summary>A reward as an answer.</summary>
    public static string Of(double reward) => reward.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Reads it.</summary>
    internal static Reading Read(string answer) =>
        double.TryParse(answer.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double reward) && double.IsFinite(reward)
            ? new Reading(JudgementOutcome.Valid, Scores: [0.5 + (reward / (2 * (1 + Math.Abs(reward))))]) { Logits = [reward] }
            : AnswerText.Unparsable($"no reward: {AnswerText.Quote(answer)}");
}
