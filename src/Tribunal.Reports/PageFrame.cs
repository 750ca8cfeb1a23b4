using System.Security.Cryptography;
using System.Text;

namespace Tribunal.Reports;

/// <summary>
/// The frame of a self-contained page: one style sheet, and of a report one script, each allowed by its hash, and nothing else. No image,
/// no request: the policy forbids what the page doesn't need.
/// </summary>
internal static class PageFrame
{
    private static readonly string Css = Read("report.css");
    private static readonly string Script = Read("report.js");

    /// <summary>Begins a page.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="table">Whether it holds the table that the script searches; without it no script may run.</param>
    public static HtmlPage Open(string title, bool table = false)
    {
        var page = new HtmlPage();
        page.Add($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{new Markup(PolicyOf(table))}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <meta name="color-scheme" content="light dark">
            <title>{title}</title>
            <style>{new Markup(Css)}</style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the figures</a>

            """);
        return page;
    }

    public static string Close(HtmlPage page, bool table = false)
    {
        page.Add($"</main>\n");
        if (table)
        {
            page.Add($"<script>{new Markup(Script)}</script>\n");
        }

        return page.Add($"</body>\n</html>\n").ToString();
    }

    private static string PolicyOf(bool table) =>
        $"default-src 'none'; style-src 'sha256-{Hash(Css)}'; {(table ? $"script-src 'sha256-{Hash(Script)}'; " : "")}base-uri 'none'; form-action 'none'";

    private static string Hash(string text) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    // The parser of HTML turns CRLF into LF before it hashes.
    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(PageFrame).Assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
