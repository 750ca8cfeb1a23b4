using Tribunal.Judgements;

namespace Tribunal.Protocols.Rrm;

/// <summary>
/// Reads the last <c>\boxed{…}</c> of the part after the thinking that says <c>Assistant 1</c> or <c>Assistant 2</c>
/// (<c>Solution</c> for some checkpoints), in any case and dress (<see cref="PlainText.Undress"/>). Verdicts before the last one
/// are discussion, as in the authors' evaluation: the grammar has no place of its own for the verdict. Boxes of anything else are
/// mathematics; unlike the authors' rule they don't void a verdict, since rollouts are shown with theirs and judges quote them.
/// </summary>
internal static class RrmAnswer
{
    /// <summary>Reads an answer in plain width.</summary>
    public static Reading Read(string answer)
    {
        Box[] boxes = [.. Box.All(answer).Where(static box => box.Close >= 0)];
        int? winner = boxes.Select(box => Winner(box.In(answer))).LastOrDefault(static said => said is not null);
        return boxes is not [.., var last] ? AnswerText.NoVerdict(answer, "no \\boxed{…} after the thinking")
            : winner is not null ? new Reading(JudgementOutcome.Valid, Winner: winner)
            : AnswerText.Unparsable($"the last box is neither Assistant 1 nor Assistant 2: {AnswerText.Quote(last.In(answer))}");
    }

    /// <summary>Where a text in plain width holds what <see cref="Read"/> could take for a verdict.</summary>
    /// <remarks>What follows the text might end a box that the text doesn't.</remarks>
    public static IEnumerable<Place> Places(string plain) =>
        Box.All(plain).Where(box => box.Close < 0 || Winner(box.In(plain)) is not null).Select(static box => new Place(box.Command, box.Open - box.Command));

    private static int? Winner(ReadOnlySpan<char> box) => PlainText.Undress(box).ToLowerInvariant() switch
    {
        "assistant 1" or "solution 1" => 0,
        "assistant 2" or "solution 2" => 1,
        _ => null,
    };
}
