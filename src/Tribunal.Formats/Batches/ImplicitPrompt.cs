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

    /// <summary>Conversations: the common turns, or the stated prompt when they start with the answer.</summary>
    /// <exception cref="JsonException">They do not part at their last turn, or there is no prompt.</exception>
    public static (IReadOnlyList<Message> Prompt, string Chosen, string Rejected) FromTurns(
        IReadOnlyList<Message> chosen, IReadOnlyList<Message> rejected, IReadOnlyList<Message> stated)
    {
        int common = 0;
        int last = Math.Min(chosen.Count, rejected.Count) - 1;
        while (common < last && chosen[common] == rejected[common])
        {
            common++;
        }

        if (chosen.Count != common + 1 || rejected.Count != common + 1)
        {
            throw new JsonException("chosen and rejected part before their last turn; one turn is judged");
        }

        IReadOnlyList<Message> prompt = common == 0 ? stated : [.. chosen.Take(common)];
        return prompt.Count == 0
            ? throw new JsonException("there is no prompt, stated or common to chosen and rejected")
            : (prompt, chosen[common].Content, rejected[common].Content);
    }

    /// <summary>
    /// Texts: with <c>Human:</c> and <c>Assistant:</c> marks (HH-RLHF) the turns before the last answer, else the common
    /// start up to a word's end.
    /// </summary>
    /// <exception cref="JsonException">They have no common start.</exception>
    public static (IReadOnlyList<Message> Prompt, string Chosen, string Rejected) FromTexts(string chosen, string rejected)
    {
        int common = chosen.AsSpan().CommonPrefixLength(rejected);
        ReadOnlySpan<char> prefix = chosen.AsSpan(0, common);
        if (prefix.TrimStart().StartsWith(Human.AsSpan().TrimStart(), StringComparison.Ordinal)
            && prefix.LastIndexOf(Assistant, StringComparison.Ordinal) is int mark and >= 0)
        {
            int answer = mark + Assistant.Length;
            if (chosen.AsSpan(answer).Contains(Human, StringComparison.Ordinal) || rejected.AsSpan(answer).Contains(Human, StringComparison.Ordinal))
            {
                throw new JsonException("chosen and rejected part before their last turn; one turn is judged");
            }

            return (Turns(chosen.AsSpan(0, mark)), chosen[answer..].Trim(), rejected[answer..].Trim());
        }

        // One text may be the other's start.
        int cut = prefix.LastIndexOfAny(' ', '\n') + 1;
        string prompt = chosen[..cut].Trim();
        return prompt.Length == 0
            ? throw new JsonException("there is no prompt, stated or common to chosen and rejected")
            : ([new Message("user", prompt)], chosen[cut..].Trim(), rejected[cut..].Trim());
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
