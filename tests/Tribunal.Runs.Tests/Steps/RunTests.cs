using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Steps;

public sealed class RunTests : IDisposable
{
    private readonly RunBed _bed = new(50);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task A_run_gives_every_rollout_a_verdict_and_leaves_only_the_contract_files()
    {
        RunOutcome outcome = await _bed.RunAsync();
        Assert.Equal((RunStatus.Complete, 50L, 200L), (outcome.Status, outcome.Scored, outcome.Judgements));
        Assert.Equal(50, File.ReadAllLines(_bed.PathOf(RunFiles.Verdicts)).Length);
        List<TracedJudgement> ledger = await _bed.LedgerAsync();
        Assert.Equal(200, ledger.Select(static j => (j.RolloutId, j.Sample)).Distinct().Count());
        Assert.Equal(
            ["judgements.jsonl", "manifest.json", "report.html", "shards.jsonl", "summary.json", "verdicts.jsonl"],
            Directory.EnumerateFileSystemEntries(_bed.PathOf("")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        RunSummary summary = _bed.Summary();
        Assert.Equal(new Usage(2000, 1000), summary.Usage);
        Assert.Equal(["even", "odd"], summary.Domains.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(50, summary.Overall.Accuracy!.Of);
        Assert.Equal(50, summary.Calibration!.All.Count);
        Assert.Equal(50, summary.Calibration.HeldBack!.FittedOn + summary.Calibration.HeldBack.After.Count);
    }

    [Fact]
    public async Task The_judge_is_asked_on_while_meta_rewards_are_waited_for()
    {
        // No meta reward comes before the judge has had more questions than it takes at once.
        var more = new TaskCompletionSource();
        _bed.Judge.On = (call, _) =>
        {
            if (call > RunBed.Concurrency)
            {
                more.TrySetResult();
            }

            return null;
        };
        _bed.Meta = new WaitingMeta(more.Task);
        RunOutcome outcome = await _bed.RunAsync(request: new EvaluationRequest { Batch = _bed.Batch, Policy = new() { Samples = 4 }, Meta = new() { Model = _bed.Meta.Name } }).WaitAsync(TimeSpan.FromMinutes(5));
        Assert.Equal((RunStatus.Complete, 200L), (outcome.Status, outcome.Judgements));
        Assert.All(await _bed.LedgerAsync(), static judgement => Assert.Equal(judgement.Sample, judgement.Meta));
    }

    [Fact]
    public async Task A_complete_run_is_not_drawn_again()
    {
        await _bed.RunAsync();
        int asked = _bed.Judge.Asked.Count;
        RunOutcome again = await _bed.RunAsync();
        Assert.Equal(RunStatus.Complete, again.Status);
        Assert.Equal(asked, _bed.Judge.Asked.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    [InlineData(120)]
    [InlineData(199)]
    public async Task A_stopped_run_goes_on_to_the_same_verdicts_and_draws_nothing_twice(int stopAfter)
    {
        await _bed.RunAsync("whole");
        _bed.Judge.Asked.Clear();
        _bed.Judge.On = (call, _) =>
        {
            if (call == 200 + stopAfter)
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return null;
        };
        RunOutcome first = await _bed.RunAsync();
        Assert.Equal((RunStatus.Partial, HaltKind.Interrupted), (first.Status, first.Halt!.Kind));
        Assert.False(File.Exists(_bed.PathOf(RunFiles.Verdicts)));
        RunOutcome second = await _bed.RunAsync();
        Assert.Equal(RunStatus.Complete, second.Status);
        Assert.Equal(File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "whole")), File.ReadAllText(_bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(200, _bed.Judge.Asked.Count);
        Assert.Equal(200, _bed.Judge.Asked.Select(static q => q.Seed).Distinct().Count());
    }

    [Fact]
    public async Task A_torn_last_line_is_dropped_and_drawn_again()
    {
        _bed.Judge.On = (call, _) =>
        {
            if (call == 90)
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return null;
        };
        await _bed.RunAsync();
        string part = Directory.EnumerateFiles(_bed.PathOf("parts"), "ledger-*", SearchOption.AllDirectories).First(static path => new FileInfo(path).Length > 0);
        byte[] bytes = await File.ReadAllBytesAsync(part);
        await File.WriteAllBytesAsync(part, bytes[..^7]);
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync()).Status);
        List<TracedJudgement> ledger = await _bed.LedgerAsync();
        Assert.Equal(200, ledger.Count);
        Assert.Equal(200, ledger.Select(static j => (j.RolloutId, j.Sample)).Distinct().Count());
        Assert.Equal(201, _bed.Judge.Asked.Count);
    }

    [Fact]
    public async Task A_run_of_something_else_is_refused()
    {
        await _bed.RunAsync();
        RunMismatchException mismatch = await Assert.ThrowsAsync<RunMismatchException>(
            () => _bed.RunAsync(request: new EvaluationRequest { Batch = _bed.Batch, Policy = new() { Samples = 4 }, Seed = 7 }));
        Assert.Contains("seed", mismatch.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bad_lines_are_listed_with_number_and_reason_and_the_rest_goes_on()
    {
        string[] lines = File.ReadAllLines(_bed.Batch);
        lines[3] = "{\"id\":";
        lines[20] = lines[19];
        File.WriteAllLines(_bed.Batch, lines);
        RunOutcome outcome = await _bed.RunAsync();
        Assert.Equal((48L, 2L), (outcome.Scored, outcome.Invalid));
        string[] invalid = File.ReadAllLines(_bed.PathOf(RunFiles.Invalid));
        Assert.Contains("\"line\":4", invalid[0], StringComparison.Ordinal);
        Assert.Contains("\"line\":21", invalid[1], StringComparison.Ordinal);
        Assert.Contains("duplicate", invalid[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gzip_and_json_arrays_score_the_same_as_lines()
    {
        await _bed.RunAsync("lines");
        string array = Path.Combine(_bed.Folder, "batch.json.gz");
        await using (FileStream file = File.Create(array))
        await using (System.IO.Compression.GZipStream gzip = new(file, System.IO.Compression.CompressionLevel.Fastest))
        await using (StreamWriter writer = new(gzip))
        {
            await writer.WriteAsync("[" + string.Join(",", File.ReadAllLines(_bed.Batch)) + "]");
        }

        await _bed.RunAsync("array", new EvaluationRequest { Batch = array, Policy = new() { Samples = 4 } });
        Assert.Equal(File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "lines")), File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "array")));
    }

    [Fact]
    public async Task A_batch_that_changes_under_way_ends_the_run_with_that_reason()
    {
        _bed.Judge.On = (call, _) =>
        {
            if (call == 3)
            {
                File.AppendAllText(_bed.Batch, "\n");
            }

            return null;
        };
        RunOutcome outcome = await _bed.RunAsync();
        Assert.Equal((RunStatus.Partial, HaltKind.BatchChanged), (outcome.Status, outcome.Halt!.Kind));
    }

    [Fact]
    public async Task A_judge_that_goes_away_stops_the_run_and_leaves_no_failed_judgement()
    {
        _bed.Judge.On = (call, _) =>
        {
            if (call <= 100)
            {
                return null;
            }

            _bed.Judge.Up = false;
            throw new JudgeException(JudgeFault.Unreachable, "connection refused", new Tries { Requests = 3, Reset = 3 });
        };
        RunOutcome first = await _bed.RunAsync(patienceMinutes: 0);
        Assert.Equal(HaltKind.Unreachable, first.Halt!.Kind);
        (_bed.Judge.On, _bed.Judge.Up) = (null, true);
        RunOutcome second = await _bed.RunAsync();
        Assert.Equal(RunStatus.Complete, second.Status);
        Assert.Equal(0, _bed.Summary().Judgements.Failed);
    }

    [Fact]
    public async Task A_cut_off_answer_is_drawn_once_more_with_twice_the_budget_and_never_read()
    {
        int budget = ProtocolCatalog.Resolve("grm", null).Protocol.Defaults.MaxTokens;
        _bed.Judge.On = (_, question) => question.MaxTokens == budget
            ? new JudgeReply { Text = "Scores: \\boxed{1, 2, 3}", Finish = "length", Usage = new Usage(10, 100) }
            : null;
        await _bed.RunAsync();
        RunSummary summary = _bed.Summary();
        int asked = _bed.Judge.Asked.Count;
        Assert.Equal(400, asked);
        Assert.Equal(asked, summary.Requests.Sent);
        Assert.Equal(200, summary.Requests.Redrawn);
        Assert.Equal(2, _bed.Judge.Asked.GroupBy(static q => q.Seed).First().Select(static q => q.MaxTokens).Distinct().Count());
    }

    [Fact]
    public async Task Too_few_verdicts_stop_the_run()
    {
        _bed.Judge.On = static (_, _) => new JudgeReply { Text = "I like both.", Finish = "stop" };
        RunOutcome outcome = await _bed.RunAsync();
        Assert.Equal(HaltKind.ValidRate, outcome.Halt!.Kind);
        Assert.InRange(_bed.Judge.Asked.Count, RunMonitor.ValidRateAfter, RunMonitor.ValidRateAfter + 8);
    }

    [Fact]
    public async Task What_stopped_a_run_in_several_processes_stops_none_of_them_when_it_is_resumed()
    {
        RunSteps[] processes = [_bed.NewProcess(), _bed.NewProcess(), _bed.NewProcess()];
        BatchRun run = new("run", new EvaluationRequest { Batch = _bed.Batch, Policy = new() { Samples = 8 } });
        _bed.Judge.On = static (_, _) => new JudgeReply { Text = "I like both.", Finish = "stop" };
        RunOutcome stopped = await EvaluateBatch.RunAsync(new SpreadContext(processes), run);
        Assert.Equal(HaltKind.ValidRate, stopped.Halt!.Kind);

        _bed.Judge.On = null;
        RunOutcome resumed = await EvaluateBatch.RunAsync(new SpreadContext(processes), run);
        Assert.Null(resumed.Halt);
        Assert.Equal((RunStatus.Complete, 50L), (resumed.Status, resumed.Rollouts));
    }

    // Each process knows a part of the rounds and of their judgements, and must never take it for the whole.
    [Theory]
    [InlineData(1, 7)]
    [InlineData(2, 3)]
    [InlineData(3, 4)]
    [InlineData(2, 64)]
    public async Task A_tournament_spread_over_processes_ends_as_in_one(int processes, int drawsPerChunk)
    {
        using var bed = new RunBed(rollouts: 12, responses: 9) { Protocol = "rrm", Options = new() { DrawsPerChunk = drawsPerChunk, DrawsPerShard = 20 } };
        bed.Judge.On = static (_, question) => new JudgeReply
        {
            Text = $"\\boxed{{Assistant {(question.Seed % 3 == 0 ? 1 : 2)}}}",
            Reasoning = "…",
            Finish = "stop",
            Usage = new Usage(10, 5),
        };
        var request = new EvaluationRequest { Batch = bed.Batch, Tournament = new() { Kind = Tribunal.Tournaments.TournamentKind.Knockout, Votes = 3 } };
        RunOutcome whole = await bed.RunAsync("whole", request);
        RunOutcome spread = await EvaluateBatch.RunAsync(new SpreadContext([.. Enumerable.Range(0, processes).Select(_ => bed.NewProcess())]), new BatchRun("run", request));
        Assert.Equal((RunStatus.Complete, 12L * 8 * 3), (whole.Status, whole.Judgements));
        Assert.Equal((RunStatus.Complete, 12L * 8 * 3), (spread.Status, spread.Judgements));
        Assert.Equal(File.ReadAllText(bed.PathOf(RunFiles.Verdicts, "whole")), File.ReadAllText(bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(12 * 8 * 3, (await bed.LedgerAsync()).Select(static j => (j.RolloutId, j.Sample)).Distinct().Count());
    }

    [Fact]
    public async Task A_token_limit_stops_the_run_and_a_higher_one_finishes_it_as_if_there_had_been_none()
    {
        await _bed.RunAsync("whole");
        var limited = new EvaluationRequest { Batch = _bed.Batch, Policy = new() { Samples = 4 }, Limits = new SpendLimits { Tokens = 900 } };
        RunOutcome first = await _bed.RunAsync(request: limited);
        Assert.Equal(HaltKind.Limit, first.Halt!.Kind);
        Assert.InRange(_bed.Summary().Usage.Input + _bed.Summary().Usage.Output, 900, 900 + (15 * 8));
        Assert.True(File.Exists(_bed.PathOf(RunFiles.Verdicts)));
        RunOutcome second = await _bed.RunAsync(request: limited with { Limits = new SpendLimits() });
        Assert.Equal(RunStatus.Complete, second.Status);
        Assert.Equal(File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "whole")), File.ReadAllText(_bed.PathOf(RunFiles.Verdicts)));
    }

    [Fact]
    public async Task A_budget_over_the_batch_is_spent_and_no_more_and_an_interrupted_run_spends_it_alike()
    {
        var request = new EvaluationRequest { Batch = _bed.Batch, Policy = new() { Kind = Tribunal.Sampling.PolicyKind.Budget, Judgements = 300, Max = 16 } };
        RunOutcome whole = await _bed.RunAsync("whole", request);
        Assert.Equal(RunStatus.Complete, whole.Status);
        Assert.InRange(whole.Judgements, 200, 300);
        Assert.True((await _bed.LedgerAsync("whole")).GroupBy(static j => j.RolloutId).Select(static g => g.Count()).Distinct().Count() > 1);
        _bed.Judge.Asked.Clear();
        _bed.Judge.On = (call, _) =>
        {
            if (call == whole.Judgements + 170)
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return null;
        };
        Assert.Equal(RunStatus.Partial, (await _bed.RunAsync(request: request)).Status);
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync(request: request)).Status);
        Assert.Equal(File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "whole")), File.ReadAllText(_bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(whole.Judgements, _bed.Judge.Asked.Count);
    }

    [Fact]
    public async Task Only_one_process_owns_a_run()
    {
        var store = new LocalRunStore(_bed.PathOf(""));
        await using IAsyncDisposable? first = store.TryOwn();
        Assert.NotNull(first);
        Assert.Null(store.TryOwn());
    }

    private sealed class WaitingMeta(Task until) : IMetaRewardModel
    {
        public string Name => "waiting";

        public async Task<MetaReading> ScoreAsync(Rollout rollout, TracedJudgement judgement, CancellationToken cancellationToken)
        {
            await until.WaitAsync(cancellationToken);
            return new MetaReading(judgement.Sample);
        }
    }
}
