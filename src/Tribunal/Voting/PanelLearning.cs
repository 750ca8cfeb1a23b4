using System.Text.Json.Serialization;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Voting;

/// <summary>Where a panel's weights come from.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PanelMethod>))]
public enum PanelMethod
{
    /// <summary>All weigh the same, or as they are given.</summary>
    [JsonStringEnumMemberName("equal")]
    Equal,

    /// <summary>A logistic regression on rollouts whose best response is known (<see cref="PanelWeights.Learn"/>).</summary>
    [JsonStringEnumMemberName("labels")]
    Labelled,

    /// <summary>Without labels: one probability of being right for each judge.</summary>
    [JsonStringEnumMemberName("one-coin")]
    OneCoin,

    /// <summary>Without labels: for each judge one for choosing the response shown first where that is the better one, and one for choosing a later one where that is.</summary>
    [JsonStringEnumMemberName("dawid-skene")]
    DawidSkene,
}

/// <summary>
/// Weights of judges from how they agree, without labels, by <see cref="DawidSkene"/> over comparisons of two responses. Which of two
/// stands first in a batch means nothing, so classes are counted as they were shown: what the matrix holds is a judge's
/// accuracy and its bias for a position. The weight is the log-likelihood ratio that a vote carries (S. Nitzan and J. Paroush
/// 1982). Comparisons of one rollout and samples of one judge are taken as independent, which they are not; weights follow only
/// how judges compare with one another.
/// </summary>
public static class PanelLearning
{
    // Beyond, the pairs of a list would outnumber everything else; a ring of neighbours says as much of the judge.
    private const int AllPairs = 10;

    // As if each judge had been seen right four times and wrong twice before.
    private const double Trust = 4;
    private const double Doubt = 2;

    /// <summary>Learns weights.</summary>
    /// <param name="method">How.</param>
    /// <param name="rollouts">Rollouts with their judgements; of the labels only <see cref="PanelMethod.Labelled"/> takes notice.</param>
    public static PanelWeights Learn(PanelMethod method, IReadOnlyCollection<RolloutLedger> rollouts) => method switch
    {
        PanelMethod.Labelled => PanelWeights.Learn(rollouts) with
        {
            Method = "labelled",
            Seen = SeenRollouts.Of(rollouts.Where(static r => r.Rollout.KnownBest() is not null).Select(static r => r.Rollout)),
        },
        PanelMethod.OneCoin => Unlabelled(rollouts, oneCoin: true),
        PanelMethod.DawidSkene => Unlabelled(rollouts, oneCoin: false),
        _ => new PanelWeights { Weights = [], Method = "equal" },
    };

    /// <summary>
    /// Learns weights from the very rollouts that they are to vote on. By labels, every other labelled rollout teaches, as the seed picks
    /// them, and the rest say how accurate the panel is.
    /// </summary>
    /// <param name="method">How.</param>
    /// <param name="rollouts">Rollouts with their judgements.</param>
    /// <param name="seed">Picks those that teach.</param>
    public static PanelWeights LearnWithin(PanelMethod method, IReadOnlyCollection<RolloutLedger> rollouts, long seed) =>
        Learn(method, method != PanelMethod.Labelled ? rollouts : [.. rollouts.Where(one => (StableHash.Of((ulong)seed, "panel", one.Rollout.Id) & 1) == 0)]);

    private static PanelWeights Unlabelled(IReadOnlyCollection<RolloutLedger> rollouts, bool oneCoin)
    {
        string method = oneCoin ? "one-coin" : "dawid-skene";
        (string Judge, string Protocol)[] judges = PanelWeights.JudgesOf(rollouts);
        var index = judges.Index().ToDictionary(static one => one.Item, static one => one.Index);
        var reports = new List<ObserverReport>();
        int items = 0;
        foreach (RolloutLedger rollout in rollouts)
        {
            items += Report(rollout, index, items, reports);
        }

        if (reports.Count == 0)
        {
            return new PanelWeights { Weights = [.. judges.Select(static j => new PanelWeight(j.Judge, j.Protocol, 1))], Method = method };
        }

        var fit = DawidSkene.Fit(reports, new DawidSkeneOptions { OneCoin = oneCoin, EstimateShares = false, Trust = Trust, Doubt = Doubt });
        int[] counts = new int[judges.Length];
        foreach (ObserverReport report in reports)
        {
            counts[report.Observer]++;
        }

        (double First, double Later)[] weights = [.. judges.Select((_, i) => i < fit.Says.Length ? WeightsOf(fit.Says[i]) : (0, 0))];
        double mean = weights.SelectMany(static w => (double[])[w.First, w.Later]).Where(static w => w > 0).DefaultIfEmpty(1).Average();
        return new PanelWeights
        {
            Method = method,
            Weights = [.. judges.Select((j, i) => new PanelWeight(j.Judge, j.Protocol, weights[i].First / mean, counts[i], oneCoin ? null : weights[i].Later / mean))],
        };
    }

    // A judge worse than chance is left out rather than believed backwards.
    private static (double First, double Later) WeightsOf(double[][] says) =>
        (Math.Max(0, Math.Log(says[0][0] / says[1][0])), Math.Max(0, Math.Log(says[1][1] / says[0][1])));

    // One item per pair of responses that any judgement tells apart; class 0 is the lower index.
    private static int Report(RolloutLedger rollout, Dictionary<(string Judge, string Protocol), int> index, int first, List<ObserverReport> reports)
    {
        int n = rollout.Rollout.Responses.Count;
        var texts = Candidates.Of(rollout.Rollout);
        IReadOnlyList<Judgement> ledger = SortedLedger.Of(rollout.Ledger);
        int items = 0;
        for (int i = 0; i < n; i++)
        {
            for (int j = i + 1; j < n; j++)
            {
                if (texts[i] == texts[j] || (n > AllPairs && j != i + 1 && !(i == 0 && j == n - 1)))
                {
                    continue;
                }

                int before = reports.Count;
                foreach (Judgement judgement in ledger)
                {
                    if (PanelWeights.Vote(judgement, i, j, n) is { } vote && vote != 0)
                    {
                        reports.Add(new ObserverReport(first + items, index[(judgement.Judge, judgement.Protocol)], vote > 0 ? 0 : 1, Turned: judgement.PlaceOf(j) < judgement.PlaceOf(i)));
                    }
                }

                items += reports.Count > before ? 1 : 0;
            }
        }

        return items;
    }
}
