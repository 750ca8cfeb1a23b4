using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage.Local;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>Reported: a cancelled run draws its chunks to their ends first, which takes minutes with a slow judge.</summary>
public sealed class PromptCancelTests : IDisposable
{
    private readonly RunBed _bed = new(rollouts: 50);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task A_cancelled_run_ends_within_seconds_and_not_with_its_chunk()
    {
        FakeTimeProvider time = new();
        var options = new ActivityOptions { DrawsPerChunk = 200, DrawsPerShard = 1000, ConcurrencyPerChunk = 1 };
        RunSteps steps = new(new LocalRunStores(_bed.Folder), _bed.Judges, new RunMonitors(), options, time, NullLogger<RunSteps>.Instance);
        _bed.Judge.On = (call, _) =>
        {
            if (call == 10)
            {
                File.WriteAllText(_bed.PathOf("cancel"), "");
            }

            time.Advance(TimeSpan.FromSeconds(2));
            return null;
        };
        RunOutcome outcome = await new InProcessHost(steps, time).RunAsync(
            new BatchRun("run", new EvaluationRequest { Batch = _bed.Batch, Policy = new() { Samples = 4 } }), TestContext.Current.CancellationToken);
        Assert.Equal(HaltKind.Cancelled, outcome.Halt!.Kind);
        Assert.InRange(_bed.Judge.Asked.Count, 10, 13);
    }
}
