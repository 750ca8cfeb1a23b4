using System.Text.Json;
using Microsoft.Playwright;

namespace Tribunal.Testing.Pages;

/// <summary>What happens on a page that must not: words on its console, errors, dialogs, further windows, and requests that are not its own.</summary>
public static class PageWatch
{
    private static readonly string Axe = File.ReadAllText(Path.Combine(RepositoryFolder.Root(), "node_modules", "axe-core", "axe.min.js"));

    /// <summary>Writes down all of it from here on.</summary>
    /// <param name="page">The page.</param>
    /// <param name="isOwn">Whether the page may ask for an address.</param>
    public static List<string> Incidents(IPage page, Func<string, bool> isOwn)
    {
        List<string> incidents = [];
        page.Console += (_, message) => incidents.Add($"console: {message.Text}");
        page.PageError += (_, error) => incidents.Add($"error: {error}");
        page.Dialog += async (_, dialog) =>
        {
            incidents.Add($"dialog: {dialog.Message}");
            await dialog.DismissAsync();
        };
        page.Request += (_, request) =>
        {
            if (!isOwn(request.Url))
            {
                incidents.Add($"request: {request.Url}");
            }
        };
        page.Popup += (_, popup) => incidents.Add($"popup: {popup.Url}");
        return incidents;
    }

    /// <summary>What axe-core finds serious or critical, where it has looked at anything at all.</summary>
    public static async Task<string[]> SeriousAsync(IPage page)
    {
        await page.EvaluateAsync(Axe + "\n;0");
        JsonElement found = await page.EvaluateAsync<JsonElement>("() => axe.run(document)");
        Assert.NotEmpty(found.GetProperty("passes").EnumerateArray());
        return
        [
            .. found.GetProperty("violations").EnumerateArray()
                .Where(static v => v.GetProperty("impact").GetString() is "serious" or "critical")
                .Select(static v => $"{v.GetProperty("id").GetString()}: {v.GetProperty("nodes")[0].GetProperty("html").GetString()} {v.GetProperty("nodes")[0].GetProperty("failureSummary").GetString()}"),
        ];
    }
}
