using System.IO.Compression;
using System.Text.Json;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Reports;

/// <summary>The rows of a report's table of all rollouts.</summary>
internal sealed class ReportTable
{
    /// <summary>Rollouts of the largest run that has the table.</summary>
    public const int Most = 5000;

    private const int PromptShown = 160;
    private const int IdShown = 100;
    private readonly List<(Verdict Verdict, Rollout? Rollout, bool? Right)> _rows = [];

    /// <summary>Whether there were more than fit.</summary>
    public bool IsTooLarge { get; private set; }

    public void Add(Verdict verdict, Rollout? rollout, bool? right)
    {
        IsTooLarge |= _rows.Count == Most;
        if (IsTooLarge)
        {
            _rows.Clear();
        }
        else
        {
            _rows.Add((verdict, rollout is null ? null : rollout with { Responses = [], Prompt = [.. rollout.Prompt.Take(1).Select(static turn => turn with { Content = PlainText.Head(turn.Content, PromptShown) })] }, right));
        }
    }

    /// <summary>
    /// The table: its rows as JSON, compressed, in Base64. The texts in them are plain, and the page's one script writes them as text.
    /// </summary>
    public void AddTo(HtmlPage page)
    {
        page.Section("all", "All rollouts");
        if (IsTooLarge || _rows.Count == 0)
        {
            page.Add($"<p>{(IsTooLarge ? $"The run has more than {Most:N0} rollouts: " : "There are no verdicts yet. ")}<code>tribunal view</code> shows all of them, with every judgement.</p>\n</section>\n");
            return;
        }

        page.Add($"""
            <noscript><p>This table needs JavaScript; everything else here does not.</p></noscript>
            <div id="all-tools" hidden>
            <p class="bar"><label>Search <input id="all-search" type="search" placeholder="id, domain, prompt"></label>
            <label>Show <select id="all-only"><option value="">all</option><option value="wrong">wrong</option><option value="right">right</option><option value="contested">confidence below 0.6</option><option value="none">unscorable</option></select></label>
            <span id="all-status" role="status" class="soft"></span></p>
            <div class="scroll" tabindex="0" role="region" aria-label="All rollouts, table"><table><thead><tr>
            """);
        foreach (string column in (string[])["rollout", "domain", "label", "best", "confidence", "margin", "valid", "drawn", "tokens", "prompt"])
        {
            page.Add($"<th scope=\"col\"{new Markup(column is "rollout" or "domain" or "prompt" ? " class=\"words\"" : "")}><button type=\"button\">{column}</button></th>");
        }

        page.Add($"</tr></thead><tbody id=\"all-rows\"></tbody></table></div>\n<p><button type=\"button\" id=\"all-more\" hidden>500 more</button></p>\n</div>\n");
        page.Add($"<template id=\"packed\">{new Markup(Packed())}</template>\n</section>\n");
    }

    private string Packed()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        using (var json = new Utf8JsonWriter(gzip))
        {
            json.WriteStartArray();
            foreach ((Verdict verdict, Rollout? rollout, bool? right) in _rows)
            {
                json.WriteStartArray();
                json.WriteStringValue(Text(verdict.Id, IdShown));
                json.WriteStringValue(Text(rollout?.Domain ?? "", IdShown));
                Number(right is { } known ? known ? 1 : 0 : null);
                Number(verdict.Best);
                Number(verdict.Confidence is { } confidence ? Math.Round(confidence, 4) : null);
                Number(verdict.Margin is { } margin ? Math.Round(margin, 4) : null);
                Number(verdict.Votes.Valid);
                Number(verdict.Votes.Drawn);
                Number(verdict.Usage.Total);
                json.WriteStringValue(Text(rollout?.Prompt is [var first, ..] ? first.Content : "", PromptShown + 40));
                json.WriteEndArray();
            }

            json.WriteEndArray();

            void Number(double? value)
            {
                if (value is { } number)
                {
                    json.WriteNumberValue(number);
                }
                else
                {
                    json.WriteNullValue();
                }
            }
        }

        return Convert.ToBase64String(packed.ToArray());
    }

    private static string Text(string text, int most) => PlainText.Of(PlainText.Head(text, most));
}
