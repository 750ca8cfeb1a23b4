using Microsoft.Azure.Functions.Worker;
using Tribunal.Functions.Durable;
using Tribunal.Functions.Tests.Hosting;
using Tribunal.Functions.Triggers;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Azurite;

namespace Tribunal.Functions.Tests.Issues;

/// <summary>Reported: a run whose orchestration was terminated stays "running" for ever.</summary>
public sealed class TerminatedInstanceTests(AzuriteServer azurite)
{
    [Theory]
    [InlineData("status")]
    [InlineData("cancel")]
    [InlineData("timer")]
    public async Task The_run_of_a_terminated_orchestration_is_over_and_says_why(string seenBy)
    {
        string runId = $"terminated-{seenBy}";
        TaskCompletionSource begun = new();
        TaskCompletionSource released = new();
        await using AppBed bed = await AppBed.StartAsync(
            azurite, runId, judge: simulated => new InterposedJudge(simulated) { Before = () => { begun.TrySetResult(); return released.Task; } });
        await bed.AskAsync(new EvaluationRequest { Batch = bed.BatchPath, Judge = "simulated", Policy = new() { Samples = 1 }, Output = runId });
        await bed.RecordAsync(runId, static record => record.State == RunState.Running);
        await begun.Task;
        await bed.App.Client.TerminateInstanceAsync(runId);
        await bed.App.Client.WaitForInstanceCompletionAsync(runId);
        released.SetResult();

        await (seenBy switch
        {
            "status" => AppBed.AnswerAsync(bed.Http.EvaluationStatus(AppBed.Request(), bed.App.Client, runId, default)),
            "cancel" => AppBed.AnswerAsync(bed.Http.CancelEvaluation(AppBed.Request(), bed.App.Client, runId, default)),
            _ => new Maintenance(new OneRun(bed.Catalog, runId), TimeProvider.System).SettleRuns(new TimerInfo(), bed.App.Client, default),
        });

        RunRecord record = (await bed.Catalog.GetAsync(runId, default))!;
        Assert.Equal((RunState.Cancelled, "somebody terminated its orchestration"), (record.State, record.Reason));
    }

    [Fact]
    public async Task A_run_whose_orchestration_is_gone_has_failed()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "purged");
        RunRecord lost = new() { RunId = "purged", State = RunState.Running, Worker = LostRuns.Worker };
        await bed.Catalog.TryAddAsync(lost, default);

        RunRecord settled = await LostRuns.SettleAsync(bed.App.Client, bed.Catalog, lost, TimeProvider.System, default);

        Assert.Equal((RunState.Failed, "its orchestration is gone"), (settled.State, settled.Reason));
    }

    [Theory]
    [InlineData(RunState.Running, "host-4711")]
    [InlineData(RunState.Queued, null)]
    [InlineData(RunState.Done, LostRuns.Worker)]
    public async Task Runs_of_others_and_runs_that_are_not_under_way_stay_as_they_are(RunState state, string? worker)
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "others");
        RunRecord record = new() { RunId = $"others-{state}", State = state, Worker = worker };
        await bed.Catalog.TryAddAsync(record, default);

        Assert.Same(record, await LostRuns.SettleAsync(bed.App.Client, bed.Catalog, record, TimeProvider.System, default));
    }

    [Fact]
    public async Task A_run_that_was_started_again_meanwhile_is_left_alone()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "again");
        RunRecord seen = new() { RunId = "again", State = RunState.Running, Worker = LostRuns.Worker };
        await bed.Catalog.TryAddAsync(seen with { State = RunState.Queued, Updated = DateTimeOffset.UnixEpoch }, default);

        RunRecord settled = await LostRuns.SettleAsync(bed.App.Client, bed.Catalog, seen, TimeProvider.System, default);

        Assert.Equal(RunState.Queued, settled.State);
    }

    // Tests share the run table, and each has orchestrations of its own.
    private sealed class OneRun(IRunCatalog all, string runId) : IRunCatalog
    {
        public Task<bool> TryAddAsync(RunRecord run, CancellationToken cancellationToken) => all.TryAddAsync(run, cancellationToken);

        public Task<RunRecord?> GetAsync(string runId, CancellationToken cancellationToken) => all.GetAsync(runId, cancellationToken);

        public IAsyncEnumerable<RunRecord> ListAsync(CancellationToken cancellationToken) => all.ListAsync(cancellationToken).Where(run => run.RunId == runId);

        public Task<RunRecord?> UpdateAsync(string runId, Func<RunRecord, RunRecord?> change, CancellationToken cancellationToken) => all.UpdateAsync(runId, change, cancellationToken);
    }
}
