using System.Globalization;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Reports;

/// <summary>The sections of a report that show single rollouts with their judgements.</summary>
internal sealed class ReportCases(ReportData data, HtmlPage page)
{
    // Texts stop here whatever the run holds: escaping can make one character six.
    private const int MostCharacters = 3_500_000;
    private const int PromptShown = 3000;
    private const int ResponseShown = 2500;
    private const int ResponsesShown = 8;
    private const int AnswerShown = 4000;

    /// <summary>Adds a section.</summary>
    /// <param name="id">Its anchor.</param>
    /// <param name="title">Its heading.</param>
    /// <param name="lead">What it shows.</param>
    /// <param name="cases">The rollouts.</param>
    public void Section(string id, string title, string lead, List<Case> cases)
    {
        page.Section(id, title);
        page.Add($"<p>{lead}{(data.HasBatch ? "" : " The batch is no longer where the run found it, so prompts and responses are missing.")}</p>\n");
        int left = 0;
        foreach (Case shown in cases)
        {
            if (page.Length > MostCharacters)
            {
                left++;
                continue;
            }

            OneCase(shown);
        }

        if (left > 0)
        {
            page.Add($"<p>{left} more are left out to keep this file small.</p>\n");
        }

        page.Add($"</section>\n");
    }

    private void OneCase(Case shown)
    {
        page.Add($"<article>\n<h3><bdi>{PlainText.Name(shown.Id)}</bdi>{(shown.Rollout?.Domain is { } domain ? $" in {PlainText.Name(domain)}" : "")}</h3>\n<p>");
        if (shown.Verdict is { } verdict)
        {
            page.Add($"{(verdict.Best is int best ? $"Best: response {best + 1}, confidence {verdict.Confidence:0.000}, margin {verdict.Margin:0.000}" : $"Unscorable: {PlainText.Head(verdict.Reason ?? "", 300)}")}. ");
        }

        if (shown.SlowestMs > 0)
        {
            page.Add($"Slowest judgement {shown.SlowestMs / 1000:N2} s. ");
        }

        page.Add($"{(shown.Rollout?.Best is { Count: > 0 } labels ? $"Labelled best: {string.Join(", ", labels.Select(static b => b + 1))}." : "")}</p>\n");
        if (shown.Rollout is { } rollout)
        {
            page.Add($"<details><summary>Prompt and {rollout.Responses.Count} responses</summary>\n");
            if (ToolTurns.HasTools(rollout.Prompt))
            {
                ConversationMarkup.Add(page, "Prompt", rollout.Prompt, PromptShown);
            }
            else
            {
                page.Pre("Prompt", PlainText.Head(string.Join("\n\n", rollout.Prompt.Select(static turn => $"{turn.Role}: {turn.Content}")), PromptShown));
            }

            for (int i = 0; i < Math.Min(rollout.Responses.Count, ResponsesShown); i++)
            {
                string reward = shown.Verdict?.Rewards is { } rewards && i < rewards.Count ? $", reward {rewards[i]:0.000}" : "";
                page.Add($"<h4>Response {i + 1}{reward}</h4>");
                if (rollout.Responses[i].Turns is { } turns)
                {
                    ConversationMarkup.Add(page, $"Response {i + 1}", turns, 2 * ResponseShown);
                }
                else
                {
                    page.Pre($"Response {i + 1}", PlainText.Head(rollout.Responses[i].Content, ResponseShown));
                }
            }

            page.Add($"{(rollout.Responses.Count > ResponsesShown ? $"{rollout.Responses.Count - ResponsesShown} more responses are left out." : "")}</details>\n");
        }

        page.Add($"<p class=\"soft\">{(shown.Drawn > shown.Judgements.Count ? $"{shown.Judgements.Count} of {shown.Drawn:N0} judgements" : $"{shown.Drawn} judgements")}</p>\n<div class=\"side\">\n");
        foreach (TracedJudgement judgement in shown.Judgements)
        {
            OneJudgement(judgement);
        }

        page.Add($"</div>\n</article>\n");
    }

    private void OneJudgement(TracedJudgement judgement)
    {
        string said = judgement.Outcome != JudgementOutcome.Valid ? $"{judgement.Outcome.ToString().ToLowerInvariant()}: {PlainText.Head(judgement.Why ?? "", 300)}"
            : judgement.Scores is { } scores ? "scores " + string.Join(", ", scores.Take(32).Select(static s => s.ToString("0.##", CultureInfo.InvariantCulture)))
            : judgement.Winner is int winner ? $"response {winner + 1} wins"
            : "a draw";
        string meta = judgement.Meta is double m ? string.Create(CultureInfo.InvariantCulture, $", meta reward {m:0.###}") : "";
        page.Add($"<section aria-label=\"Sample {judgement.Sample}\"><h4>Sample {judgement.Sample}</h4><p><bdi>{said}</bdi>{meta}<br><span class=\"soft\">shown in order {string.Join(", ", judgement.Order.Take(32).Select(static o => o + 1))}; {judgement.LatencyMs / 1000:N2} s; {judgement.Usage.Output:N0} tokens out</span></p>");
        string text = judgement.Text ?? "";
        string reasoning = judgement.Reasoning ?? "";
        int thought = text.LastIndexOf("</think>", StringComparison.Ordinal);
        if (thought >= 0 && reasoning.Length == 0)
        {
            reasoning = text[..thought];
            text = text[(thought + "</think>".Length)..];
        }

        if (reasoning.Length > 0)
        {
            page.Add($"<details><summary>Reasoning ({reasoning.Length:N0} characters)</summary>");
            page.Pre($"Reasoning of sample {judgement.Sample}", PlainText.Ends(reasoning.Trim(), AnswerShown));
            page.Add($"</details>");
        }

        if (text.Length > 0)
        {
            string shown = PlainText.Ends(text.Trim(), AnswerShown);
            page.Pre($"Answer of sample {judgement.Sample}", shown, judgement.Outcome == JudgementOutcome.Valid ? VerdictMark.Find(shown) : default);
        }

        page.Add($"</section>\n");
    }
}
