using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Tribunal.Functions.Tests.Hosting;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Simulator.Batches;
using Tribunal.Testing.Azurite;

namespace Tribunal.Functions.Tests.Orchestration;

/// <summary>How runs end that do not go straight through.</summary>
public sealed class EndingsTests(AzuriteServer azurite)
{
    [Fact]
    public async Task What_can_not_be_had_is_tried_once_and_the_run_says_why()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "hopeless");
        EvaluationRequest request = new() { Batch = "nobody/has/this.jsonl", Judge = "simulated", Output = "hopeless" };

        OrchestrationMetadata ended = await bed.RunAsync(request);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Equal(1, bed.App.Calls["PlanBatch"]);
        RunRecord record = (await bed.Catalog.GetAsync("hopeless", default))!;
        Assert.Equal(RunState.Failed, record.State);
        Assert.Contains("nobody/has/this.jsonl", record.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_judge_that_nobody_configured_is_hopeless_too()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "unconfigured");

        await bed.RunAsync(new EvaluationRequest { Batch = bed.BatchPath, Judge = "nobody", Output = "unconfigured" });

        Assert.Equal(1, bed.App.Calls["PlanBatch"]);
        Assert.Contains("Tribunal__Judges__nobody__Endpoint", (await bed.Catalog.GetAsync("unconfigured", default))!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_judge_that_comes_up_late_is_waited_for_on_timers_and_the_run_says_so()
    {
        TaskCompletionSource asked = new();
        await using AppBed bed = await AppBed.StartAsync(
            azurite, "late", judge: simulated => new InterposedJudge(simulated) { Up = check => check > 2, Before = () => asked.Task });
        EvaluationRequest request = new() { Batch = bed.BatchPath, Judge = "simulated", Policy = new() { Samples = 2 }, Output = "late" };
        await bed.AskAsync(request);

        RunRecord waiting = await bed.RecordAsync("late", static record => record.Progress?.Stage == "waiting-for-judge");
        asked.SetResult();
        OrchestrationMetadata ended = await bed.App.Client.WaitForInstanceCompletionAsync("late", getInputsAndOutputs: true);

        Assert.Equal("still loading", waiting.Progress!.Detail);
        Assert.Equal(RunStatus.Complete, ended.ReadOutputAs<RunOutcome>()!.Status);
        Assert.Equal(3, bed.App.Calls["CheckJudge"]);
    }

    [Fact]
    public async Task A_judge_that_never_comes_up_ends_the_run_when_patience_does()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "never", judge: simulated => new InterposedJudge(simulated) { Up = static _ => false });
        EvaluationRequest request = new() { Batch = bed.BatchPath, Judge = "simulated", Output = "never" };

        await bed.App.Client.ScheduleNewOrchestrationInstanceAsync(
            Names.EvaluateBatch.Name, new BatchRun("never", request, PatienceMinutes: 0), new Microsoft.DurableTask.StartOrchestrationOptions("never"));
        OrchestrationMetadata ended = await bed.App.Client.WaitForInstanceCompletionAsync("never", getInputsAndOutputs: true);

        RunOutcome outcome = ended.ReadOutputAs<RunOutcome>()!;
        Assert.Equal((RunStatus.Partial, HaltKind.Unreachable, "still loading"), (outcome.Status, outcome.Halt!.Kind, outcome.Halt.Detail));
        Assert.False(bed.App.Calls.ContainsKey("DrawChunk"));
    }

    [Fact]
    public async Task A_cancelled_run_ends_what_is_in_flight_begins_nothing_new_and_can_not_be_cancelled_again()
    {
        TaskCompletionSource begun = new();
        TaskCompletionSource cancelled = new();
        await using AppBed bed = await AppBed.StartAsync(
            azurite,
            "cancelled",
            new BatchOptions { Rollouts = 40 },
            new ActivityOptions { DrawsPerChunk = 8, DrawsPerShard = 16 },
            simulated => new InterposedJudge(simulated) { Before = () => { begun.TrySetResult(); return cancelled.Task; } });
        EvaluationRequest request = new() { Batch = bed.BatchPath, Judge = "simulated", Policy = new() { Samples = 4 }, Output = "cancelled" };
        await bed.AskAsync(request);
        await begun.Task;

        Answer first = await AppBed.AnswerAsync(bed.Http.CancelEvaluation(AppBed.Request(), bed.App.Client, "cancelled", default));
        cancelled.SetResult();
        OrchestrationMetadata ended = await bed.App.Client.WaitForInstanceCompletionAsync("cancelled", getInputsAndOutputs: true);
        Answer second = await AppBed.AnswerAsync(bed.Http.CancelEvaluation(AppBed.Request(), bed.App.Client, "cancelled", default));

        Assert.Equal((StatusCodes.Status202Accepted, StatusCodes.Status409Conflict), (first.Status, second.Status));
        RunOutcome outcome = ended.ReadOutputAs<RunOutcome>()!;
        Assert.Equal((RunStatus.Partial, HaltKind.Cancelled), (outcome.Status, outcome.Halt!.Kind));
        Assert.InRange(outcome.Judgements, 1, 40 * 4 - 1);
        RunRecord record = (await bed.Catalog.GetAsync("cancelled", default))!;
        Assert.Equal((RunState.Cancelled, true), (record.State, record.CancelRequested));
    }
}
