using System.Globalization;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Runs;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Testing.Runs;
using Tribunal.Verdicts;

namespace Tribunal.Reports.Tests.Issues;

/// <summary>
/// A run that stopped at its cost limit was compared as if its judge had been wrong about every rollout that it was not asked about yet:
/// 3 % beside the 33 % that the run itself told.
/// </summary>
public sealed class HaltedRunsComparedTests
{
    [Fact]
    public async Task A_judge_that_was_not_asked_yet_is_not_wrong()
    {
        using var bed = new RunBed(40, responses: 2);
        await bed.RunAsync("whole");
        RunOutcome halted = await bed.RunAsync("halted", new EvaluationRequest { Batch = bed.Batch, Policy = new() { Samples = 4 }, Limits = new SpendLimits { Tokens = 900 } });
        Assert.Equal(RunStatus.Partial, halted.Status);
        RunSummary told = bed.Summary("halted");
        Assert.InRange(told.Scored, 1, 39);

        // Labels are 0, 1, 0, 1, …
        int right = (await File.ReadAllLinesAsync(bed.PathOf(RunFiles.Verdicts, "halted"))).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!)
            .Count(static verdict => verdict.Best == int.Parse(verdict.Id[1..], CultureInfo.InvariantCulture) % 2);
        Comparison comparison = await RunComparer.CompareAsync([bed.PathOf("", "whole"), bed.PathOf("", "halted")]);
        Assert.Equal((told.Scored, told.Scored), (comparison.Shared, comparison.Labelled));
        Assert.Equal(told.Scored, comparison.Runs[1].Scored);
        Assert.Equal((double)right / told.Scored, comparison.Runs[1].Accuracy!.Value, 1e-12);
        Assert.Contains(comparison.Notes, static note => note.StartsWith("INCOMPLETE: halted", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nor_is_it_in_a_vote_on_what_it_had_judged()
    {
        using var bed = new RunBed(3, responses: 2);
        await bed.RunAsync("whole");
        await bed.RunAsync("vote");
        string[] lines = await File.ReadAllLinesAsync(bed.PathOf(RunFiles.Verdicts, "vote"));
        Verdict last = JsonSerializer.Deserialize(lines[^1], TribunalJson.Default.Verdict)!;
        lines[^1] = JsonSerializer.Serialize(new Verdict { Id = last.Id, Status = VerdictStatus.Unscorable, Votes = new VoteCounts(), Usage = default, Reason = "no judgement was drawn" }, TribunalJson.Default.Verdict);
        await File.WriteAllLinesAsync(bed.PathOf(RunFiles.Verdicts, "vote"), lines);

        Comparison comparison = await RunComparer.CompareAsync([bed.PathOf("", "whole"), bed.PathOf("", "vote")]);
        Assert.Equal((2, 2), (comparison.Shared, comparison.Labelled));
        Assert.Contains(comparison.Notes, static note => note.Contains("vote has 3 rollouts; compared are the 2", StringComparison.Ordinal));
    }
}
