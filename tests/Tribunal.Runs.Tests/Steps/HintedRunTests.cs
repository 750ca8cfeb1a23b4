using System.Text.Json;
using Tribunal.Azure;
using Tribunal.Azure.Queues;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.TrainingSets;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Reports;
using Tribunal.Runs.Exports;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Tests.Steps;

public sealed class HintedRunTests : IDisposable
{
    private const int Rollouts = 24;
    private readonly RunBed _bed = new(Rollouts);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Every_labelled_rollout_gets_one_hinted_sample_and_nothing_else_changes()
    {
        await _bed.RunAsync("plain");
        RunOutcome outcome = await _bed.RunAsync("hinted", Request(HintMode.All));
        Assert.Equal((RunStatus.Complete, Rollouts * 4L), (outcome.Status, outcome.Judgements));
        Assert.Equal(File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "plain")), File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "hinted")));

        List<TracedJudgement> hinted = await HintedAsync("hinted");
        Assert.Equal(Rollouts, hinted.Select(static j => j.RolloutId).Distinct().Count());
        Assert.Equal(Rollouts, hinted.Count);
        Assert.All(hinted, j => Assert.Contains(_bed.Judge.Asked, q => q.Seed == j.Seed && Hints.Find(q.Messages[^1].Content) is { } shown && j.Order[shown] == int.Parse(j.RolloutId[1..]) % 3));
        Assert.Equal(Rollouts, _bed.Judge.Asked.Count(static q => Hints.Find(q.Messages[^1].Content) is not null));

        (RunSummary plain, RunSummary with) = (_bed.Summary("plain"), _bed.Summary("hinted"));
        Assert.Equal(new HintedSamples(Rollouts, Rollouts, new Usage(Rollouts * 10, Rollouts * 5)), with.Hinted);
        Assert.Equal(JsonSerializer.Serialize(plain with { RunId = "" }), JsonSerializer.Serialize(with with { RunId = "", Hinted = null }));
        Assert.All(File.ReadLines(_bed.PathOf(RunFiles.Judgements, "plain")), static line => Assert.DoesNotContain("hinted", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Failed_hints_only_at_rollouts_that_no_sample_got_right()
    {
        await _bed.RunAsync("run", Request(HintMode.Failed));
        List<TracedJudgement> ordinary = await _bed.LedgerAsync();
        string[] failed = [.. ordinary.GroupBy(static j => j.RolloutId)
            .Where(static g => !g.Any(static j => j.Scores![int.Parse(j.RolloutId[1..]) % 3] > j.Scores!.Where((_, i) => i != int.Parse(j.RolloutId[1..]) % 3).Max()))
            .Select(static g => g.Key).Order(StringComparer.Ordinal)];
        Assert.InRange(failed.Length, 1, Rollouts - 1);
        Assert.Equal(failed, (await HintedAsync("run")).Select(static j => j.RolloutId).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(100)]
    [InlineData(110)]
    public async Task A_stopped_run_draws_no_hint_twice(int stopAfter)
    {
        _bed.Judge.On = (call, _) =>
        {
            if (call == stopAfter)
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return null;
        };
        Assert.Equal(RunStatus.Partial, (await _bed.RunAsync("run", Request(HintMode.All))).Status);
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync("run", Request(HintMode.All))).Status);
        Assert.Equal(Rollouts * 5, _bed.Judge.Asked.Count);
        Assert.Equal(Rollouts * 5, _bed.Judge.Asked.Select(static q => q.Seed).Distinct().Count());
        Assert.Equal(Rollouts, (await HintedAsync("run")).Count);
    }

    [Fact]
    public async Task Under_a_budget_hints_come_last_and_are_not_paid_from_it()
    {
        var policy = new PolicyOptions { Kind = PolicyKind.Budget, Judgements = 120, Min = 2, Max = 32 };
        await _bed.RunAsync("plain", new EvaluationRequest { Batch = _bed.Batch, Policy = policy });
        await _bed.RunAsync("hinted", new EvaluationRequest { Batch = _bed.Batch, Policy = policy, Hint = HintMode.Failed });
        Assert.Equal(File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "plain")), File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "hinted")));
        ILookup<string, TracedJudgement> ordinary = (await _bed.LedgerAsync("hinted")).ToLookup(static j => j.RolloutId);
        List<TracedJudgement> hinted = await HintedAsync("hinted");
        Assert.NotEmpty(hinted);
        Assert.All(hinted, j => Assert.DoesNotContain(ordinary[j.RolloutId], o => IsRight(o)));

        static bool IsRight(Judgement judgement) =>
            judgement.Scores![int.Parse(judgement.RolloutId[1..]) % 3] > judgement.Scores!.Where((_, i) => i != int.Parse(judgement.RolloutId[1..]) % 3).Max();
    }

    [Fact]
    public async Task Votes_reports_and_other_readers_pass_hinted_lines_over()
    {
        _bed.Judge.On = static (_, question) => Hints.Find(question.Messages[^1].Content) is null ? null : new JudgeReply { Text = "hint-marker Scores: \\boxed{1, 1, 1}", Finish = "stop" };
        await _bed.RunAsync("plain");
        await _bed.RunAsync("hinted", Request(HintMode.All));
        Assert.Equal(await VoteAsync("plain"), await VoteAsync("hinted"));
        string page = File.ReadAllText(await ReportFile.WriteAsync(_bed.PathOf("", "hinted")));
        Assert.DoesNotContain("hint-marker", page, StringComparison.Ordinal);
        Assert.Equal(Rollouts * 4, (await _bed.LedgerAsync("hinted")).Count);
    }

    [Fact]
    public async Task Routed_rollouts_get_their_hints_too_and_no_training_data()
    {
        var routing = new RoutingTable { Routes = [new Route { Domain = "even", ThinkingTokens = 100, Policy = new() { Samples = 2 } }] };
        await _bed.RunAsync("plain", Request(HintMode.None) with { Routing = routing });
        RunOutcome outcome = await _bed.RunAsync("hinted", Request(HintMode.All) with { Routing = routing });
        Assert.Equal((RunStatus.Complete, Rollouts * 3L), (outcome.Status, outcome.Judgements));
        Assert.Equal(Rollouts, (await HintedAsync("hinted")).Select(static j => j.RolloutId).Distinct().Count());
        Assert.Equal(Rollouts, (await HintedAsync("hinted")).Count);
        Assert.Equal(File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "plain")), File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "hinted")));
        TrainingExportException refused = await Assert.ThrowsAsync<TrainingExportException>(
            () => TrainingExport.WriteAsync(new TrainingExportOptions { Run = _bed.PathOf("", "hinted"), Output = _bed.PathOf("", "out"), Form = TrainingForm.Spct }));
        Assert.Contains("routing table", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_report_of_a_stopped_run_passes_hinted_parts_over()
    {
        int hints = 0;
        _bed.Judge.On = (_, question) =>
        {
            if (Hints.Find(question.Messages[^1].Content) is null)
            {
                return null;
            }

            // Stopped before any other is counted, however fast they are.
            lock (_bed)
            {
                if (++hints == 10)
                {
                    _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
                }
            }

            return new JudgeReply { Text = "I'm sorry, hint-marker", Finish = "stop" };
        };
        Assert.Equal(RunStatus.Partial, (await _bed.RunAsync("run", Request(HintMode.All))).Status);
        Assert.InRange(hints, 10, Rollouts - 1);
        Assert.DoesNotContain("hint-marker", File.ReadAllText(await ReportFile.WriteAsync(_bed.PathOf(""))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_with_other_hints_or_another_prompt_is_another_run()
    {
        await _bed.RunAsync("run", Request(HintMode.All));
        RunMismatchException hint = await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync("run", Request(HintMode.None)));
        Assert.Contains("hint", hint.Message, StringComparison.Ordinal);
        RunManifest manifest = JsonSerializer.Deserialize(File.ReadAllBytes(_bed.PathOf(RunFiles.Manifest)), RunsJson.Default.RunManifest)!;
        IProtocol other = ProtocolCatalog.Resolve("grm", null, "Judge {{conversation}}\n{{responses}}").Protocol;
        Assert.Contains("prompt", manifest.WhyNotResumable(manifest with { Prompt = PromptFingerprint.Of(other) }), StringComparison.Ordinal);
        Assert.Null((manifest with { Prompt = null }).WhyNotResumable(manifest));
    }

    [Fact]
    public void Requests_say_hints_by_name_and_keep_their_names_without()
    {
        var defaults = RequestDefaults.None;
        Assert.Equal(HintMode.Failed, EvaluationMessage.Parse("""{"batch":"b.jsonl","hint":"failed"}""", defaults).Hint);
        Assert.Throws<MessageRefusedException>(() => EvaluationMessage.Parse("""{"batch":"b.jsonl","hint":"some"}""", defaults));
        Assert.Throws<MessageRefusedException>(() => EvaluationMessage.Parse("""{"batch":"b.jsonl","hint":7}""", defaults));
        var request = new EvaluationRequest { Batch = "b.jsonl" };
        Assert.DoesNotContain("hint", JsonSerializer.Serialize(request, AzureJson.Default.EvaluationRequest), StringComparison.Ordinal);
        Assert.NotEqual(RunIds.For(request), RunIds.For(request with { Hint = HintMode.All }));
    }

    private EvaluationRequest Request(HintMode hint) => new() { Batch = _bed.Batch, Policy = new() { Samples = 4 }, Hint = hint };

    private async Task<List<TracedJudgement>> HintedAsync(string runId)
    {
        await using FileStream stream = File.OpenRead(_bed.PathOf(RunFiles.Judgements, runId));
        return await LedgerReader.ReadWithHintedAsync(stream, JudgementLine.ReadTraced).Where(static j => j.Hinted).ToListAsync();
    }

    private async Task<string> VoteAsync(string runId)
    {
        var vote = new LedgerVote();
        await using (FileStream ledger = File.OpenRead(_bed.PathOf(RunFiles.Judgements, runId)))
        {
            await vote.ReadAsync(LedgerReader.ReadAsync(ledger, vote.Line), CancellationToken.None);
        }

        using var verdicts = new MemoryStream();
        await using FileStream batch = File.OpenRead(_bed.Batch);
        await vote.CastAsync(batch, new SchemeOptions { Kind = JudgingKind.Listwise, Policy = new() { Kind = PolicyKind.Adaptive } }, null, simulated: false, verdicts, onVoting: null, CancellationToken.None);
        return System.Text.Encoding.UTF8.GetString(verdicts.ToArray());
    }
}
