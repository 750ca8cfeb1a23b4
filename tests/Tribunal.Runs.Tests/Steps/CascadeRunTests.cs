using System.Text.Json;
using Tribunal.JudgeModels;
using Tribunal.Protocols;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Tests.Steps;

/// <summary>A cheap judge first, a dear one where it is not sure: what each did and cost is told, and a limit on the cost holds.</summary>
public sealed class CascadeRunTests : IDisposable
{
    private const int Rollouts = 40;
    private readonly RunBed _bed = new(Rollouts);

    public void Dispose() => _bed.Dispose();

    private static EvaluationRequest Cascade(RunBed bed, JudgeModel? prior = null) => new()
    {
        Batch = bed.Batch,
        Policy = new PolicyOptions { Samples = 2 },
        Routing = new RoutingTable { Routes = [new Route { Name = "dear", Below = 0.7, Judge = "second", Protocol = "grm", Policy = new PolicyOptions { Kind = PolicyKind.Adaptive, Max = 8 }, Prior = prior }] },
    };

    [Fact]
    public async Task Each_judge_s_judgements_and_cost_are_told_and_the_whole_cost()
    {
        _bed.Prices = (1000, 10_000);
        _bed.Second.On = static (_, question) => ScriptedJudge.Taste(question);
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync(request: Cascade(_bed))).Status);
        RunSummary summary = _bed.Summary();
        Assert.Equal(["scripted", "second"], summary.Members!.Select(static member => member.Judge).Order());
        Assert.InRange(_bed.Second.Asked.Count, 1, Rollouts * 8);

        // A judgement is 15 tokens.
        Assert.Equal([(Rollouts * 2, Rollouts * 2 * 0.015), (_bed.Second.Asked.Count, Math.Round(_bed.Second.Asked.Count * 0.15, 9))],
            summary.Members!.OrderBy(static member => member.Judge, StringComparer.Ordinal).Select(static member => ((int)member.Judgements.Drawn, Math.Round(member.Cost!.Value, 9))));
        Assert.Equal(summary.Members!.Sum(static member => member.Cost!.Value), summary.Cost!.Value, 9);
    }

    [Fact]
    public async Task A_limit_on_the_cost_ends_it()
    {
        _bed.Prices = (1000, 10_000);
        RunOutcome outcome = await _bed.RunAsync(request: Cascade(_bed) with { Limits = new SpendLimits { Cost = 3 } });
        Assert.Equal((RunStatus.Partial, HaltKind.Limit), (outcome.Status, outcome.Halt!.Kind));
        double spent = (_bed.Judge.Asked.Count * 0.015) + (_bed.Second.Asked.Count * 0.15);
        Assert.InRange(spent, 3 - 0.15, 3 + (2 * RunBed.Concurrency * 0.15));
    }

    [Fact]
    public async Task What_is_known_of_the_dear_judge_decides_when_it_stops()
    {
        JudgeModel sharp = new() { Lists = new ListModel { Spread = 0.3, Noise = 0.01 } };
        _bed.Second.On = static (_, question) => ScriptedJudge.Taste(question);
        await _bed.RunAsync("flat", Cascade(_bed));
        int flat = _bed.Second.Asked.Count;
        await _bed.RunAsync("known", Cascade(_bed, sharp));
        Assert.InRange(_bed.Second.Asked.Count - flat, 1, flat - 1);

        // The same model, read from the manifest, is no other table.
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync("known", Cascade(_bed, JsonSerializer.Deserialize(JsonSerializer.Serialize(sharp, TribunalJson.Default.JudgeModel), TribunalJson.Default.JudgeModel)))).Status);
        RunMismatchException other = await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync("known", Cascade(_bed, sharp with { Lists = sharp.Lists! with { Noise = 0.2 } })));
        Assert.Contains("routing table", other.Message, StringComparison.Ordinal);
    }
}
