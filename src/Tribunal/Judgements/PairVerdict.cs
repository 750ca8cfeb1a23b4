namespace Tribunal.Judgements;

/// <summary>A judgement of a pair: original indexes i &lt; j, and the winner, null for a draw.</summary>
internal readonly record struct PairVerdict(int I, int J, int? Winner)
{
    /// <summary>False when the judgement does not compare two responses of the rollout, or names a third as the winner.</summary>
    public static bool TryRead(Judgement judgement, int responses, out PairVerdict verdict)
    {
        verdict = default;
        if (!TryReadPair(judgement, responses, out int i, out int j) || (judgement.Winner is { } winner && winner != i && winner != j))
        {
            return false;
        }

        verdict = new PairVerdict(i, j, judgement.Winner);
        return true;
    }

    /// <summary>Which two responses of the rollout a judgement says it compared, i &lt; j; false where it doesn't say.</summary>
    public static bool TryReadPair(Judgement judgement, int responses, out int i, out int j)
    {
        (i, j) = judgement.Pair is [var a, var b] ? (Math.Min(a, b), Math.Max(a, b)) : (-1, -1);
        return i >= 0 && i != j && j < responses;
    }
}
