using Tribunal.Judging;

namespace Tribunal.Verdicts;

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
