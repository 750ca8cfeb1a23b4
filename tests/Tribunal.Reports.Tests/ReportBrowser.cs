using Microsoft.Playwright;

namespace Tribunal.Reports.Tests;

/// <summary>A headless Chromium: the one that TRIBUNAL_CHROMIUM names, or <c>chromium</c> on the path. Nothing is downloaded.</summary>
public sealed class ReportBrowser : IAsyncLifetime
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
            Args =
            [
                "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
            ],
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

    /// <summary>A page that keeps what happens on it.</summary>
    public async Task<WatchedPage> OpenAsync(string path, int width = 1000, ColorScheme scheme = ColorScheme.Light)
    {
        IPage page = await Browser.NewPageAsync(new BrowserNewPageOptions { ViewportSize = new ViewportSize { Width = width, Height = 900 }, ColorScheme = scheme });
        page.SetDefaultTimeout(Limit);
        var watched = new WatchedPage(page);
        await page.GotoAsync(new Uri(path).AbsoluteUri);
        return watched;
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

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "package-lock.json")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("the tests run outside the repository");
    }
}

/// <summary>A page and everything it did that a report must not do.</summary>
public sealed class WatchedPage
{
    public WatchedPage(IPage page)
    {
        Page = page;
        page.Console += (_, message) => Incidents.Add($"console: {message.Text}");
        page.PageError += (_, error) => Incidents.Add($"error: {error}");
        page.Dialog += async (_, dialog) =>
        {
            Incidents.Add($"dialog: {dialog.Message}");
            await dialog.DismissAsync();
        };
        page.Request += (_, request) =>
        {
            if (Requests++ > 0)
            {
                Incidents.Add($"request: {request.Url}");
            }
        };
        page.Popup += (_, popup) => Incidents.Add($"popup: {popup.Url}");
    }

    public IPage Page { get; }

    /// <summary>Requests, the one for the page itself among them.</summary>
    public int Requests { get; private set; }

    public List<string> Incidents { get; } = [];

    public async Task UnfoldAsync() => await Page.EvaluateAsync("() => document.querySelectorAll('details').forEach(d => d.open = true)");
}
