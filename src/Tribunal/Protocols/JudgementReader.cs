using Tribunal.Judgements;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;

namespace Tribunal.Protocols;

/// <summary>Turns a judge's reply into a line of the ledger: reads it by the protocol and maps displayed positions back to the original order.</summary>
public static class JudgementReader
{
    /// <summary>Reads a reply. Pure: the same arguments give the same judgement, and no reply makes it throw.</summary>
    /// <param name="rolloutId">The rollout judged.</param>
    /// <param name="sample">Number of the sample inside its rollout.</param>
    /// <param name="seed">The sampling seed that was sent.</param>
    /// <param name="protocol">How the answer is read.</param>
    /// <param name="judge">The judge's name.</param>
    /// <param name="order">Displayed position → original index, as composed.</param>
    /// <param name="pair">The two original indexes, for pair judges; null for lists.</param>
    /// <param name="reply">The reply.</param>
    /// <param name="rollout">The rollout itself, which judges by rubrics are read by; null where it is not at hand.</param>
    /// <exception cref="ArgumentException">The order does not fit the protocol or the pair.</exception>
    public static TracedJudgement Read(
        string rolloutId,
        int sample,
        long seed,
        IProtocol protocol,
        string judge,
        IReadOnlyList<int> order,
        IReadOnlyList<int>? pair,
        JudgeReply reply,
        Rollout? rollout = null)
    {
        Check(protocol.Kind, order, pair);
        Reading reading = rollout is null ? protocol.Read(reply, order.Count) : protocol.Read(reply, rollout, order);
        return Named(rolloutId, sample, seed, protocol, judge, order, pair, reading.Outcome, reply.Tries) with
        {
            Why = reading.Why,
            Finish = reply.Finish,
            Scores = reading.Scores is null ? null : ToOriginal(reading.Scores, order),
            Scale = reading.Scores is null || protocol.Name == ProtocolCatalog.Grm ? null : [protocol.ScoreRange.Min, protocol.ScoreRange.Max],
            Logits = reading.Logits is null ? null : ToOriginal(reading.Logits, order),
            Criteria = reading.Criteria is null ? null : [.. reading.Criteria.Select(one => one with { Grades = ToOriginal(one.Grades, order) })],
            Winner = reading.Winner is { } displayed ? order[displayed] : null,
            Usage = reply.Usage,
            PromptCut = reply.PromptCut,
            LatencyMs = reply.Latency.TotalMilliseconds,
            Text = reply.Text,
            Reasoning = reply.Reasoning,
            Task = reading.Task,
        };
    }

    /// <summary>The line for a judgement that no answer came for.</summary>
    /// <param name="exception">Why there is no answer.</param>
    /// <inheritdoc cref="Read"/>
    public static TracedJudgement Failed(
        string rolloutId,
        int sample,
        long seed,
        IProtocol protocol,
        string judge,
        IReadOnlyList<int> order,
        IReadOnlyList<int>? pair,
        JudgeException exception)
    {
        Check(protocol.Kind, order, pair);
        JudgementOutcome outcome = exception.Fault == JudgeFault.Filtered ? JudgementOutcome.Refused : JudgementOutcome.Failed;
        return Named(rolloutId, sample, seed, protocol, judge, order, pair, outcome, exception.Tries) with { Why = exception.Message, Usage = exception.Usage };
    }

    private static TracedJudgement Named(
        string rolloutId, int sample, long seed, IProtocol protocol, string judge, IReadOnlyList<int> order, IReadOnlyList<int>? pair, JudgementOutcome outcome, Tries tries) => new()
    {
        RolloutId = rolloutId,
        Sample = sample,
        Protocol = protocol.Name,
        Judge = judge,
        Order = order,
        Pair = pair,
        Seed = seed,
        Outcome = outcome,
        Tries = tries.Requests > 1 ? tries : null,
    };

    /// <summary>Values in displayed order, back in original order.</summary>
    private static double[] ToOriginal(IReadOnlyList<double> displayed, IReadOnlyList<int> order)
    {
        var original = new double[order.Count];
        for (int i = 0; i < order.Count; i++)
        {
            original[order[i]] = displayed[i];
        }

        return original;
    }

    private static void Check(JudgingKind kind, IReadOnlyList<int> order, IReadOnlyList<int>? pair)
    {
        if (kind == JudgingKind.Pairwise)
        {
            Pairs.CheckOrder(order);
            if (pair is not [int i, int j] || i < 0 || i >= j || Math.Min(order[0], order[1]) != i || Math.Max(order[0], order[1]) != j)
            {
                throw new ArgumentException("a pair judgement names the two responses shown, ascending", nameof(pair));
            }

            return;
        }

        if (pair is not null)
        {
            throw new ArgumentException("a judge that scores lists has no pair", nameof(pair));
        }

        if (!order.Order().SequenceEqual(Enumerable.Range(0, order.Count)))
        {
            throw new ArgumentException($"[{string.Join(", ", order)}] is not an order of {order.Count} responses", nameof(order));
        }
    }
}
