using System.Net;
using System.Text;
using Tribunal.Testing.Runs;

namespace Tribunal.Viewer.Tests;

/// <summary>Who may ask, and what an answer may do.</summary>
public sealed class GateTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/app.js")]
    [InlineData("/api/runs")]
    public async Task Without_the_token_nothing_is_told(string path)
    {
        using var runs = new RunBed(1);
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        using var client = new HttpClient { BaseAddress = new Uri(bed.Viewer.Root) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(path)).StatusCode);
        client.DefaultRequestHeaders.Add("X-Tribunal-Token", new string('0', 32));
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync(path)).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync($"/?token={new string('0', 32)}")).StatusCode);
    }

    [Theory]
    [InlineData("Host", "evil.example")]
    [InlineData("Host", "127.0.0.1.evil.example")]
    [InlineData("Origin", "https://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task A_page_of_another_site_gets_nothing_even_with_the_token(string header, string value)
    {
        using var runs = new RunBed(1);
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        using HttpClient client = bed.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/runs");
        request.Headers.TryAddWithoutValidation(header, value);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task The_token_goes_into_a_cookie_that_no_script_and_no_other_site_has()
    {
        using var runs = new RunBed(1);
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        using var handler = new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false };
        using var client = new HttpClient(handler);
        HttpResponseMessage answer = await client.GetAsync(bed.Viewer.Address);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/", answer.Headers.Location!.OriginalString);
        string cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_is_sent_is_JSON_and_small()
    {
        using var runs = new RunBed(2);
        await runs.RunAsync();
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        using HttpClient client = bed.Client();
        string key = await bed.KeyAsync("run");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await client.PostAsync($"api/runs/{key}/stop", new StringContent("{}", Encoding.UTF8, "text/plain"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.PostAsync($"api/runs/{key}/rollouts/0/label", new StringContent("""{"best":[7]}""", Encoding.UTF8, "application/json"))).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync($"api/runs/{key}/rollouts?filter=nonsense")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync($"api/runs/{key}/rollouts/0/vote?rule=nonsense")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"api/runs/{key}/rollouts/99")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("api/runs/nosuchrun")).StatusCode);
        HttpResponseMessage page = await client.GetAsync("/");
        string policy = Assert.Single(page.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
    }
}
