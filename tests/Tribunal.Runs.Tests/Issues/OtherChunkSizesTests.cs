using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Tests.Steps;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>Reported: of two workers one was started with another <c>ChunkJudgements</c>, and chunks of one run overlapped.</summary>
public sealed class OtherChunkSizesTests : IDisposable
{
    private readonly RunBed _bed = new(rollouts: 30);

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(16, 5)]
    [InlineData(5, 16)]
    [InlineData(1, 64)]
    public async Task Processes_that_cut_rounds_otherwise_draw_each_judgement_once(int one, int other)
    {
        RunSteps[] processes = [.. new[] { one, other }.Select(size =>
        {
            _bed.Options = _bed.Options with { DrawsPerChunk = size };
            return _bed.NewProcess();
        })];
        var request = new EvaluationRequest { Batch = _bed.Batch, Policy = new() { Samples = 4 } };
        RunOutcome outcome = await EvaluateBatch.RunAsync(new SpreadContext(processes), new BatchRun("run", request));
        Assert.Equal(RunStatus.Complete, outcome.Status);
        Assert.Equal(30 * 4, _bed.Judge.Asked.Count);
    }
}
