using System.Diagnostics;
using System.Text.RegularExpressions;
using Tribunal.Cli.Tests.Azure;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Tests.Issues;

/// <summary>Reported: a second, different request for a run's name is served as if it were the first; whoever asked gets the other's results.</summary>
public sealed partial class TwoRequestsOneNameTests
{
    [Fact(Timeout = 120_000)]
    public async Task The_second_is_refused_by_submit_and_goes_to_the_poison_queue_with_its_reason()
    {
        await using Bed bed = await Bed.StartAsync();
        string batch = await bed.UploadAsync("batch.jsonl", rollouts: 4);
        EvaluationRequest request = bed.Request(batch, "same", samples: 2);
        await bed.SendAsync(request);
        bed.StartWorker();
        await bed.UntilAsync("same", static run => run.State == RunState.Done);
        await bed.SendAsync(request with { Seed = 8 });
        while (await PoisonAsync(bed) == 0)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        List<RunRecord> refused = [];
        await foreach (RunRecord run in bed.Catalog.ListAsync(TestContext.Current.CancellationToken))
        {
            if (run.State == RunState.Refused)
            {
                refused.Add(run);
            }
        }

        Assert.Contains("belongs to another request (seed 7, now 8)", Assert.Single(refused).Reason, StringComparison.Ordinal);
        await bed.AssertWholeAsync(request, rollouts: 4);

        Process submit = bed.StartTool("submit", Path.Combine(bed.Folder, batch), "--run", "same");
        await submit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Usage, submit.ExitCode);
        await bed.UntilSaidAsync(Refusal());
    }

    private static async Task<int> PoisonAsync(Bed bed) => (await bed.Poison.GetPropertiesAsync(TestContext.Current.CancellationToken)).Value.ApproximateMessagesCount;

    [GeneratedRegex("tribunal: --run: the name 'same' belongs to another request", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Refusal();
}
