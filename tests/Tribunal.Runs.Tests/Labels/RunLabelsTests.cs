using System.Text;
using Tribunal.Formats.TrainingSets;
using Tribunal.Rollouts;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Labels;

public sealed class RunLabelsTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_last_line_of_a_rollout_stands_and_an_empty_one_takes_it_back()
    {
        using var bed = new RunBed(1);
        var store = new LocalRunStore(bed.PathOf(""));
        await RunLabels.AppendAsync(store, new RolloutLabel { RolloutId = "a", At = Now, Best = [1] });
        await RunLabels.AppendAsync(store, new RolloutLabel { RolloutId = "b", At = Now, Note = "odd" });
        await RunLabels.AppendAsync(store, new RolloutLabel { RolloutId = "a", At = Now.AddMinutes(1), Best = [0, 2], By = "me" });
        await RunLabels.AppendAsync(store, new RolloutLabel { RolloutId = "b", At = Now.AddMinutes(2) });
        RunLabels labels = await RunLabels.ReadAsync(store);
        Assert.Equal(1, labels.Count);
        Assert.Equal([0, 2], labels.Of("a")!.Best!);
        Assert.Equal("me", labels.Of("a")!.By);
        Assert.Null(labels.Of("b"));
    }

    [Fact]
    public async Task A_line_that_a_crash_tore_costs_that_line_and_nothing_else()
    {
        using var bed = new RunBed(1);
        var store = new LocalRunStore(bed.PathOf(""));
        await RunLabels.AppendAsync(store, new RolloutLabel { RolloutId = "a", At = Now, Best = [1] });
        await File.AppendAllTextAsync(bed.PathOf(RunFiles.Labels), "{\"rolloutId\":\"b\",\"at\":\"2026-03-", Encoding.UTF8);
        Assert.Equal(1, (await RunLabels.ReadAsync(store)).Count);
        await RunLabels.AppendAsync(store, new RolloutLabel { RolloutId = "c", At = Now, Best = [0] });
        RunLabels labels = await RunLabels.ReadAsync(store);
        Assert.Equal(["a", "c"], labels.All.Select(static label => label.RolloutId).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Writers_at_the_same_time_lose_nothing()
    {
        using var bed = new RunBed(1);
        string folder = bed.PathOf("");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => RunLabels.AppendAsync(new LocalRunStore(folder), new RolloutLabel { RolloutId = $"r{i}", At = Now, Best = [0] }))));
        Assert.Equal(8, (await RunLabels.ReadAsync(new LocalRunStore(folder))).Count);
    }

    [Theory]
    [InlineData(new[] { 0 }, null, true)]
    [InlineData(new[] { 2 }, null, false)]
    [InlineData(new[] { -1 }, null, false)]
    [InlineData(new[] { 1, 1 }, null, false)]
    [InlineData(new int[0], null, false)]
    [InlineData(null, new[] { 1.0, 2.0 }, true)]
    [InlineData(null, new[] { 1.0 }, false)]
    [InlineData(null, new[] { 1.0, double.NaN }, false)]
    public void A_label_that_names_what_the_rollout_does_not_have_says_nothing(int[]? best, double[]? scores, bool fits)
    {
        var rollout = new Rollout { Id = "a", Prompt = [new Message("user", "q")], Responses = [new Response("x"), new Response("y")], Best = [1], Scores = [5, 6] };
        var label = new RolloutLabel { RolloutId = "a", At = Now, Best = best, Scores = scores };
        Assert.Equal(fits, label.WhyNot(2) is null);
        Rollout labelled = label.ApplyTo(rollout);
        Assert.Equal(fits && best is not null ? best : [1], labelled.Best!);
        Assert.Equal(fits && scores is not null ? scores : [5, 6], labelled.Scores!);
    }

    [Fact]
    public async Task Accuracy_calibration_and_votes_go_by_what_people_say()
    {
        using var bed = new RunBed(40);
        await bed.RunAsync();
        var store = new LocalRunStore(bed.PathOf(""));
        RunContents before = await RunContents.OpenFolderAsync(bed.PathOf(""));
        await foreach (Verdicts.Verdict verdict in before.VerdictsAsync(CancellationToken.None))
        {
            await RunLabels.AppendAsync(store, new RolloutLabel { RolloutId = verdict.Id, At = Now, Best = [verdict.Best!.Value] });
        }

        RunContents after = await before.WithLabelsAsync(null, CancellationToken.None);
        Assert.True(before.Summary.Overall.Accuracy!.Value < 1);
        Assert.Equal(1, after.Summary.Overall.Accuracy!.Value);
        Assert.Equal(1, after.Summary.Domains["odd"].Accuracy!.Value);
        Assert.NotEqual(before.Summary.Calibration!.All.Ece, after.Summary.Calibration!.All.Ece);
        Assert.Equal(before.Summary.Usage, after.Summary.Usage);
    }
}
