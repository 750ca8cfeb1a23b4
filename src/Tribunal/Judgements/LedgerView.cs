namespace Tribunal.Judgements;

/// <summary>What of a rollout's ledger votes, and what it adds up to.</summary>
/// <param name="Judgements">In the order of their names, each once; none of them hinted.</param>
internal sealed record LedgerView(IReadOnlyList<Judgement> Judgements)
{
    /// <summary>Tokens of all of them.</summary>
    public Usage Usage => Judgements.Aggregate(default(Usage), static (sum, judgement) => sum + judgement.Usage);

    /// <summary>The view of a ledger in any order.</summary>
    public static LedgerView Of(IReadOnlyList<Judgement> ledger) =>
        new(SortedLedger.Of(ledger.Any(static judgement => judgement.Hinted) ? [.. ledger.Where(static judgement => !judgement.Hinted)] : ledger));

    /// <summary>How many there are of each outcome.</summary>
    /// <param name="unusable">Valid judgements that hold nothing that can be voted on.</param>
    /// <param name="kept">Judgements that voted.</param>
    public VoteCounts Counts(int unusable, int kept)
    {
        return new()
        {
            Drawn = Judgements.Count,
            Valid = Number(JudgementOutcome.Valid) - unusable,
            Unparsable = Number(JudgementOutcome.Unparsable) + unusable,
            Truncated = Number(JudgementOutcome.Truncated),
            Refused = Number(JudgementOutcome.Refused),
            Failed = Number(JudgementOutcome.Failed),
            Kept = kept,
        };

        int Number(JudgementOutcome outcome) => Judgements.Count(judgement => judgement.Outcome == outcome);
    }
}
