namespace Tribunal.Judgements;

/// <summary>What of a rollout's ledger votes, and what it adds up to.</summary>
internal sealed class LedgerView
{
    private readonly OutcomeCounts _counts;

    private LedgerView(IReadOnlyList<Judgement> judgements)
    {
        Judgements = judgements;
        foreach (Judgement judgement in judgements)
        {
            _counts += OutcomeCounts.Of(judgement);
            Usage += judgement.Usage;
        }
    }

    /// <summary>In the order of their names, each once; none of them hinted.</summary>
    public IReadOnlyList<Judgement> Judgements { get; }

    /// <summary>Tokens of all of them.</summary>
    public Usage Usage { get; }

    /// <summary>The view of a ledger in any order.</summary>
    public static LedgerView Of(IReadOnlyList<Judgement> ledger) =>
        new(SortedLedger.Of(ledger.Any(static judgement => judgement.Hinted) ? [.. ledger.Where(static judgement => !judgement.Hinted)] : ledger));

    /// <summary>How many there are of each outcome.</summary>
    /// <param name="unusable">Valid judgements that hold nothing that can be voted on.</param>
    /// <param name="kept">Judgements that voted.</param>
    public VoteCounts Counts(int unusable, int kept) => new()
    {
        Drawn = Judgements.Count,
        Valid = (int)_counts.Valid - unusable,
        Unparsable = (int)_counts.Unparsable + unusable,
        Truncated = (int)_counts.Truncated,
        Refused = (int)_counts.Refused,
        Failed = (int)_counts.Failed,
        Kept = kept,
    };
}
