using System.Text.Json;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// The prompt of a preference pair that does not state it: what chosen and rejected have in common at their start, as in
/// TRL's implicit-prompt preference format.
/// </summary>
internal static class ImplicitPrompt
{
    private const string Human = "\n\nHuman:";
    private const string Assistant = "\n\nAssistant:";
    private const string Pair = "chosen and rejected";

    /// <summary>Conversations: the common turns together with the stated prompt, each turn once; what follows them is the responses, trajectories where it is more than a turn.</summary>
    /// <param name="chosen">One of them.</param>
    /// <param name="rejected">The other.</param>
    /// <param name="stated">The prompt that stands beside them; empty where there is none.</param>
    /// <param name="names">What the two are called, for people.</param>
    /// <exception cref="JsonException">They part at a user's turn or before one, there is no prompt, or the stated one is another.</exception>
    public static (IReadOnlyList<Message> Prompt, Response Chosen, Response Rejected) FromTurns(
        IReadOnlyList<Message> chosen, IReadOnlyList<Message> rejected, IReadOnlyList<Message> stated, string names = Pair)
    {
        int common = 0;
        int last = Math.Min(chosen.Count, rejected.Count) - 1;
        while (common < last && Conversation.AreSame(chosen[common], rejected[common]))
        {
            common++;
        }

        Message[] good = [.. chosen.Skip(common)];
        Message[] bad = [.. rejected.Skip(common)];
        if (good.Length == 0 || bad.Length == 0 || ((good.Length > 1 || bad.Length > 1) && good.Concat(bad).Any(static turn => Conversation.Label(turn.Role) == "User")))
        {
            // A user answers what was said before: the second half of one conversation is no answer to the other's.
            throw Parted(names);
        }

        IReadOnlyList<Message> prompt = Joined(stated, [.. chosen.Take(common)]);
        return prompt.Count == 0
            ? throw new JsonException($"there is no prompt, stated or common to {names}")
            : (prompt, Response.Of(good), Response.Of(bad));
    }

    /// <summary>Whether both texts are transcripts with <c>Human:</c> and <c>Assistant:</c> marks (HH-RLHF), or went through a chat template: their prompt is no guess.</summary>
    public static bool IsTranscript(string chosen, string rejected) => (AnswerOf(chosen, rejected) ?? TemplatedAnswerOf(chosen, rejected)) is not null;

