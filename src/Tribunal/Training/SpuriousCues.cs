using System.Text.RegularExpressions;
using Tribunal.Rollouts;

namespace Tribunal.Training;

/// <summary>How often a rule that looks at nothing but a surface feature agrees with the labels.</summary>
/// <param name="Name">The rule.</param>
/// <param name="Hits">Items or examples in which it is right; parts where one holds several comparisons.</param>
/// <param name="Trials">Items or examples in which it says anything.</param>
public sealed record CueCount(string Name, double Hits, long Trials);

/// <summary>
/// Whether something that has nothing to do with quality predicts the labels of a set: length, format and position, for
/// which RM-R1 (arXiv 2505.02387) removed whole prompt sources. Each rule would be right half of the time by chance. Texts
/// of responses count once per item, the best compared with each that is not; the position counts once per example; the
/// length of judgements, against the set's median, once per example with a reward of +1 or −1. Responses alone are not
/// compared with anything.
/// </summary>
public sealed partial class SpuriousCues
{
    private static readonly (string Name, Func<string, int> Feature)[] Features =
    [
        ("the longer response is best", static text => text.Length),
        ("the response with a box is best", static text => text.Contains(@"\boxed", StringComparison.Ordinal) ? 1 : 0),
        ("the response with a list is best", static text => ListItem().IsMatch(text) ? 1 : 0),
        ("the response with headings or bold is best", static text => Emphasis().IsMatch(text) ? 1 : 0),
        ("the response with a code block is best", static text => text.Contains("```", StringComparison.Ordinal) ? 1 : 0),
    ];

    private readonly double[] _hits = new double[Features.Length];
    private readonly long[] _trials = new long[Features.Length];
    private readonly List<int> _right = [];
    private readonly List<int> _wrong = [];
    private double _firstHits;
    private long _firstTrials;

    /// <summary>Adds an item that the set holds.</summary>
    public void AddItem(Rollout rollout, Label label)
    {
        if (label.Best.Count == 0)
        {
            return;
        }

        for (int f = 0; f < Features.Length; f++)
        {
            int[] values = [.. label.Shown.Select(i => Features[f].Feature(rollout.Responses[i].Content))];
            Add(label, label.Shown, (best, other) => values[best].CompareTo(values[other]), ref _hits[f], ref _trials[f]);
        }
    }

    /// <summary>Adds an example of the set.</summary>
    /// <param name="order">Displayed position → original index.</param>
    /// <param name="label">The label of what is shown.</param>
    public void AddExample(IReadOnlyList<int> order, Label label) => Add(label, order, static (best, other) => other.CompareTo(best), ref _firstHits, ref _firstTrials);

    // Each of the best beside each that is not, by their places among those shown; above 0 speaks for the best, 0 says nothing.
    private static void Add(Label label, IReadOnlyList<int> shown, Func<int, int, int> compare, ref double hits, ref long trials)
    {
        ILookup<bool, int> places = Enumerable.Range(0, shown.Count).ToLookup(place => label.Best.Contains(shown[place]));
        int[] said = [.. from best in places[true] from other in places[false] select compare(best, other) into sign where sign != 0 select sign];
        if (said.Length > 0)
        {
            hits += (double)said.Count(static sign => sign > 0) / said.Length;
            trials++;
        }
    }

    /// <summary>Adds the length of a judgement that the set holds with a reward.</summary>
    /// <param name="length">In characters, the thinking included.</param>
    /// <param name="right">Whether its reward is +1.</param>
    public void AddJudgement(int length, bool right) => (right ? _right : _wrong).Add(length);

    /// <summary>What each rule has come to; rules that never said anything are left out.</summary>
    public IReadOnlyList<CueCount> Counts()
    {
        List<CueCount> counts = [.. Features.Select((feature, f) => new CueCount(feature.Name, _hits[f], _trials[f])), new("the response shown first is best", _firstHits, _firstTrials)];
        if (_right.Count > 0 && _wrong.Count > 0)
        {
            // As many lie above the median as below, so that the share of right ones does not matter.
            int[] all = [.. _right, .. _wrong];
            Array.Sort(all);
            double median = (all[(all.Length - 1) / 2] + all[all.Length / 2]) / 2.0;
            long hits = _right.Count(l => l > median) + _wrong.Count(l => l < median);
            counts.Add(new CueCount("the longer judgement is right", hits, all.Count(l => l != median)));
        }

        counts.RemoveAll(static count => count.Trials == 0);
        return counts;
    }

    [GeneratedRegex(@"^[ \t]{0,8}(?:[-*+]|\d{1,3}[.)])[ \t]+\S", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex ListItem();

    [GeneratedRegex(@"^#{1,6}[ \t]+\S|\*\*[^*\n]{1,200}\*\*", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Emphasis();
}
