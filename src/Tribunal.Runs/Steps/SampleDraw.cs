using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Sampling;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>What a sample's number says: which responses are shown, and in which order. Plans and ledgers need no more than the number.</summary>
internal static class SampleDraw
{
    /// <summary>The draw of a number that some scheme, route or hint gave.</summary>
    /// <param name="kind">Whether the judge compares pairs.</param>
    /// <param name="responses">How many responses it has; two at least where pairs are compared.</param>
    /// <param name="sample">The number under which the ledger has it.</param>
    public static Draw Of(JudgingKind kind, long seed, string rolloutId, int responses, int sample)
    {
        bool hinted = sample >= Hints.FirstSample;

        // What a route draws apart is numbered above the scout's number, and ordered by the scheme's own.
        int drawn = hinted || sample < Router.FirstApart ? sample : sample - Router.FirstApart;
        if (kind != JudgingKind.Pairwise)
        {
            return new Draw(sample, PresentationOrder.List(seed, rolloutId, drawn, responses), Pair: null);
        }

        (int vote, int pair) = hinted ? (drawn, drawn - Hints.FirstSample) : PairIndex.FromSample(drawn, responses);
        (int i, int j) = PairIndex.At(pair, responses);
        return new Draw(sample, PresentationOrder.Pair(seed, rolloutId, i, j, vote), [i, j]);
    }
}
