using Tribunal.Judging;

namespace Tribunal.Verdicts;

/// <summary>A judgement of a pair: original indexes i &lt; j, and the winner, null for a draw.</summary>
internal readonly record struct PairVerdict(int I, int J, int? Winner)
{
    /// <summary>False when the judgement does not compare two responses of the rollout, or names a third as the winner.</summary>
    public static bool TryRead(Judgement judgement, int responses, out PairVerdict verdict)
    {
        verdict = default;
        if (PairOf(judgement, responses) is not var (i, j) || i == j || (judgement.Winner is { } winner && winner != i && winner != j))
        {
            return false;
        }

        verdict = i < j ? new PairVerdict(i, j, judgement.Winner) : new PairVerdict(j, i, judgement.Winner);
        return true;
    }

    /// <summary>What the judgement says it compared, as it says it; null where that is not two responses of the rollout.</summary>
    public static (int I, int J)? PairOf(Judgement judgement, int responses)
    {
        (int i, int j) = judgement.Pair switch
        {
            // Nearly always: asked as a list, an array takes far longer to answer.
            int[] pair => pair is [var a, var b] ? (a, b) : (-1, -1),
            { Count: 2 } pair => (pair[0], pair[1]),
            _ => (-1, -1),
        };
        return (uint)i < (uint)responses && (uint)j < (uint)responses ? (i, j) : null;
    }
}
