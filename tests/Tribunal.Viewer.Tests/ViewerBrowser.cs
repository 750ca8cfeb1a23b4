using Microsoft.Playwright;
using Tribunal.Testing.Pages;

namespace Tribunal.Viewer.Tests;

/// <summary>The browser that the viewer is driven with.</summary>
public sealed class ViewerBrowser : PageBrowser
{
    /// <summary>A page of a viewer, and what it did that it must not.</summary>
    public async Task<ViewerPage> OpenAsync(Bed bed, string view = "", int width = 1280, ColorScheme scheme = ColorScheme.Light, int height = 900)
    {
        IPage page = await Browser.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = width, Height = height }, ColorScheme = scheme, BypassCSP = false });
        page.SetDefaultTimeout(Limit);
        Assertions.SetDefaultExpectTimeout(Limit);
        var watched = new ViewerPage(page, bed.Viewer.Root);
        await page.GotoAsync(bed.Viewer.Address);
        if (view.Length > 0)
        {
            await watched.ShowAsync(view);
        }

        return watched;
    }
}

/// <summary>A page and everything it did that the viewer must not do.</summary>
public sealed class ViewerPage
{
    public ViewerPage(IPage page, string root) => (Page, Incidents) = (page, PageWatch.Incidents(page, url => url.StartsWith(root, StringComparison.Ordinal)));

    public IPage Page { get; }

    public List<string> Incidents { get; }

    /// <summary>Goes to a view by its address.</summary>
    public Task ShowAsync(string view) => Page.EvaluateAsync("view => { location.hash = view; }", view);

    public ILocator Rows => Page.Locator(".listbody .listrow a");

    public Task<string> TextAsync(string selector) => Page.Locator(selector).First.InnerTextAsync();

    /// <summary>Waits until an element says something.</summary>
    public Task SaysAsync(string selector, string text) => Assertions.Expect(Page.Locator(selector).First).ToContainTextAsync(text);

    public Task<string[]> SeriousAsync() => PageWatch.SeriousAsync(Page);

    public Task<bool> ScrollsSidewaysAsync() => Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > document.documentElement.clientWidth");
}
