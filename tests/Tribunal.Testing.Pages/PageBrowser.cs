using Microsoft.Playwright;

namespace Tribunal.Testing.Pages;

/// <summary>A headless Chromium: the one that TRIBUNAL_CHROMIUM names, or <c>chromium</c> on the path. Nothing is downloaded.</summary>
public abstract class PageBrowser : IAsyncLifetime
{
    // In milliseconds, and only against hanging.
    protected const float Limit = 300_000;
    private IPlaywright? _playwright;

    public IBrowser Browser { get; private set; } = null!;

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
        GC.SuppressFinalize(this);
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
