namespace Tribunal.Voting;

/// <summary>
/// How far judgements of a list disagree, over all of its responses: squares of what is left of each score once its response's mean and
/// its judgement's mean level are taken away. A difference of two responses is as noisy as those of the others, more or less, so
/// that few judgements of a long list say more of the noise than as few judgements of a pair (a moderated t statistic; G. Smyth 2004).
/// </summary>
/// <param name="Candidates">Responses; of fewer than three there is nothing to learn.</param>
/// <param name="Count">Effective number of judgements, (Σw)²/Σw².</param>
/// <param name="Squares">Sum of squares about the means, scaled to <paramref name="Count"/>.</param>
internal readonly record struct ListSpread(int Candidates, double Count, double Squares)
{
    // Responses may differ in how surely they are scored: others count half of what the two at issue do.
    private const double OthersWeight = 0.5;

    /// <summary>The spread of some rows; rows that don't score every candidate say nothing.</summary>
    public static ListSpread Of(VoteTable votes, int rows, ReadOnlySpan<double> weights) =>
        votes.Candidates >= 3 && ListEvidence.Of(votes, rows, weights) is { } evidence ? new ListSpread(evidence.Candidates, evidence.Count, evidence.Squares) : default;

    /// <summary>What the responses beside a pair add to the squares and the degrees of freedom of the pair's difference.</summary>
    /// <param name="own">The difference's own sum of squares about its mean.</param>
    public (double Squares, double Freedom) Beside(double own) => Candidates < 3 || Count <= 1
        ? default
        : (OthersWeight * Math.Max(0, (2 * Squares) - own), OthersWeight * (Candidates - 2) * (Count - 1));
}
