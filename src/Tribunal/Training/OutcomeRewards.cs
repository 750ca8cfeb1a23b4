using System.Globalization;
using Tribunal.Judgements;

namespace Tribunal.Training;

/// <summary>
/// The outcome reward of SPCT's RL (arXiv 2504.02495) and of RM-R1's RLVR (arXiv 2505.02387): +1 for a correct judgement, −1
/// for any other, whether it is wrong or has no verdict; nothing for format. The set is of prompts: what a trainer samples is
/// measured against their answers, and the recorded rewards tell how hard each is. Hinted samples have another prompt and are
/// left out, and so is what no answer came for.
/// </summary>
public sealed class OutcomeRewards : IFormRule
{
    internal OutcomeRewards()
    {
    }

    string? IFormRule.Protocol => null;

    IEnumerable<Trajectory> IFormRule.Decide(IReadOnlyList<Trajectory> item) => item.Select(static t =>
        t.Judgement.Hinted ? t.Drop(DropReason.Hinted)
        : t.Grade == Grade.NoAnswer ? t.Drop(DropReason.Failed)
        : t with { Dropped = null, Reward = Grading.Reward(t.Grade), Cause = t.Grade == Grade.Correct ? null : t.FaultName });

    /// <summary>
    /// The right answer to a prompt as it is displayed: <c>A</c> or <c>B</c> (rm-r1), <c>Assistant 1</c> or <c>Assistant 2</c>
    /// (rrm), the number of the best response from 1, several separated by commas (grm), and <c>0</c> or <c>1</c> for a response alone.
    /// </summary>
    /// <param name="protocol">The protocol's name.</param>
    /// <param name="order">Displayed position → original index.</param>
    /// <param name="label">The label of what is shown.</param>
    public static string AnswerOf(string protocol, IReadOnlyList<int> order, Label label)
    {
        if (label.Truth is { } truth)
        {
            return truth.ToString(CultureInfo.InvariantCulture);
        }

        IEnumerable<int> positions = Enumerable.Range(0, order.Count).Where(i => label.Best.Contains(order[i]));
        return protocol switch
        {
            "rm-r1" => positions.First() == 0 ? "A" : "B",
            "rrm" => Hints.NameOf(protocol, positions.First()),
            _ => string.Join(',', positions.Select(static i => i + 1)),
        };
    }
}
