using Tribunal.Judgements;

namespace Tribunal.Protocols.Rrm;

/// <summary>
/// Reads the last <c>\boxed{…}</c> of the part after the thinking: it is <c>Assistant 1</c> or <c>Assistant 2</c>
/// (<c>Solution</c> for some checkpoints, <c>\text{…}</c> around it allowed), or there is no verdict. Boxes before the
/// last one are discussion, as in the authors' evaluation: the grammar has no place of its own for the verdict.
/// </summary>
internal static class RrmAnswer
{
    /// <summary>Reads an answer.</summary>
    public static Reading Read(string answer)
    {
        ReadOnlySpan<char> last = default;
        bool any = false;
        int from = 0;
        while (AnswerText.NextBox(answer, ref from, out ReadOnlySpan<char> box))
        {
            last = box;
            any = true;
        }

        return !any ? AnswerText.NoVerdict(answer, "no \\boxed{…} after the thinking")
            : Winner(last) is { } winner ? new Reading(JudgementOutcome.Valid, Winner: winner)
            : AnswerText.Unparsable($"the last box is neither Assistant 1 nor Assistant 2: {AnswerText.Quote(last)}");
    }

    private static int? Winner(ReadOnlySpan<char> box)
    {
        box = box.Trim();
        if (box is [.., '}'] && box.TrimStart('\\').StartsWith("text", StringComparison.Ordinal) && box.IndexOf('{') is var open && open > 0)
        {
            box = box[(open + 1)..^1].Trim();
        }

        return box switch
        {
            "Assistant 1" or "Solution 1" => 0,
            "Assistant 2" or "Solution 2" => 1,
            _ => null,
        };
    }
}
