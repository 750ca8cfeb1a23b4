using System.Text;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Inference.MetaModels;

/// <summary>
/// What a meta reward model reads: query, responses as they were shown, critique (DeepSeek-GRM, arXiv 2504.02495, section
/// on meta RM). Section marks inside the texts are made inert, so none of them can end its section.
/// </summary>
internal static class MetaText
{
    /// <summary>The question put to a generative meta judge, after the text.</summary>
    public const string Question =
        "\n\n#### Task ####\nIs the critique above sound: do its statements hold, and does its verdict follow? Answer with one word: Yes or No.";

    /// <summary>Writes the text.</summary>
    public static string Compose(Rollout rollout, Judgement judgement)
    {
        var text = new StringBuilder("#### Conversation Context ####\n");
        foreach (Message turn in rollout.Prompt)
        {
            text.Append(turn.Role is "system" or "user" or "assistant" or "tool" ? turn.Role : "other").Append(": ");
            Inert(text, turn.Content);
            text.Append('\n');
        }

        text.Append("\n#### Responses to be Scored ####\n");
        for (int shown = 0; shown < judgement.Order.Count; shown++)
        {
            int original = judgement.Order[shown];
            if (original >= 0 && original < rollout.Responses.Count)
            {
                text.Append("[The Begin of Response ").Append(shown + 1).Append("]\n");
                Inert(text, rollout.Responses[original].Content);
                text.Append("\n[The End of Response ").Append(shown + 1).Append("]\n");
            }
        }

        text.Append("\n#### Critique ####\n");
        Inert(text, judgement.Text ?? "");
        return text.ToString();
    }

    private static void Inert(StringBuilder to, string text)
    {
        int start = to.Length;
        to.Append(text);
        to.Replace("####", "♯♯♯♯", start, to.Length - start);
        foreach (string mark in (ReadOnlySpan<string>)["[The Begin of", "[The End of"])
        {
            if (text.Contains(mark, StringComparison.OrdinalIgnoreCase))
            {
                // Rare, so the plain way: whatever the case, no bracket may open such a mark.
                to.Replace("[", "⟦", start, to.Length - start);
            }
        }
    }
}
