namespace Tribunal.Voting;

/// <summary>How the judgements of several judges are put on one footing.</summary>
public enum MemberVotes
{
    /// <summary>Every judgement counts by itself, whoever gave it.</summary>
    Apart,

    /// <summary>All members score by one protocol: scores are summed, and each member has one say.</summary>
    Scores,

    /// <summary>
    /// Every judgement counts as what it says of each two responses it looked at, the better one first or neither, and each member has one
    /// say: pair judges, lists on different scales and classic reward models have nothing else in common.
    /// </summary>
    Comparisons,
}
