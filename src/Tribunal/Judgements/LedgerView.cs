namespace Tribunal.Judgements;

/// <summary>What of a rollout's ledger votes, and what it adds up to.</summary>
internal sealed class LedgerView
{
    private readonly LedgerSums _sums;

    private LedgerView(IReadOnlyList<Judgement> judgements)
    {
        Judgements = judgements;
        foreach (Judgement judgement in judgements)
        {
            _sums += LedgerSums.Of(judgement);
        }
    }

    /// <summary>In the order of their names, each once; none of them hinted.</summary>
    public IReadOnlyList<Judgement> Judgements { get; }

    /// <summary>Tokens of all of them.</summary>
    public Usage Usage => _sums.Usage;

    /// <summary>The view of a ledger in any order.</summary>
    public static LedgerView Of(IReadOnlyList<Judgement> ledger) =>
        new(SortedLedger.Of(ledger.Any(static judgement => judgement.Hinted) ? [.. ledger.Where(static judgement => !judgement.Hinted)] : ledger));

    /// <summary>How many there are of each outcome.</summary>
    /// <param name="unusable">Valid judgements that hold nothing that can be voted on.</param>
    /// <param name="kept">Judgements that voted.</param>
    public VoteCounts Counts(int unusable, int kept) => new()
    {
        Drawn = Judgements.Count,
        Valid = _sums.Valid - unusable,
        Unparsable = _sums.Unparsable + unusable,
        Truncated = _sums.Truncated,
        Refused = _sums.Refused,
        Failed = _sums.Failed,
        Kept = kept,
    };
}
