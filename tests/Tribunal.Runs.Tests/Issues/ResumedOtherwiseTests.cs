using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;
using Tribunal.Tournaments;
using Tribunal.Training;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>Reported: resuming with another --concurrency drew and voted 2,872 of 2,400 judgements, because chunk borders moved.</summary>
public sealed class ResumedOtherwiseTests
{
    public static TheoryData<string> Kinds() => ["fixed", "adaptive", "certified", "budget", "knockout", "swiss", "round-robin", "routing", "hints"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_run_stopped_ten_times_and_resumed_with_other_sizes_equals_an_undisturbed_one_and_draws_each_name_once(string kind)
    {
        using var bed = new RunBed(30, responses: kind is "knockout" or "swiss" or "round-robin" ? 5 : 3);
        EvaluationRequest request = RequestOf(bed, kind);
        bed.Judge.On = bed.Second.On = static (_, question) => Answer(question);
        RunOutcome whole = await bed.RunAsync("whole", request);
        Assert.Equal(RunStatus.Complete, whole.Status);
        int total = bed.Judge.Asked.Count + bed.Second.Asked.Count;
        bed.Judge.Asked.Clear();
        bed.Second.Asked.Clear();

        RunOutcome outcome = whole;
        for (int stop = 0; stop <= 10; stop++)
        {
            int left = stop == 10 ? int.MaxValue : Math.Max(1, total / 12);
            bed.Judge.On = bed.Second.On = (_, question) =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
                }

                return Answer(question);
            };
            bed.Options = new ActivityOptions { DrawsPerChunk = 3 + (stop * 7 % 23), DrawsPerShard = 20 + (stop * 13 % 41), ConcurrencyPerChunk = 1 + (stop % 5) };
            outcome = await bed.RunAsync("run", request, window: 1 + (stop % 3));
        }

        Assert.Equal(RunStatus.Complete, outcome.Status);
        Assert.Equal(await File.ReadAllTextAsync(bed.PathOf(RunFiles.Verdicts, "whole")), await File.ReadAllTextAsync(bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(total, bed.Judge.Asked.Count + bed.Second.Asked.Count);
        string[] names = [.. File.ReadLines(bed.PathOf(RunFiles.Judgements)).Select(Name)];
        Assert.Equal(names.Length, names.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(File.ReadLines(bed.PathOf(RunFiles.Judgements, "whole")).Select(Name).Order(StringComparer.Ordinal), names.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Lines_that_stand_twice_and_lines_that_are_none_count_once_and_not_at_all()
    {
        using var bed = new RunBed(20);
        await bed.RunAsync("whole");
        bed.Judge.On = (call, _) =>
        {
            if (call == 80 + 50)
            {
                bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return null;
        };
        await bed.RunAsync("run");
        string[] parts = [.. Directory.EnumerateFiles(bed.PathOf("parts"), "ledger-*", SearchOption.AllDirectories).Where(static path => new FileInfo(path).Length > 0).Order(StringComparer.Ordinal)];
        string twice = File.ReadLines(parts[0]).First();
        File.AppendAllText(parts[0], twice + "\n");
        File.AppendAllText(parts[^1], "\0\0\0\n" + twice + "\n" + twice[..40]);
        bed.Judge.On = null;
        Assert.Equal((RunStatus.Complete, 80L), await bed.RunAsync("run") is var outcome ? (outcome.Status, outcome.Judgements) : default);
        Assert.Equal(await File.ReadAllTextAsync(bed.PathOf(RunFiles.Verdicts, "whole")), await File.ReadAllTextAsync(bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(80, (await bed.LedgerAsync()).Select(static j => (j.RolloutId, j.Sample)).Distinct().Count());
        Assert.Equal(80, File.ReadAllLines(bed.PathOf(RunFiles.Judgements)).Length);
        Assert.Equal(160, bed.Judge.Asked.Count);
    }

    private static EvaluationRequest RequestOf(RunBed bed, string kind)
    {
        var request = new EvaluationRequest { Batch = bed.Batch, Policy = new PolicyOptions { Samples = 8 } };
        return kind switch
        {
            "adaptive" => request with { Policy = new PolicyOptions { Kind = PolicyKind.Adaptive, Max = 24 } },
            "certified" => request with { Policy = new PolicyOptions { Kind = PolicyKind.Certified, Max = 24 } },
            "budget" => request with { Policy = new PolicyOptions { Kind = PolicyKind.Budget, Judgements = 240, Max = 24 } },
            "knockout" => request with { Protocol = "rrm", Tournament = new TournamentOptions { Kind = TournamentKind.Knockout, Votes = 3 } },
            "swiss" => request with { Protocol = "rrm", Tournament = new TournamentOptions { Kind = TournamentKind.Swiss, Votes = 3 } },
            "round-robin" => request with { Protocol = "rrm", Policy = new PolicyOptions { Kind = PolicyKind.Adaptive, Max = 8 }, Tournament = new TournamentOptions { Kind = TournamentKind.RoundRobin } },
            "routing" => request with { Routing = new RoutingTable { Routes = [new Route { Domain = "even", Judge = bed.Second.Name, Protocol = "grm" }] } },
            "hints" => request with { Hint = HintMode.Failed },
            _ => request,
        };
    }

    private static JudgeReply Answer(JudgeQuestion question) => question.Messages[^1].Content.Contains("### Assistant 1", StringComparison.Ordinal)
        ? new JudgeReply { Text = $"\\boxed{{Assistant {(question.Seed % 3 == 0 ? 1 : 2)}}}", Reasoning = "…", Finish = "stop", Usage = new Usage(10, 5) }
        : ScriptedJudge.Answer(question);

    private static string Name(string line)
    {
        Judgement judgement = System.Text.Json.JsonSerializer.Deserialize(line, TribunalJson.Default.Judgement)!;
        return $"{judgement.RolloutId} {judgement.Sample} {judgement.Outcome} {judgement.Winner} {string.Join(',', judgement.Scores ?? [])} {judgement.Route}";
    }
}
