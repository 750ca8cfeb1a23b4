using System.Text.Json;
using System.Web;
using Microsoft.Playwright;
using Tribunal.Judgements;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Testing.Runs;
using Tribunal.Verdicts;

namespace Tribunal.Viewer.Tests;

/// <summary>Each view over 100,000 rollouts, as a browser shows it, against the files.</summary>
public sealed class BigRunTests(BigRuns big, ViewerBrowser browser) : IClassFixture<BigRuns>, IClassFixture<ViewerBrowser>
{
    private Verdict[]? _verdicts;

    private Verdict[] Verdicts => _verdicts ??=
        [.. File.ReadLines(big.Runs.PathOf(RunFiles.Verdicts)).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!)];

    [Fact]
    public async Task The_table_of_runs_says_what_their_summaries_say()
    {
        RunSummary summary = big.Runs.Summary();
        ViewerPage view = await browser.OpenAsync(big.Bed);
        ILocator row = view.Page.Locator("tr", new PageLocatorOptions { Has = view.Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "run", Exact = true }) });
        string text = await row.InnerTextAsync();
        Assert.Contains($"{100 * summary.Overall.Accuracy!.Value:0.0} %", text, StringComparison.Ordinal);
        Assert.Contains("100,000", text, StringComparison.Ordinal);
        Assert.Contains("fixed, 2", text, StringComparison.Ordinal);
        Assert.Empty(view.Incidents);
    }

    [Fact]
    public async Task The_table_of_rollouts_shows_the_verdicts_in_order_and_by_filters()
    {
        ViewerPage view = await browser.OpenAsync(big.Bed, $"#/run/{big.Key}/rollouts");
        await view.SaysAsync("#count", "100,000 of 100,000 rollouts");
        Assert.Equal("r0", await view.Rows.First.InnerTextAsync());
        await view.Page.GetByRole(AriaRole.Button, new() { Name = "Surest and wrong" }).ClickAsync();
        Verdict[] wrong = [.. Verdicts.Where(static verdict => verdict.Best is { } best && best != Number(verdict.Id) % 3)];
        await view.SaysAsync("#count", $"{wrong.Length:N0} of 100,000 rollouts");
        Assert.Equal(wrong.MaxBy(static verdict => verdict.Confidence)!.Id, await view.Rows.First.InnerTextAsync());
        await view.Page.Locator(".filters select").SelectOptionAsync("odd");
        await view.SaysAsync("#count", $"{wrong.Count(static verdict => Number(verdict.Id) % 2 == 1):N0} of 100,000 rollouts");

        // The address alone shows the same.
        ViewerPage again = await browser.OpenAsync(big.Bed, view.Page.Url[view.Page.Url.IndexOf('#', StringComparison.Ordinal)..]);
        await again.SaysAsync("#count", $"{wrong.Count(static verdict => Number(verdict.Id) % 2 == 1):N0} of 100,000 rollouts");
        Assert.Equal(await view.Rows.First.InnerTextAsync(), await again.Rows.First.InnerTextAsync());
        Assert.Empty(view.Incidents.Concat(again.Incidents));
    }

    [Fact]
    public async Task The_last_row_of_all_can_be_reached_and_keys_open_it()
    {
        ViewerPage view = await browser.OpenAsync(big.Bed, $"#/run/{big.Key}/rollouts");
        await view.SaysAsync("#count", "100,000 of 100,000 rollouts");
        await view.Page.Locator(".list").EvaluateAsync("list => list.scrollTo(0, list.scrollHeight)");
        await Assertions.Expect(view.Rows.Last).ToHaveTextAsync("r99999");
        await view.Page.Locator(".list").EvaluateAsync("list => list.scrollTo(0, 0)");
        await Assertions.Expect(view.Rows.First).ToHaveTextAsync("r0");
        await view.Page.Keyboard.PressAsync("j");
        await view.Page.Keyboard.PressAsync("j");
        await view.Page.Keyboard.PressAsync("Enter");
        await view.SaysAsync("h1", "r2");
        await view.Page.Keyboard.PressAsync("j");
        await view.SaysAsync("h1", "r3");
        await view.Page.Keyboard.PressAsync("u");
        await view.SaysAsync("#count", "100,000 of 100,000 rollouts");
        Assert.Empty(view.Incidents);
    }

    [Theory]
    [InlineData("ANSWER 1 of 77777", "r77777", "response")]
    [InlineData("Question 4242?", "r4242", "prompt")]
    public async Task A_text_is_found_wherever_it_stands(string text, string id, string where)
    {
        ViewerPage view = await browser.OpenAsync(big.Bed, $"#/run/{big.Key}/rollouts?q={HttpUtility.UrlEncode(text)}");
        await view.SaysAsync("#count", "1 of 100,000 rollouts");
        await view.SaysAsync("#count", "all looked through");
        await view.SaysAsync(".listbody .listrow", $"{id} in {where}");
        Assert.Empty(view.Incidents);
    }

    [Fact]
    public async Task A_text_of_one_trace_is_found_in_the_ledger()
    {
        Judgement some = (await big.Runs.LedgerAsync())[123_456];
        JsonElement found = await big.Bed.WholeAsync($"api/runs/{big.Key}/rollouts?q=thinking+OF+{some.Seed}+at");
        Assert.Equal(some.RolloutId, found.GetProperty("rows")[0].GetProperty("id").GetString());
        Assert.Equal("trace", found.GetProperty("rows")[0].GetProperty("foundIn").GetString());
        Assert.Equal(1, found.GetProperty("search").GetProperty("found").GetInt32());
    }

    [Fact]
    public async Task The_filters_count_what_the_ledger_holds()
    {
        List<TracedJudgement> ledger = await big.Runs.LedgerAsync();
        await SameAsync("unparsable", ledger.Where(static j => j.Outcome == JudgementOutcome.Unparsable).Select(static j => j.RolloutId).Distinct().Count());
        await SameAsync("unscorable", Verdicts.Count(static v => v.Status == VerdictStatus.Unscorable));
        await SameAsync("contested", Verdicts.Count(static v => v.Confidence < 0.6));
        await SameAsync("right", (int)Math.Round(big.Runs.Summary().Overall.Accuracy!.Value * big.Runs.Summary().Overall.Accuracy!.Of));
        await SameAsync("neutralised", 0);

        async Task SameAsync(string filter, int expected) =>
            Assert.Equal(expected, (await big.Bed.WholeAsync($"api/runs/{big.Key}/rollouts?filter={filter}&count=1")).GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task One_rollout_shows_its_verdict_its_judgements_and_what_another_vote_says()
    {
        const int Row = 31_415;
        Verdict verdict = Verdicts[Row];
        List<Judgement> judgements = [.. (await big.Runs.LedgerAsync()).Where(judgement => judgement.RolloutId == verdict.Id).OrderBy(static judgement => judgement.Sample)];
        ViewerPage view = await browser.OpenAsync(big.Bed, $"#/run/{big.Key}/rollouts/{Row}");
        await view.SaysAsync("#verdict", $"Response {verdict.Best + 1} is best, confidence {verdict.Confidence:0.000}");
        string[] responses = [.. await view.Page.Locator(".response").AllInnerTextsAsync()];
        for (int i = 0; i < 3; i++)
        {
            Assert.Contains($"reward {verdict.Rewards![i]:0.000}", responses[i], StringComparison.Ordinal);
            Assert.Contains($"answer {i} of {Row}", responses[i], StringComparison.Ordinal);
        }

        Assert.Equal(2, await view.Page.Locator(".judgement").CountAsync());
        string shown = await view.TextAsync("#sample-0");
        Assert.Contains($"Response {judgements[0].Order[1] + 1}, shown second", shown, StringComparison.Ordinal);
        Assert.Contains(string.Join(", ", judgements[0].Scores!.Select(static (score, i) => $"Response {i + 1}: {score:0.##}")), shown, StringComparison.Ordinal);
        Assert.StartsWith(@"\boxed{", await view.TextAsync("#sample-0 mark"), StringComparison.Ordinal);

        JsonElement other = await big.Bed.GetAsync($"api/runs/{big.Key}/rollouts/{Row}/vote?samples=1&rule=majority");
        Verdict expected = new RecordedVote(new SchemeOptions { Kind = Protocols.JudgingKind.Listwise, Rule = Voting.VotingRule.Majority }, 1)
            .Cast(new Rollouts.Rollout { Id = verdict.Id, Prompt = [], Responses = [new("a"), new("b"), new("c")] }, judgements).Verdict;
        Assert.Equal(expected.Rewards!, other.GetProperty("verdict").GetProperty("rewards").EnumerateArray().Select(static reward => reward.GetDouble()));
        await view.Page.Locator("section[aria-labelledby=whatif] input[type=range]").First.FillAsync("1");
        await view.SaysAsync("#othervote", "1 judgements voted");
        Assert.Empty(view.Incidents);
    }

    [Fact]
    public async Task Two_runs_are_compared_rollout_by_rollout()
    {
        Verdict[] others = [.. File.ReadLines(big.Runs.PathOf(RunFiles.Verdicts, "other")).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!)];
        int differ = Verdicts.Zip(others).Count(static pair => pair.First.Best is not null && pair.Second.Best is not null && pair.First.Best != pair.Second.Best);
        ViewerPage view = await browser.OpenAsync(big.Bed, $"#/compare?runs={big.Key},{big.Other}");
        await view.SaysAsync("#count", $"{differ:N0} of 100,000 shared rollouts");
        Assert.Contains("even", await view.TextAsync("section:has(#domains)"), StringComparison.Ordinal);
        await view.Page.Locator(".listbody .listrow a").First.ClickAsync();
        await view.SaysAsync("thead", "why it differs");
        Assert.Equal(3, await view.Page.Locator(".judgement").CountAsync());
        Assert.Empty(view.Incidents);
    }

    [Fact]
    public async Task The_overview_and_the_live_view_say_what_the_summary_says()
    {
        RunSummary summary = big.Runs.Summary();
        ViewerPage view = await browser.OpenAsync(big.Bed, $"#/run/{big.Key}");
        await view.SaysAsync(".tiles", $"{100 * summary.Overall.Accuracy!.Value:0.0} %");
        await view.SaysAsync(".tiles", $"{summary.Judgements.Drawn:N0}");
        await view.SaysAsync("section[aria-labelledby=outcomes]", $"{summary.Judgements.Unparsable:N0}");
        await view.SaysAsync("section[aria-labelledby=domains]", "50,000");
        await Assertions.Expect(view.Page.Locator(".plots img")).ToHaveCountAsync(5);
        await view.ShowAsync($"#/run/{big.Key}/live");
        await view.SaysAsync("h2#live", "Done");
        await view.SaysAsync("#drawn", $"{summary.Judgements.Drawn:N0}");
        Assert.Empty(view.Incidents);
    }

    [Fact]
    public async Task Plots_are_drawings_and_tables_of_the_same_figures()
    {
        using HttpClient client = big.Bed.Client();
        string svg = await client.GetStringAsync($"api/runs/{big.Key}/plots/rewards.svg");
        string csv = await client.GetStringAsync($"api/runs/{big.Key}/plots/rewards.csv");
        Assert.StartsWith("<svg xmlns=", svg, StringComparison.Ordinal);
        Assert.Equal(Verdicts.Sum(static verdict => verdict.Rewards?.Count ?? 0), csv.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Sum(static line => int.Parse(line.Split(',')[2], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task An_index_is_kept_and_made_anew_when_the_files_change()
    {
        using var runs = new RunBed(6);
        await runs.RunAsync();
        string index = runs.PathOf("judgements.index");
        await using (Bed bed = await Bed.OpenAsync(runs.Folder))
        {
            await bed.WholeAsync($"api/runs/{await bed.KeyAsync("run")}/rollouts");
        }

        byte[] kept = await File.ReadAllBytesAsync(index);
        await File.WriteAllTextAsync(runs.PathOf(RunFiles.Verdicts), string.Join('\n', File.ReadLines(runs.PathOf(RunFiles.Verdicts)).Take(5)) + "\n");
        await using (Bed bed = await Bed.OpenAsync(runs.Folder))
        {
            JsonElement answer = await bed.WholeAsync($"api/runs/{await bed.KeyAsync("run")}/rollouts");
            Assert.Equal(1, answer.GetProperty("rows").EnumerateArray().Count(static row => row.GetProperty("status").GetString() == "waiting"));
        }

        Assert.NotEqual(kept, await File.ReadAllBytesAsync(index));
        await File.WriteAllBytesAsync(index, [.. (await File.ReadAllBytesAsync(index)).Take(200)]);
        await using (Bed bed = await Bed.OpenAsync(runs.Folder))
        {
            Assert.Equal(6, (await bed.WholeAsync($"api/runs/{await bed.KeyAsync("run")}/rollouts")).GetProperty("all").GetInt32());
        }
    }

    private static int Number(string id) => int.Parse(id.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture);
}
