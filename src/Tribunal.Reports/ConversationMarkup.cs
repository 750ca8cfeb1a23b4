using Tribunal.Rollouts;

namespace Tribunal.Reports;

/// <summary>A conversation as a page shows it: a turn below the other, each with its speaker, what it called and what came back.</summary>
internal static class ConversationMarkup
{
    private const int TurnsShown = 40;

    /// <summary>Adds the turns.</summary>
    /// <param name="page">The page.</param>
    /// <param name="name">Whose turns they are, for screen readers.</param>
    /// <param name="turns">The turns.</param>
    /// <param name="most">Characters shown, at most, shared evenly by the turns that need them.</param>
    public static void Add(HtmlPage page, string name, IReadOnlyList<Message> turns, int most)
    {
        int each = Math.Max(200, most / Math.Clamp(turns.Count, 1, TurnsShown));
        page.Add($"<ol class=\"turns\" aria-label=\"{name}\">\n");
        for (int i = 0; i < turns.Count; i++)
        {
            if (turns.Count > TurnsShown && i == TurnsShown / 2)
            {
                i = turns.Count - (TurnsShown / 2);
                page.Add($"<li class=\"soft\">{turns.Count - TurnsShown} turns are left out</li>\n");
            }

            Turn(page, turns, i, each);
        }

        page.Add($"</ol>\n");
    }

    private static void Turn(HtmlPage page, IReadOnlyList<Message> turns, int index, int each)
    {
        Message turn = turns[index];
        string label = Conversation.Label(turn.Role);
        page.Add($"<li class=\"turn {new Markup(label.ToLowerInvariant())}\"><b>{label}</b>");
        if (!string.IsNullOrWhiteSpace(turn.Reasoning))
        {
            page.Add($"<details><summary>Thoughts ({turn.Reasoning.Length:N0} characters)</summary><pre tabindex=\"0\" dir=\"auto\">{PlainText.Ends(turn.Reasoning, each)}</pre></details>");
        }

        string text = ToolTurns.Text(turns, index);
        if (text.Length > 0)
        {
            page.Add($"<pre tabindex=\"0\" role=\"region\" aria-label=\"{label}, turn {index + 1}\" dir=\"auto\">{PlainText.Ends(text, each)}</pre>");
        }

        page.Add($"</li>\n");
    }
}
