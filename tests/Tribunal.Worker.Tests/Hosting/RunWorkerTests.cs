using Azure.Data.Tables;
using Tribunal.Azure.Names;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;

namespace Tribunal.Worker.Tests.Hosting;

/// <summary>Workers in this process, over Azurite.</summary>
public sealed class RunWorkerTests
{
    [Fact]
    public async Task A_run_of_more_shards_than_one_orchestration_goes_through_is_cut_into_stretches_and_gives_what_the_loop_gives()
    {
        await using WorkerBed bed = await WorkerBed.StartAsync(rollouts: 12, new ActivityOptions { DrawsPerShard = 8, DrawsPerChunk = 4, ShardsPerInstance = 2 });
        EvaluationRequest request = WorkerBed.Request("stretched", samples: 4);
        await bed.StartWorkerAsync("one");
        await bed.SendAsync(request);
        RunRecord done = await bed.EndAsync("stretched");
        Assert.Equal((RunState.Done, 1, "one"), (done.State, done.Attempts, done.Worker));
        Assert.Equal((6, 6, 12L), (done.Progress!.Shards, done.Progress.ShardsFinished, done.Progress.Finished));
        Assert.Equal(12 * 4, bed.Asked);
        Assert.Equal(await bed.LoopAsync(request), await bed.VerdictsAsync("stretched"));

        // The run's own, three stretches, six shards.
        Assert.Equal(1 + 3 + 6, await InstancesAsync(bed));
    }

    [Fact]
    public async Task A_run_asked_for_many_times_at_once_is_one_run_of_all_workers()
    {
        await using WorkerBed bed = await WorkerBed.StartAsync(rollouts: 12, new ActivityOptions { DrawsPerShard = 16, DrawsPerChunk = 4 });
        EvaluationRequest request = WorkerBed.Request("raced", samples: 4);
        await Task.WhenAll(bed.StartWorkerAsync("one"), bed.StartWorkerAsync("two"), bed.StartWorkerAsync("three"));
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => bed.SendAsync(request)));
        Assert.Equal(RunState.Done, (await bed.EndAsync("raced")).State);
        Assert.Equal(12 * 4, bed.Asked);
        Assert.Equal(await bed.LoopAsync(request), await bed.VerdictsAsync("raced"));
    }

    [Fact]
    public async Task A_request_that_fails_again_however_often_it_is_tried_ends_its_run_at_once()
    {
        await using WorkerBed bed = await WorkerBed.StartAsync(rollouts: 2, new ActivityOptions());
        await bed.StartWorkerAsync("one");
        await bed.SendAsync(WorkerBed.Request("missing", samples: 1) with { Batch = "missing.jsonl" });
        RunRecord failed = await bed.EndAsync("missing");
        Assert.Equal(RunState.Failed, failed.State);
        Assert.Contains("there is no batch", failed.Reason, StringComparison.Ordinal);
        Assert.Equal(0, bed.Asked);
    }

    private static async Task<int> InstancesAsync(WorkerBed bed)
    {
        int instances = 0;
        await foreach (TableEntity _ in bed.Storage.Tables.GetTableClient(ResourceNames.WorkerHub + "Instances").QueryAsync<TableEntity>(cancellationToken: TestContext.Current.CancellationToken))
        {
            instances++;
        }

        return instances;
    }
}
