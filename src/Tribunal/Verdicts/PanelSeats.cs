using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>A member of a panel, as it judges.</summary>
/// <param name="Judge">The judge's name in ledgers.</param>
/// <param name="Protocol">How it is asked.</param>
/// <param name="Once">Whether it answers the same however often it is asked, as a classic reward model does: then it is asked once.</param>
public sealed record PanelSeat(string Judge, IProtocol Protocol, bool Once = false);

/// <summary>
/// Who of a panel draws which sample, and what it is shown. Votes are numbered as without a panel, and members take turns
/// (<see cref="JudgePanel"/>). With P pairs of responses and a pair judge among the members, vote v has the numbers v·P … v·P + P − 1, one
/// for each pair, of which a member that scores whole lists takes the first.
/// </summary>
/// <param name="seats">One per member, in the order of their turns.</param>
/// <param name="seed">The run's seed.</param>
public sealed class PanelSeats(IReadOnlyList<PanelSeat> seats, long seed)
{
    /// <summary>How many members there are.</summary>
    public int Count => seats.Count;

    /// <summary>The members, in the order of their turns.</summary>
    public IReadOnlyList<PanelSeat> All => seats;

    /// <summary>Whether any member compares pairs.</summary>
    public bool AnyPairs => seats.Any(static seat => seat.Protocol.Kind == JudgingKind.Pairwise);

    /// <summary>Whether some members compare pairs and others score lists.</summary>
    public bool Mixed => AnyPairs && seats.Any(static seat => seat.Protocol.Kind == JudgingKind.Listwise);

    /// <summary>How members of such kinds vote on one footing.</summary>
    public MemberVotes Footing => !AnyPairs && seats.Select(static seat => seat.Protocol.Name).Distinct(StringComparer.Ordinal).Count() == 1 ? MemberVotes.Scores : MemberVotes.Comparisons;

    /// <summary>The member whose turn a sample is, from 0.</summary>
    /// <param name="sample">The sample's number.</param>
    /// <param name="responses">How many responses the rollout has.</param>
    public int MemberOf(int sample, int responses) => sample / Stride(responses) % Count;

    /// <summary>The draw of a number.</summary>
    /// <param name="sample">The sample's number.</param>
    /// <param name="rolloutId">The rollout.</param>
    /// <param name="responses">How many responses it has; two at least where a pair judge's turn it is.</param>
    public Draw Of(int sample, string rolloutId, int responses)
    {
        (int vote, int pair) = Math.DivRem(sample, Stride(responses));
        (int own, int member) = Math.DivRem(vote, Count);

        // Members have orders of their own: what one of them sees first the others need not.
        long orders = unchecked((long)StableHash.Mix((ulong)seed, (ulong)member));
        if (seats[member].Protocol.Kind != JudgingKind.Pairwise)
        {
            return new Draw(sample, PresentationOrder.List(orders, rolloutId, own, responses), Pair: null);
        }

        (int i, int j) = PairIndex.At(pair, responses);
        return new Draw(sample, PresentationOrder.Pair(orders, rolloutId, i, j, own), [i, j]);
    }

    /// <summary>Why no member can score a rollout; null when one can.</summary>
    public string? WhyNot(Rollout rollout)
    {
        string?[] whys = [.. seats.Select(seat => seat.Protocol.WhyNot(rollout))];
        return whys.Contains(null) ? null : whys.FirstOrDefault();
    }

    /// <summary>The number of the first sample of a vote.</summary>
    internal int FirstOf(int vote, int responses) => vote * Stride(responses);

    /// <summary>The vote that a sample belongs to.</summary>
    internal int VoteOf(int sample, int responses) => sample / Stride(responses);

    /// <summary>Whose turn a vote is.</summary>
    internal PanelSeat SeatOf(int vote) => seats[vote % Count];

    /// <summary>Whether nobody is asked for a vote: its member can't judge the rollout, or would only repeat itself.</summary>
    internal bool Skips(Rollout rollout, int vote) => (SeatOf(vote).Once && vote >= Count) || SeatOf(vote).Protocol.WhyNot(rollout) is not null;

    private int Stride(int responses) => AnyPairs ? Math.Max(1, PairIndex.Count(responses)) : 1;
}
