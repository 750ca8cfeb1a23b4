using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using NSubstitute;
using Tribunal.Azure.Storage;
using Tribunal.Functions.Tests.Hosting;
using Tribunal.Functions.Triggers;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Simulator.Batches;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Runs;

namespace Tribunal.Functions.Tests.Issues;

/// <summary>Reported: several that ask for one run at once. Where the order matters a client of the test's stands for the backend.</summary>
public sealed class RacingStartsTests(AzuriteServer azurite)
{
    private static readonly IConfiguration Settings = new ConfigurationBuilder().Build();

    [Fact]
    public async Task Both_find_no_instance_one_starts_it_and_the_other_is_served_by_that_one()
    {
        DurableTaskClient client = Substitute.For<DurableTaskClient>("fake");
        TaskCompletionSource both = new();
        int looks = 0, starts = 0;
        bool running = false;
        client.GetInstanceAsync("raced", Arg.Any<CancellationToken>()).Returns(async _ =>
        {
            bool known = running;
            if (Interlocked.Increment(ref looks) == 2)
            {
                both.SetResult();
            }

            await both.Task;
            return known || Volatile.Read(ref looks) > 2 ? Instance("raced") : null;
        });
        client.ScheduleNewOrchestrationInstanceAsync(default, default, default, default).ReturnsForAnyArgs(_ =>
        {
            running = true;
            return Interlocked.Increment(ref starts) == 1 ? Task.FromResult("raced") : throw new InvalidOperationException("an instance of this name runs");
        });

        RunRecord[] records = await Task.WhenAll(await StartAsync(client, "raced"), await StartAsync(client, "raced"));

        Assert.Equal(2, starts);
        Assert.All(records, static record => Assert.Equal(("raced", RunState.Queued), (record.RunId, record.State)));
    }

    [Fact]
    public async Task A_start_that_fails_while_nothing_runs_is_an_error_of_whoever_asked()
    {
        DurableTaskClient client = Substitute.For<DurableTaskClient>("fake");
        client.GetInstanceAsync("refused", Arg.Any<CancellationToken>()).Returns((OrchestrationMetadata?)null);
        client.ScheduleNewOrchestrationInstanceAsync(default, default, default, default).ReturnsForAnyArgs<string>(static _ => throw new InvalidOperationException("the backend is away"));
        Assert.Equal("the backend is away", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await await StartAsync(client, "refused"))).Message);
    }

    [Fact]
    public async Task What_is_under_way_is_not_started_again()
    {
        DurableTaskClient client = Substitute.For<DurableTaskClient>("fake");
        client.GetInstanceAsync("running", Arg.Any<CancellationToken>()).Returns(Instance("running"));
        await await StartAsync(client, "running");
        await client.DidNotReceiveWithAnyArgs().ScheduleNewOrchestrationInstanceAsync(default, default, default, default);
    }

    [Fact]
    public async Task Three_that_ask_over_HTTP_at_once_have_one_orchestration_that_draws_each_judgement_once()
    {
        ScriptedJudge judge = new();
        await using AppBed bed = await AppBed.StartAsync(azurite, "three", new BatchOptions { Rollouts = 6 }, judge: _ => judge);
        EvaluationRequest request = new() { Batch = bed.BatchPath, Judge = "simulated", Protocol = "grm", Policy = new() { Samples = 3 }, Output = "three" };

        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => bed.AskAsync(request))));

        RunRecord ended = await bed.RecordAsync("three", static run => run.IsOver);
        Assert.Equal((RunState.Done, null), (ended.State, ended.Reason));
        Assert.Equal((1, 6 * 3), (bed.App.Calls["PlanBatch"], judge.Asked.Count));
    }

    private static OrchestrationMetadata Instance(string runId) => new(Names.EvaluateBatch.Name, runId) { RuntimeStatus = OrchestrationRuntimeStatus.Running };

    private async Task<Task<RunRecord>> StartAsync(DurableTaskClient client, string runId)
    {
        TableRunCatalog catalog = new((await azurite.ConnectAsync()).Tables);
        EvaluationRequest request = new() { Batch = "b.jsonl", Judge = "simulated", Output = runId };
        return Task.Run(() => RunStarter.StartAsync(client, catalog, Settings, request, TimeProvider.System, default));
    }
}
