using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;

namespace Tribunal.Verdicts;

/// <summary>One way to judge rollouts.</summary>
/// <param name="Name">Its route, as ledgers and verdicts say it; null in a run without a routing table.</param>
/// <param name="Scheme">What is drawn and how it is voted on.</param>
/// <param name="Protocol">How the judge is asked.</param>
/// <param name="Apart">Whether judge, protocol or thinking budget are not the run's own: the scout does not vote then.</param>
/// <param name="Seats">The panel that judges; null for one judge.</param>
public sealed record Branch(string? Name, IJudgingScheme Scheme, IProtocol Protocol, bool Apart = false, PanelSeats? Seats = null)
{
    /// <summary>Why nobody can score a rollout this way; null when somebody can.</summary>
    public string? WhyNot(Rollout rollout) => Seats is null ? Protocol.WhyNot(rollout) : Seats.WhyNot(rollout);

    /// <summary>The number under which the ledger has a sample of the scheme's: samples apart keep clear of the scout's number.</summary>
    public int NumberOf(int sample) => Apart ? sample + Router.FirstApart : sample;
}

/// <summary>Where a rollout stands.</summary>
/// <param name="Branch">How it is judged.</param>
/// <param name="Ledger">Its judgements as the branch's scheme numbers them, hinted ones included.</param>
/// <param name="Scout">The judgement to draw first, by the run's own judge, before the branch can be told; the branch is the run's own then.</param>
public sealed record RoutedRollout(Branch Branch, IReadOnlyList<Judgement> Ledger, Draw? Scout);

/// <summary>
/// Sends rollouts the way that a routing table says. A pure function of rollout and ledger: the same ledger, in any order, gives
/// the same branch, however often the run was interrupted.
/// </summary>
/// <param name="own">The run's own way: for scouts, and for rollouts that no line fits.</param>
/// <param name="table">The table; null sends everything the run's own way.</param>
/// <param name="branches">One per line of the table.</param>
/// <param name="calibration">What tells how sure the own judge's verdicts are, for lines that go by it; null takes their confidence.</param>
public sealed class Router(Branch own, RoutingTable? table = null, IReadOnlyList<Branch>? branches = null, StoredCalibration? calibration = null)
{
    /// <summary>The number of the first sample of a branch apart; hinted samples lie above.</summary>
    public const int FirstApart = 1 << 29;

    /// <summary>Finds a rollout's branch.</summary>
    /// <param name="rollout">The rollout.</param>
    /// <param name="ledger">All that the ledger holds of it, in any order.</param>
    public RoutedRollout Find(Rollout rollout, IReadOnlyList<Judgement> ledger)
    {
        if (table is null)
        {
            return new RoutedRollout(own, ledger, null);
        }

        string? task = null;
        if (table.AsksTask(rollout.Domain) && own.Protocol.WhyNot(rollout) is null)
        {
            Judgement? scout = ledger.FirstOrDefault(static judgement => judgement.Route == RoutingTable.Scout);
            if (scout is null && own.Scheme.Next(rollout, []).Draws is [var first, ..])
            {
                return new RoutedRollout(own, ledger, first);
            }

            task = scout?.Task;
        }

        double? sure = null;
        if (table.AsksSureness(rollout.Domain, task))
        {
            Judgement[] first = [.. ledger.Where(static judgement => !IsApart(judgement))];
            if (own.WhyNot(rollout) is null && own.Scheme.Next(rollout, first).Draws.Count > 0)
            {
                return new RoutedRollout(own, first, null);
            }

            Verdict verdict = own.Scheme.Conclude(rollout, first);
            sure = (calibration is null ? verdict.Confidence : verdict.CorrectnessBy(calibration)) ?? 0;
            ledger = table.For(rollout.Domain, task, sure) is null ? first : ledger;
        }

        Branch branch = table.For(rollout.Domain, task, sure) is { } route ? branches![table.Routes.TakeWhile(line => !ReferenceEquals(line, route)).Count()] : own;
        return new RoutedRollout(branch, branch.Apart ? Apart(ledger) : ledger, null);
    }

    /// <summary>What of a recorded ledger votes: without the scout where the rollout went another way, numbered as the scheme did.</summary>
    public static IReadOnlyList<Judgement> Voting(IReadOnlyList<Judgement> ledger) =>
        ledger.Any(static judgement => IsApart(judgement)) ? Apart(ledger) : ledger;

    private static bool IsApart(Judgement judgement) => judgement.Sample >= FirstApart && !judgement.Hinted;

    private static List<Judgement> Apart(IReadOnlyList<Judgement> ledger) =>
    [
        .. ledger.Where(static judgement => judgement.Hinted || IsApart(judgement))
            .Select(static judgement => judgement.Hinted ? judgement : judgement with { Sample = judgement.Sample - FirstApart }),
    ];
}
