using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Functions.Tests.Hosting;
using Tribunal.MetaReward;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Simulator.Batches;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Durable;
using Tribunal.Tournaments;

namespace Tribunal.Functions.Tests.Orchestration;

/// <summary>The same run on the durable host and in the loop of one process.</summary>
public sealed class SameVerdictsTests(AzuriteServer azurite)
{
    // Several shards and several chunks a round, so that there is something to fan out.
    private static readonly ActivityOptions Spread = new() { DrawsPerChunk = 16, DrawsPerShard = 40 };
    private static readonly BatchOptions Batch = new() { Rollouts = 24, MinResponses = 3, MaxResponses = 4, Seed = 5 };

    public static TheoryData<string> Cases => [.. Requests.Keys];

    private static Dictionary<string, EvaluationRequest> Requests { get; } = new(StringComparer.Ordinal)
    {
        ["fixed"] = new() { Batch = "", Policy = new() { Samples = 4 } },
        ["chunked-with-meta"] = new() { Batch = "", Policy = new() { Samples = 8 }, Meta = new MetaOptions { Model = "simulated", Keep = 0.5 } },
        ["pairs"] = new() { Batch = "", Protocol = "rrm", Policy = new() { Samples = 3 } },
        ["adaptive"] = new() { Batch = "", Policy = new() { Kind = PolicyKind.Adaptive, Max = 16 } },
        ["certified"] = new() { Batch = "", Policy = new() { Kind = PolicyKind.Certified, Max = 16 } },
        ["knockout"] = new() { Batch = "", Protocol = "rm-r1", Policy = new() { Samples = 3 }, Tournament = new TournamentOptions { Kind = TournamentKind.Knockout } },
        ["budget-waves"] = new() { Batch = "", Policy = new() { Kind = PolicyKind.Budget, Judgements = 150 } },
        ["routing"] = new()
        {
            Batch = "",
            Protocol = "rm-r1",
            Policy = new() { Samples = 2 },
            Routing = new RoutingTable { Routes = [new Route { Domain = "math", Protocol = "grm", Policy = new() { Samples = 4 } }, new Route { Task = "chat", Policy = new() { Samples = 3 } }] },
        },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_run_on_the_durable_host_has_the_verdicts_of_the_loop_in_one_process_byte_for_byte(string name)
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, $"same-{name}", Batch, Spread);
        EvaluationRequest request = Requests[name] with { Batch = bed.BatchPath, Judge = "simulated", Seed = 11, Output = $"same-{name}" };

        OrchestrationMetadata ended = await bed.RunAsync(request);

        RunOutcome outcome = ended.ReadOutputAs<RunOutcome>()!;
        Assert.Null(outcome.Halt);
        Assert.Equal((RunStatus.Complete, 24), (outcome.Status, outcome.Rollouts));
        Assert.True(bed.App.Calls["CastShard"] > 1, "the run has several shards");
        string durable = System.Text.Encoding.UTF8.GetString(await bed.ReadAsync(request.Output!, RunFiles.Verdicts));
        Assert.Equal(await InOneProcessAsync(bed, request), durable);
        Assert.Equal(RunState.Done, (await bed.Catalog.GetAsync(request.Output!, default))!.State);
    }

    [Fact]
    public async Task A_shard_is_replayed_from_the_start_after_every_activity_and_draws_nothing_twice()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "replayed", new BatchOptions { Rollouts = 6 });
        EvaluationRequest request = new() { Batch = bed.BatchPath, Judge = "simulated", Policy = new() { Samples = 4 }, Output = "replayed" };

        RunOutcome outcome = (await bed.RunAsync(request)).ReadOutputAs<RunOutcome>()!;

        Assert.Equal((RunStatus.Complete, 24), (outcome.Status, outcome.Judgements));
        int activities = bed.App.Calls["PlanRound"] + bed.App.Calls["DrawChunk"] + bed.App.Calls["CastShard"];
        Assert.Equal(4, activities);
        Assert.Equal(1 + activities, bed.App.Meter.Histories.Single(static history => history.Key.EndsWith("-0-0", StringComparison.Ordinal)).Value.Turns);
    }

    [Fact]
    public async Task A_batch_of_many_shards_is_cut_into_stretches_whose_histories_stay_short()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "long", new BatchOptions { Rollouts = 11 }, new ActivityOptions { DrawsPerChunk = 16, DrawsPerShard = 1, ShardsPerInstance = 8 });
        EvaluationRequest request = new() { Batch = bed.BatchPath, Judge = "simulated", Policy = new() { Samples = 1 }, Seed = 11, Output = "long" };

        RunOutcome outcome = (await bed.RunAsync(request)).ReadOutputAs<RunOutcome>()!;

        Assert.Equal((RunStatus.Complete, 11), (outcome.Status, outcome.Judgements));
        Assert.Equal(11, bed.App.Calls["CastShard"]);
        KeyValuePair<string, HistorySize>[] stretches = [.. bed.App.Meter.Histories.Where(static history => history.Key.Contains("-from-", StringComparison.Ordinal)).OrderBy(static history => history.Key, StringComparer.Ordinal)];
        Assert.Equal(["from-0", "from-8"], stretches.Select(static stretch => stretch.Key[stretch.Key.IndexOf("from-", StringComparison.Ordinal)..]));
        Assert.InRange(bed.App.Meter.Histories["long"].Events, 1, stretches[0].Value.Events);
        Assert.Equal(await InOneProcessAsync(bed, request), System.Text.Encoding.UTF8.GetString(await bed.ReadAsync("long", RunFiles.Verdicts)));
        RunProgress progress = (await bed.Catalog.GetAsync("long", default))!.Progress!;
        Assert.Equal((11, 11, 11), (progress.Shards, progress.ShardsFinished, progress.Finished));
    }

    private static async Task<string> InOneProcessAsync(AppBed bed, EvaluationRequest request)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-functions-");
        try
        {
            string batch = Path.Combine(folder.FullName, "batch.jsonl");
            await File.WriteAllBytesAsync(batch, bed.Batch);
            RunSteps steps = new(
                new LocalRunStores(folder.FullName), bed.App.Services.GetRequiredService<JudgeRegistry>(), new RunMonitors(), new ActivityOptions(), TimeProvider.System, NullLogger<RunSteps>.Instance);
            await new InProcessHost(steps, TimeProvider.System).RunAsync(new BatchRun("loop", request with { Batch = batch, Output = "loop" }), default);
            return await File.ReadAllTextAsync(Path.Combine(folder.FullName, "loop", RunFiles.Verdicts));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
