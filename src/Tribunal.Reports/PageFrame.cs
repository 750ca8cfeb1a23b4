using System.Security.Cryptography;
using System.Text;

namespace Tribunal.Reports;

/// <summary>
/// The frame of a self-contained page: one style sheet, allowed by its hash, and nothing else. No script, no image, no
/// request: the policy forbids what the page doesn't need.
/// </summary>
internal static class PageFrame
{
    private static readonly string Css = ReadCss();
    private static readonly string Policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Css)))}'; base-uri 'none'; form-action 'none'";

    public static HtmlPage Open(string title)
    {
        var page = new HtmlPage();
        page.Add($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{new Markup(Policy)}">
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

    public static string Close(HtmlPage page) => page.Add($"</main>\n</body>\n</html>\n").ToString();

    // The parser of HTML turns CRLF into LF before it hashes.
    private static string ReadCss()
    {
        using var reader = new StreamReader(typeof(PageFrame).Assembly.GetManifestResourceStream("report.css")!, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
