using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;

namespace Tribunal.Testing.Storage;

/// <summary>What every run catalog promises.</summary>
public abstract class RunCatalogConformance
{
    private static int _runs;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_is_added_once_and_comes_back_as_it_was()
    {
        IRunCatalog catalog = await OpenAsync();
        RunRecord run = NewRun() with
        {
            State = RunState.Running,
            Reason = "because \u00e9\u20ac \"quoted\"",
            Progress = new RunProgress { Stage = "judging", Rollouts = 300, Finished = 12, Judgements = 48, Shards = 5, ShardsFinished = 1 },
            Attempts = 2,
            Worker = "host/1",
            Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        };
        Assert.Null(await catalog.GetAsync(run.RunId, Cancel));
        Assert.True(await catalog.TryAddAsync(run, Cancel));
        Assert.False(await catalog.TryAddAsync(run with { State = RunState.Done }, Cancel));
        Assert.Equal(run, await catalog.GetAsync(run.RunId, Cancel));
    }

    [Fact]
    public async Task Changes_at_once_all_count()
    {
        IRunCatalog catalog = await OpenAsync();
        RunRecord run = NewRun();
        await catalog.TryAddAsync(run, Cancel);
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Task.Run(async () =>
            await (await OpenAsync()).UpdateAsync(run.RunId, static now => now with { Attempts = now.Attempts + 1 }, Cancel))));
        Assert.Equal(12, (await catalog.GetAsync(run.RunId, Cancel))!.Attempts);
    }

    [Fact]
    public async Task A_change_may_leave_a_run_as_it_is()
    {
        IRunCatalog catalog = await OpenAsync();
        RunRecord run = NewRun();
        await catalog.TryAddAsync(run, Cancel);
        Assert.Equal(run, await catalog.UpdateAsync(run.RunId, static _ => null, Cancel));
        Assert.Null(await catalog.UpdateAsync("nobody", static now => now, Cancel));
    }

    [Fact]
    public async Task A_request_to_cancel_survives_progress()
    {
        IRunCatalog catalog = await OpenAsync();
        RunRecord run = NewRun();
        await catalog.TryAddAsync(run, Cancel);
        await catalog.UpdateAsync(run.RunId, static now => now with { CancelRequested = true }, Cancel);
        await catalog.UpdateAsync(run.RunId, static now => now with { Progress = new RunProgress { Stage = "judging" } }, Cancel);
        RunRecord after = (await catalog.GetAsync(run.RunId, Cancel))!;
        Assert.True(after.CancelRequested);
        Assert.Equal("judging", after.Progress!.Stage);
    }

    [Fact]
    public async Task A_listing_holds_every_run_in_order()
    {
        IRunCatalog catalog = await OpenAsync();
        string[] ids = [.. Enumerable.Range(0, 5).Select(static _ => NewRun().RunId)];
        foreach (string id in ids.Reverse())
        {
            await catalog.TryAddAsync(NewRun() with { RunId = id }, Cancel);
        }

        List<string> listed = [];
        await foreach (RunRecord run in catalog.ListAsync(Cancel))
        {
            listed.Add(run.RunId);
        }

        Assert.Equal(ids, listed.Where(ids.Contains));
        Assert.Equal(listed.Order(StringComparer.Ordinal), listed);
    }

    [Fact]
    public async Task A_reason_of_any_length_is_kept_or_cut_never_refused()
    {
        IRunCatalog catalog = await OpenAsync();
        RunRecord run = NewRun() with { Reason = new string('r', 40_000) };
        await catalog.TryAddAsync(run, Cancel);
        Assert.StartsWith("rrr", (await catalog.GetAsync(run.RunId, Cancel))!.Reason, StringComparison.Ordinal);
    }

    protected abstract Task<IRunCatalog> OpenAsync();

    private static RunRecord NewRun() => new()
    {
        RunId = $"catalog-{Interlocked.Increment(ref _runs):D4}",
        State = RunState.Queued,
        Request = new EvaluationRequest { Batch = "a/b.jsonl", Protocol = "grm", Policy = new PolicyOptions { Samples = 4 }, Seed = 7 },
    };
}
