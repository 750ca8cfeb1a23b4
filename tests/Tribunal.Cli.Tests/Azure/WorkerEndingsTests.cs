using System.Diagnostics;
using System.Text.RegularExpressions;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Tests.Azure;

/// <summary>How runs of workers end that do not simply end: refused, changed under them, cancelled, told to stop, shared.</summary>
public sealed partial class WorkerEndingsTests
{
    [Fact(Timeout = EndToEndTests.Limit)]
    public async Task A_poison_message_between_good_ones_is_put_aside_with_its_reason()
    {
        await using Bed bed = await Bed.StartAsync();
        string batch = await bed.UploadAsync("batch.jsonl", rollouts: 5);
        await bed.SendAsync(bed.Request(batch, "good-1", 2));
        string refused = (await bed.Evaluations.SendMessageAsync("""{"batch":"batch.jsonl","modle":"x"}""", TestContext.Current.CancellationToken)).Value.MessageId;
        await bed.SendAsync(bed.Request("missing.jsonl", "missing", 2));
        await bed.SendAsync(bed.Request(batch, "good-2", 2) with { Judge = "nobody" });
        await bed.SendAsync(bed.Request(batch, "good-3", 2));
        bed.StartWorker();
        await bed.UntilAsync("good-1", static run => run.State == RunState.Done);
        await bed.UntilAsync("good-3", static run => run.State == RunState.Done);
        Assert.Contains("'modle'", (await bed.UntilAsync($"refused-{refused}", static run => run.State == RunState.Refused)).Reason, StringComparison.Ordinal);
        Assert.Contains("there is no batch", (await bed.UntilAsync("missing", static run => run.State == RunState.Failed)).Reason, StringComparison.Ordinal);
        Assert.Contains("no judge of this name", (await bed.UntilAsync("good-2", static run => run.State == RunState.Failed)).Reason, StringComparison.Ordinal);

        // Messages go after the record of what became of them.
        await Bed.UntilHoldsAsync(bed.Evaluations, 0);
        Assert.Equal(3, (await bed.Poison.GetPropertiesAsync(TestContext.Current.CancellationToken)).Value.ApproximateMessagesCount);
    }

    [Theory(Timeout = EndToEndTests.Limit)]
    [InlineData(false, "was changed")]
    [InlineData(true, "was deleted")]
    public async Task A_batch_that_changes_under_its_run_ends_it_and_says_so(bool delete, string reason)
    {
        await using Bed bed = await Bed.StartAsync();
        await bed.SendAsync(bed.Request(await bed.UploadAsync("batch.jsonl", rollouts: 100), "changed", 16));
        bed.StartWorker();
        await bed.Judge.AnswerAsync(50);
        if (delete)
        {
            await bed.Clients.Rollouts.GetBlobClient("batch.jsonl").DeleteAsync(cancellationToken: TestContext.Current.CancellationToken);
        }
        else
        {
            await bed.UploadAsync("batch.jsonl", rollouts: 101);
        }

        bed.Judge.LetGo();
        RunRecord failed = await bed.UntilAsync("changed", static run => run.State == RunState.Failed);
        Assert.Contains(reason, failed.Reason, StringComparison.Ordinal);
        Assert.Null(await bed.Clients.OpenRun("changed").OpenReadAsync(RunFiles.Verdicts, 0, TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = EndToEndTests.Limit)]
    public async Task A_worker_told_to_stop_drains_and_another_goes_on()
    {
        await using Bed bed = await Bed.StartAsync();
        EvaluationRequest request = bed.Request(await bed.UploadAsync("batch.jsonl", rollouts: 50), "drained", 8);
        await bed.SendAsync(request);
        Process first = bed.StartWorker();
        await bed.Judge.AnswerAsync(60);
        using (Process terminate = Process.Start("kill", ["-TERM", $"{first.Id}"]))
        {
            await terminate.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await bed.UntilSaidAsync(Stopping());
        bed.Judge.LetGo();
        await first.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Ok, first.ExitCode);
        RunRecord waiting = await bed.UntilAsync("drained", static run => run.State == RunState.Queued);
        Assert.Contains("stopped", waiting.Reason, StringComparison.Ordinal);
        bed.StartWorker();
        await bed.UntilAsync("drained", static run => run.State == RunState.Done);
        await bed.AssertWholeAsync(request, rollouts: 50);

        // What was in flight ended and was kept: nothing was paid for twice.
        Assert.Equal(50 * 8, bed.Judge.Stats.Requests);
    }

    [Fact(Timeout = EndToEndTests.Limit)]
    public async Task Several_workers_share_one_run()
    {
        await using Bed bed = await Bed.StartAsync();
        EvaluationRequest request = bed.Request(await bed.UploadAsync("batch.jsonl", rollouts: 60), "shared", 8);
        bed.StartWorker();
        bed.StartWorker();
        await bed.Judge.AnswerAsync(0);
        await bed.SendAsync(request);

        // More at once than one of them may ask.
        await bed.UntilAskedAsync(2 * bed.InFlight, TestContext.Current.CancellationToken);
        bed.Judge.LetGo();
        Assert.Equal(1, (await bed.UntilAsync("shared", static run => run.State == RunState.Done)).Attempts);
        await bed.AssertWholeAsync(request, rollouts: 60);
        Assert.Equal(60 * 8, bed.Judge.Stats.Requests);
    }

    [Fact(Timeout = EndToEndTests.Limit)]
    public async Task A_cancelled_run_stops_and_says_so()
    {
        await using Bed bed = await Bed.StartAsync();
        await bed.SendAsync(bed.Request(await bed.UploadAsync("batch.jsonl", rollouts: 200), "cancelled", 16));
        bed.StartWorker();
        await bed.Judge.AnswerAsync(20);
        Process cancel = bed.StartTool("cancel", "cancelled");
        await cancel.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Ok, cancel.ExitCode);
        bed.Judge.LetGo();
        await bed.UntilAsync("cancelled", static run => run.State == RunState.Cancelled);
        Assert.InRange(bed.Judge.Stats.Requests, 20, (200 * 16) - 1);
    }

    // Said by the host, when it goes on to stop what it hosts.
    [GeneratedRegex("Application is shutting down")]
    private static partial Regex Stopping();
}
