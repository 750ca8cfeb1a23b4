namespace Tribunal.JudgeModels;

/// <summary>What a model of the judge expects of judgements that are not drawn yet.</summary>
/// <param name="Pool">The probability that the present leader is the one that the whole pool would choose, in [0, 1].</param>
/// <param name="Gain">
/// By how much the probability that the verdict is the one the judge tends to would rise if the whole pool were drawn, 0 to ½.
/// </param>
/// <param name="Share">By how much the share of judgements that agree with the verdict would rise, 0 to 1.</param>
internal readonly record struct Outlook(double Pool, double Gain, double Share);
