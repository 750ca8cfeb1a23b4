using System.Text.Json;
using Microsoft.Playwright;

namespace Tribunal.Viewer.Tests;

/// <summary>A headless Chromium: the one that TRIBUNAL_CHROMIUM names, or <c>chromium</c> on the path. Nothing is downloaded.</summary>
public sealed class ViewerBrowser : IAsyncLifetime
{
    // In milliseconds, and only against hanging.
    private const float Limit = 300_000;
    private IPlaywright? _playwright;

    public IBrowser Browser { get; private set; } = null!;

    public static string Axe { get; } = File.ReadAllText(Path.Combine(Root(), "node_modules", "axe-core", "axe.min.js"));

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        Browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Find(),
            Timeout = Limit,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (Browser is not null)
        {
            await Browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

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

    public static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "package-lock.json")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("the tests run outside the repository");
    }

    private static string Find()
    {
        string? named = Environment.GetEnvironmentVariable("TRIBUNAL_CHROMIUM");
        return !string.IsNullOrEmpty(named) ? named
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
                .SelectMany(static folder => new[] { Path.Combine(folder, "chromium"), Path.Combine(folder, "chromium-browser"), Path.Combine(folder, "google-chrome") })
                .FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException("no chromium on the path: ./test installs it, or set TRIBUNAL_CHROMIUM to a browser");
    }
}

/// <summary>A page and everything it did that the viewer must not do.</summary>
public sealed class ViewerPage
{
    private readonly string _root;

    public ViewerPage(IPage page, string root)
    {
        (Page, _root) = (page, root);
        page.Console += (_, message) => Incidents.Add($"console: {message.Text}");
        page.PageError += (_, error) => Incidents.Add($"error: {error}");
        page.Dialog += async (_, dialog) =>
        {
            Incidents.Add($"dialog: {dialog.Message}");
            await dialog.DismissAsync();
        };
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(root, StringComparison.Ordinal))
            {
                Incidents.Add($"request: {request.Url}");
            }
        };
        page.Popup += (_, popup) => Incidents.Add($"popup: {popup.Url}");
    }

    public IPage Page { get; }

    public List<string> Incidents { get; } = [];

    /// <summary>Goes to a view by its address.</summary>
    public Task ShowAsync(string view) => Page.EvaluateAsync("view => { location.hash = view; }", view);

    public ILocator Rows => Page.Locator(".listbody .listrow a");

    public Task<string> TextAsync(string selector) => Page.Locator(selector).First.InnerTextAsync();

    /// <summary>Waits until an element says something.</summary>
    public Task SaysAsync(string selector, string text) => Assertions.Expect(Page.Locator(selector).First).ToContainTextAsync(text);

    public async Task<string[]> SeriousAsync()
    {
        await Page.EvaluateAsync(ViewerBrowser.Axe + "\n;0");
        JsonElement found = await Page.EvaluateAsync<JsonElement>("() => axe.run(document)");
        Assert.NotEmpty(found.GetProperty("passes").EnumerateArray());
        return
        [
            .. found.GetProperty("violations").EnumerateArray()
                .Where(static v => v.GetProperty("impact").GetString() is "serious" or "critical")
                .Select(static v => $"{v.GetProperty("id").GetString()}: {v.GetProperty("nodes")[0].GetProperty("html").GetString()} {v.GetProperty("nodes")[0].GetProperty("failureSummary").GetString()}"),
        ];
    }

    public Task<bool> ScrollsSidewaysAsync() => Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > document.documentElement.clientWidth");
}
