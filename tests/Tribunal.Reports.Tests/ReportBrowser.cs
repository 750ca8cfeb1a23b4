using Microsoft.Playwright;
using Tribunal.Testing.Pages;

namespace Tribunal.Reports.Tests;

/// <summary>The browser that reports are looked at with.</summary>
public sealed class ReportBrowser : PageBrowser
{
    /// <summary>A page that keeps what happens on it.</summary>
    public async Task<WatchedPage> OpenAsync(string path, int width = 1000, ColorScheme scheme = ColorScheme.Light)
    {
        IPage page = await Browser.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = width, Height = 900 }, ColorScheme = scheme });
        page.SetDefaultTimeout(Limit);
        var watched = new WatchedPage(page);
        await page.GotoAsync(new Uri(path).AbsoluteUri);
        return watched;
    }
}

/// <summary>A page and everything it did that a report must not do.</summary>
public sealed class WatchedPage
{
    public WatchedPage(IPage page) => (Page, Incidents) = (page, PageWatch.Incidents(page, _ => Requests++ == 0));

    public IPage Page { get; }

    /// <summary>Requests, the one for the page itself among them.</summary>
    public int Requests { get; private set; }

    public List<string> Incidents { get; }

    public async Task UnfoldAsync() => await Page.EvaluateAsync("() => document.querySelectorAll('details').forEach(d => d.open = true)");
}