    /// <summary>The turns of a prompt that is a transcript up to where the answer begins; null of any other text.</summary>
    public static IReadOnlyList<Message>? TranscriptTurns(string text)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        return trimmed.StartsWith(Human.AsSpan().TrimStart()) && trimmed.EndsWith(Assistant) ? Turns(trimmed[..^Assistant.Length]) : null;
    }

    /// <summary>Texts: of transcripts the turns before the last answer, of those that went through a chat template all before it, else the common start up to a word's end.</summary>
    /// <exception cref="JsonException">They have no common start.</exception>
    public static (IReadOnlyList<Message> Prompt, Response Chosen, Response Rejected) FromTexts(string chosen, string rejected)
    {
        if (AnswerOf(chosen, rejected) is { } answer)
        {
            if (chosen.AsSpan(answer).Contains(Human, StringComparison.Ordinal) || rejected.AsSpan(answer).Contains(Human, StringComparison.Ordinal))
            {
                return FromTurns(Turns(chosen), Turns(rejected), []);
            }

            return (Turns(chosen.AsSpan(0, answer - Assistant.Length)), new Response(chosen[answer..].Trim()), new Response(rejected[answer..].Trim()));
        }

        if (TemplatedAnswerOf(chosen, rejected) is { } start)
        {
            return TrainerText.GoesOn(chosen[start..]) || TrainerText.GoesOn(rejected[start..])
                ? throw Parted(Pair)
                : ([new Message("user", chosen[..start])], new Response(chosen[start..]), new Response(rejected[start..]));
        }

        // One text may be the other's start.
        int cut = chosen.AsSpan(0, chosen.AsSpan().CommonPrefixLength(rejected)).LastIndexOfAny(' ', '\n') + 1;
        string prompt = chosen[..cut].Trim();
        return prompt.Length == 0
            ? throw new JsonException("there is no prompt, stated or common to chosen and rejected")
            : ([new Message("user", prompt)], new Response(chosen[cut..].Trim()), new Response(rejected[cut..].Trim()));
    }

    // Where the last common answer starts.
    private static int? AnswerOf(string chosen, string rejected)
    {
        ReadOnlySpan<char> prefix = chosen.AsSpan(0, chosen.AsSpan().CommonPrefixLength(rejected));
        return prefix.TrimStart().StartsWith(Human.AsSpan().TrimStart(), StringComparison.Ordinal)
            && prefix.LastIndexOf(Assistant, StringComparison.Ordinal) is int mark and >= 0 ? mark + Assistant.Length : null;
    }

    private static int? TemplatedAnswerOf(string chosen, string rejected) => TrainerText.AnswerStart(chosen[..chosen.AsSpan().CommonPrefixLength(rejected)]);

    private static JsonException Parted(string names) => new($"{names} part at a user's turn or before one; what an assistant does by itself is judged");

    // Datasets state the whole prompt, its last turn, its system turn, or the text that a template was filled with.
    private static IReadOnlyList<Message> Joined(IReadOnlyList<Message> stated, IReadOnlyList<Message> common)
    {
        if (stated.Count == 0 || common.Count == 0)
        {
            return common.Count == 0 ? stated : common;
        }

        Message[] system = [.. stated.TakeWhile(static turn => turn.Role == "system")];
        Message[] own = [.. common.TakeWhile(static turn => turn.Role == "system")];
        IReadOnlyList<Message> said = [.. stated.Skip(system.Length)];
        IReadOnlyList<Message> shown = [.. common.Skip(own.Length)];
        if (system.Length > 0 && own.Length > 0 && !Texts(system).SequenceEqual(Texts(own), StringComparer.Ordinal))
        {
            throw new JsonException("prompt has another system turn than chosen and rejected start with");
        }

        IEnumerable<Message> first = own.Length > 0 ? own : system;
        return EndsWith(shown, said) ? [.. first, .. shown]
            : EndsWith(said, shown) ? [.. first, .. said]
            : Holds(shown, said) ? [.. first, .. shown]
            : Holds(said, shown) ? [.. first, .. said]
            : throw new JsonException("prompt is not what chosen and rejected start with");
    }

    private static IEnumerable<string> Texts(IEnumerable<Message> turns) => turns.Select(static turn => turn.Content.Trim());

    private static bool EndsWith(IReadOnlyList<Message> turns, IReadOnlyList<Message> end) =>
        turns.Count >= end.Count && Texts(turns.Skip(turns.Count - end.Count)).SequenceEqual(Texts(end), StringComparer.Ordinal);

    private static bool Holds(IReadOnlyList<Message> turns, IReadOnlyList<Message> others)
    {
        string all = string.Join('\n', Texts(turns));
        return Texts(others).All(text => all.Contains(text, StringComparison.Ordinal));
    }

    private static List<Message> Turns(ReadOnlySpan<char> text)
    {
        var turns = new List<Message>();
        string all = "\n\n" + text.Trim().ToString();
        for (int at = 0; at < all.Length;)
        {
            string mark = all.AsSpan(at).StartsWith(Human, StringComparison.Ordinal) ? Human : Assistant;
            int from = at + mark.Length;
            int human = all.IndexOf(Human, from, StringComparison.Ordinal);
            int assistant = all.IndexOf(Assistant, from, StringComparison.Ordinal);
            int next = (human, assistant) switch
            {
                (< 0, < 0) => all.Length,
                (< 0, _) => assistant,
                (_, < 0) => human,
                _ => Math.Min(human, assistant),
            };
            turns.Add(new Message(mark == Human ? "user" : "assistant", all[from..next].Trim()));
            at = next;
        }

        return turns;
    }
}
