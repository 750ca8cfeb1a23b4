using Tribunal.Calibration;

namespace Tribunal.Judgements;

/// <summary>A judgement of a pair: original indexes i &lt; j, and the winner, null for a draw.</summary>
internal readonly record struct PairVerdict(int I, int J, int? Winner)
{
    /// <summary>False when the judgement does not compare two responses of the rollout, or names a third as the winner.</summary>
    public static bool TryRead(Judgement judgement, int responses, out PairVerdict verdict)
    {
        verdict = default;
        if (judgement.Pair is not [var i, var j])
        {
            return false;
        }

        (i, j) = i < j ? (i, j) : (j, i);
        if (i < 0 || i == j || j >= responses || (judgement.Winner is { } winner && winner != i && winner != j))
        {
            return false;
        }

        verdict = new PairVerdict(i, j, judgement.Winner);
        return true;
    }
}

/// <summary>What matches read of a judgement, in few bytes: they read it round after round.</summary>
/// <param name="Sample">Its number.</param>
/// <param name="I">The first response that it says it compared, as it says it; <see cref="None"/> where it doesn't name two.</param>
/// <param name="J">The second.</param>
/// <param name="Winner">The winner that it names, or <see cref="None"/>.</param>
/// <param name="Valid">Whether a verdict was read.</param>
/// <param name="Turned">Whether the second was shown first.</param>
/// <param name="Told">Whether the two were what was shown, and no scores: all that order effects ask.</param>
internal readonly record struct PairMark(int Sample, int I, int J, int Winner, bool Valid, bool Turned, bool Told)
{
    public const int None = int.MinValue;

    public static PairMark Of(Judgement judgement)
    {
        (int i, int j) = judgement.Pair switch
        {
            // Nearly always: asked as a list, an array takes far longer to answer.
            int[] pair => pair is [var a, var b] ? (a, b) : (None, None),
            { Count: 2 } pair => (pair[0], pair[1]),
            _ => (None, None),
        };
        (int first, int second) = judgement.Order switch
        {
            int[] order => order is [var a, var b] ? (a, b) : (None, None),
            { Count: 2 } order => (order[0], order[1]),
            _ => (None, None),
        };
        bool told = i >= 0 && i < j && judgement.Scores is null && ((first == i && second == j) || (first == j && second == i));
        return new PairMark(judgement.Sample, i, j, judgement.Winner ?? None, judgement.Outcome == JudgementOutcome.Valid, first == j, told);
    }

    /// <summary>Whether it names responses of a rollout of so many.</summary>
    public bool IsWithin(int responses) => (uint)I < (uint)responses && (uint)J < (uint)responses;

    /// <summary>Whether it can be voted with: it has a verdict on the two that it compared.</summary>
    public bool Counts => Valid && I != J && (Winner == None || Winner == I || Winner == J);
}
