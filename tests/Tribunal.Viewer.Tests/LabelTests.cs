using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Playwright;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Testing.Runs;

namespace Tribunal.Viewer.Tests;

public sealed class LabelTests(ViewerBrowser browser) : IClassFixture<ViewerBrowser>
{
    [Fact]
    public async Task A_label_is_in_its_file_when_the_page_says_so_and_stands_after_the_viewer_died()
    {
        using var runs = new RunBed(20);
        await runs.RunAsync();
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("run");
        await bed.WholeAsync($"api/runs/{key}");
        ViewerPage view = await browser.OpenAsync(bed, $"#/run/{key}/rollouts/3");
        await view.Page.GetByRole(AriaRole.Group, new() { Name = "Best" }).GetByRole(AriaRole.Button, new() { Name = "Response 2" }).ClickAsync();
        await view.SaysAsync(".label", "saved");
        Assert.Equal([1], (await RunLabels.ReadAsync(new LocalRunStore(runs.PathOf("")))).Of("r3")!.Best!);
        await view.Page.Keyboard.PressAsync("n");
        await view.Page.Keyboard.TypeAsync("a close one");
        await view.Page.Locator(".label").GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await Assertions.Expect(view.Page.Locator(".label [role=status]")).ToHaveTextAsync("saved");

        Assert.Empty(view.Incidents);
        await view.Page.CloseAsync();

        // Half a line, as a crash in the middle of a write leaves it.
        await File.AppendAllTextAsync(runs.PathOf(RunFiles.Labels), "{\"rolloutId\":\"r4\",\"be");
        await bed.RestartAsync();
        ViewerPage again = await browser.OpenAsync(bed, $"#/run/{key}/rollouts/3");
        await again.SaysAsync(".label", "labelled");
        Assert.Equal("true", await again.Page.GetByRole(AriaRole.Group, new() { Name = "Best" }).GetByRole(AriaRole.Button, new() { Name = "Response 2" }).GetAttributeAsync("aria-pressed"));
        Assert.Equal("a close one", await again.Page.Locator("#note").InputValueAsync());
        Assert.Empty(again.Incidents);
    }

    [Fact]
    public async Task Accuracy_and_filters_go_by_people_at_once()
    {
        using var runs = new RunBed(20);
        await runs.RunAsync();
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("run");
        JsonElement before = await bed.WholeAsync($"api/runs/{key}/rollouts?filter=wrong");
        int wrong = before.GetProperty("total").GetInt32();
        Assert.True(wrong > 0);
        JsonElement row = before.GetProperty("rows")[0];
        using HttpClient client = bed.Client();
        HttpResponseMessage saved = await client.PostAsync(
            $"api/runs/{key}/rollouts/{row.GetProperty("row").GetInt32()}/label",
            new StringContent($$"""{"best":[{{row.GetProperty("best").GetInt32()}}],"by":"me"}""", Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.OK, saved.StatusCode);
        Assert.Equal(wrong - 1, (await bed.WholeAsync($"api/runs/{key}/rollouts?filter=wrong")).GetProperty("total").GetInt32());
        Assert.Equal(1, (await bed.WholeAsync($"api/runs/{key}/rollouts?filter=noted")).GetProperty("total").GetInt32());
        JsonElement run = await bed.WholeAsync($"api/runs/{key}");
        double accuracy = run.GetProperty("summary").GetProperty("overall").GetProperty("accuracy").GetProperty("value").GetDouble();
        Assert.Equal((20.0 - (wrong - 1)) / 20, accuracy, 9);
        Assert.Equal(1 - (wrong / 20.0), runs.Summary().Overall.Accuracy!.Value, 9);
    }
}
