using System.Text.Json;
using System.Text.RegularExpressions;
using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Runs;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Testing.Runs;

namespace Tribunal.Reports.Tests;

public sealed class RunReportTests
{
    [Fact]
    public async Task It_says_what_the_summary_says_and_shows_slowest_and_contested_rollouts()
    {
        using var bed = new RunBed(20);
        await bed.RunAsync();
        string html = await File.ReadAllTextAsync(await ReportFile.WriteAsync(bed.PathOf("")));
        RunSummary summary = bed.Summary();
        Assert.Contains($"<dd>{summary.Overall.Accuracy!.Value:P1}<small>", html, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\"><bdi>even</bdi></th><td>10</td>", html, StringComparison.Ordinal);
        Assert.Contains("vote over", html, StringComparison.Ordinal);
        Assert.Contains(@"<mark>\boxed{", html, StringComparison.Ordinal);
        Assert.Equal(18, Regex.Count(html, "<article>"));
        Assert.DoesNotContain("SIMULATED", html, StringComparison.Ordinal);
        Assert.DoesNotContain("http:", html, StringComparison.Ordinal);
        Assert.DoesNotContain("https:", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_the_same_page_every_time()
    {
        using var bed = new RunBed(20);
        await bed.RunAsync();
        string first = await File.ReadAllTextAsync(await ReportFile.WriteAsync(bed.PathOf("")));
        Assert.Equal(first, await File.ReadAllTextAsync(await ReportFile.WriteAsync(bed.PathOf(""), Path.Combine(bed.Folder, "other.html"))));
    }

    [Fact]
    public async Task A_run_stopped_half_way_is_reported_as_such()
    {
        using var bed = new RunBed(50);
        bed.Judge.On = (call, _) =>
        {
            if (call == 30)
            {
                bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "someone stopped it"));
            }

            return null;
        };
        await bed.RunAsync();
        string html = await File.ReadAllTextAsync(await ReportFile.WriteAsync(bed.PathOf("")));
        Assert.Contains("Incomplete: the run stopped before its end: someone stopped it", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_its_batch_it_still_has_everything_but_texts_and_labels()
    {
        using var bed = new RunBed(20);
        await bed.RunAsync();
        File.Delete(bed.Batch);
        string html = await File.ReadAllTextAsync(await ReportFile.WriteAsync(bed.PathOf("")));
        Assert.Contains("The batch is no longer where the run found it", html, StringComparison.Ordinal);
        Assert.Contains("Accuracy by domain with 95 % intervals", html, StringComparison.Ordinal);
        Assert.DoesNotContain("answer 0 of", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_run_is_refused_with_its_reason()
    {
        using var bed = new RunBed(1);
        ReportException no = await Assert.ThrowsAsync<ReportException>(() => ReportFile.WriteAsync(bed.Folder));
        Assert.Contains("manifest.json", no.Message, StringComparison.Ordinal);
        await bed.RunAsync();
        foreach (string result in (string[])[RunFiles.Summary, RunFiles.Verdicts, RunFiles.Judgements])
        {
            File.Delete(bed.PathOf(result));
        }

        no = await Assert.ThrowsAsync<ReportException>(() => ReportFile.WriteAsync(bed.PathOf("")));
        Assert.Contains("has no judgements yet", no.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_whose_summary_is_gone_is_reported_as_one_that_has_not_ended()
    {
        using var bed = new RunBed(4);
        await bed.RunAsync();
        File.Delete(bed.PathOf(RunFiles.Summary));
        Assert.Contains("Incomplete: the run stopped", await File.ReadAllTextAsync(await ReportFile.WriteAsync(bed.PathOf(""))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_judge_below_chance_is_called_that()
    {
        using var bed = new RunBed(20);
        await bed.RunAsync();
        RunSummary summary = bed.Summary();
        summary = summary with { Overall = summary.Overall with { Accuracy = Rate.Wilson(10, 100), Chance = 0.33 } };
        await File.WriteAllBytesAsync(bed.PathOf(RunFiles.Summary), JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Default.RunSummary));
        string html = await File.ReadAllTextAsync(await ReportFile.WriteAsync(bed.PathOf("")));
        Assert.Contains("Below chance in <bdi>overall</bdi>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_thousand_judgements_fit_in_five_megabytes()
    {
        using var bed = new RunBed(12_500);
        await bed.RunAsync(request: new EvaluationRequest { Batch = bed.Batch, Policy = new() { Samples = 1 } });

        // What the run drew, eight times over and with long texts for every thirtieth rollout.
        string filler = string.Concat(Enumerable.Repeat("<&\u202E\"> ", 4000));
        List<TracedJudgement> drawn = await bed.LedgerAsync();
        await using (FileStream ledger = File.Create(bed.PathOf(RunFiles.Judgements)))
        {
            for (int i = 0; i < drawn.Count; i++)
            {
                for (int sample = 0; sample < 8; sample++)
                {
                    bool slow = i % 2500 == 0;
                    await ledger.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(
                        drawn[i] with { Sample = sample, LatencyMs = slow ? 9000 + i : 1, Reasoning = slow ? filler : null, Text = slow ? filler + drawn[i].Text : drawn[i].Text },
                        TribunalJson.Default.TracedJudgement));
                    ledger.WriteByte((byte)'\n');
                }
            }
        }

        Assert.Equal(100_000, File.ReadLines(bed.PathOf(RunFiles.Judgements)).LongCount());
        RunSummary summary = bed.Summary() with { Judgements = new OutcomeCounts { Drawn = 100_000, Valid = 100_000 } };
        await File.WriteAllBytesAsync(bed.PathOf(RunFiles.Summary), JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Default.RunSummary));
        string report = await ReportFile.WriteAsync(bed.PathOf(""));
        Assert.InRange(new FileInfo(report).Length, 50_000, 5_000_000);
        Assert.Contains("a random sample of 12,500", await File.ReadAllTextAsync(report), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(@"so \boxed{1} and \boxed{7, {3}} done", @"\boxed{7, {3}}")]
    [InlineData("x <answer>[[B]]</answer>", "<answer>[[B]]</answer>")]
    [InlineData("x [[A]] y", "[[A]]")]
    [InlineData(@"[[A]] \boxed{Assistant 1}", @"\boxed{Assistant 1}")]
    [InlineData(@"\boxed{", "")]
    [InlineData("]] [[", "")]
    [InlineData("nothing", "")]
    public void A_verdict_is_found_in_its_text(string text, string verdict) => Assert.Equal(verdict, text[VerdictMark.Find(text)]);

    [Theory]
    [InlineData("plain <b>\n\ttext", "plain <b>\n\ttext")]
    [InlineData("a\u202Eb\u2066", "a⟦U+202E⟧b⟦U+2066⟧")]
    [InlineData("\u0000\u001B[31m", "⟦U+0000⟧⟦U+001B⟧[31m")]
    [InlineData("é👩\u200D🚀", "é👩\u200D🚀")]
    [InlineData("é\U000E0041", "é⟦U+E0041⟧")]
    public void Characters_that_hide_or_reorder_are_shown_by_their_code_points(string text, string plain) => Assert.Equal(plain, PlainText.Of(text));

    // Attributes can't hold a broken surrogate.
    [Fact]
    public void A_broken_surrogate_is_shown_as_one_replacement() => Assert.Equal("x\uFFFDy", PlainText.Of("x\uD800y"));

    [Fact]
    public void Holes_of_a_page_are_escaped_and_literals_are_not()
    {
        string text = "<b title=\"x\" y='z'>&";
        Assert.Equal("<p>&lt;b title=&quot;x&quot; y=&#x27;z&#x27;&gt;&amp;1.50<i></i></p>", new HtmlPage().Add($"<p>{text}{1.5:0.00}{new Markup("<i></i>")}</p>").ToString());
    }
}
