using System.Text.Json;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;
using Tribunal.Tournaments;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Runs.Tests.Steps;

/// <summary>Twelve rollouts of three responses, judged by a judge of lists, a pair judge and a classic reward model together.</summary>
public sealed class PanelRunTests : IDisposable
{
    private const int Rollouts = 12;
    private const int PerRollout = 4 + (4 * 3) + 1;

    private static readonly JudgePanel Mixed = new()
    {
        Members = [new PanelMember(), new PanelMember { Judge = "second", Protocol = "rrm" }, new PanelMember { Judge = "second", Protocol = "skywork-reward" }],
    };

    private readonly RunBed _bed = new(Rollouts);

    public PanelRunTests() => _bed.Second.On = static (_, question) => question.Scalar
        ? new JudgeReply { Text = ScalarText.Of(question.Messages[^1].Content.Length % 7), Finish = "stop", Usage = new Usage(7, 0) }
        : new JudgeReply { Text = $"<think>…</think> \\boxed{{Assistant {1 + (question.Seed & 1)}}}", Finish = "stop", Usage = new Usage(30, 20) };

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Every_member_draws_its_number_and_one_that_would_repeat_itself_draws_once()
    {
        RunOutcome outcome = await _bed.RunAsync(request: Request());
        Assert.Equal((RunStatus.Complete, (long)Rollouts, (long)(Rollouts * PerRollout)), (outcome.Status, outcome.Scored, outcome.Judgements));
        List<TracedJudgement> ledger = await _bed.LedgerAsync();
        Assert.Equal(ledger.Count, ledger.Select(static j => (j.RolloutId, j.Sample)).Distinct().Count());
        Assert.All(ledger, static j => Assert.Equal((j.Sample / 3 % 3) switch { 0 => ("scripted", "grm"), 1 => ("second", "rrm"), _ => ("second", "skywork-reward") }, (j.Judge, j.Protocol)));
        RunSummary summary = _bed.Summary();
        Assert.Equal(
            [("scripted", "grm", 48L), ("second", "rrm", 144), ("second", "skywork-reward", 12)],
            summary.Members!.Select(static member => (member.Judge, member.Protocol, member.Judgements.Drawn)));
        Assert.All(summary.Members!, static member => Assert.Equal((12L, 12L, 1.0), (member.Accuracy!.Of, member.Agreement!.Of, member.ValidRate!.Value)));
        Assert.Equal(summary.Usage, summary.Members!.Aggregate(default(Usage), static (sum, member) => sum + member.Usage));
        Assert.Equal("equal", summary.Weighing);
        Assert.Equal("scripted + second", summary.Judge);
    }

    [Fact]
    public async Task Members_see_each_pair_in_both_orders_as_often()
    {
        await _bed.RunAsync(request: Request());
        Judgement[] pairs = [.. (await _bed.LedgerAsync()).Where(static j => j.Pair is not null)];
        Assert.All(pairs.GroupBy(static j => (j.RolloutId, j.Pair![0], j.Pair[1])), static votes => Assert.Equal((2, 2), (votes.Count(static j => j.Order[0] < j.Order[1]), votes.Count(static j => j.Order[0] > j.Order[1]))));
    }

    [Theory]
    [InlineData(1, 3, 20)]
    [InlineData(40, 100, 400)]
    [InlineData(90, 5, 60)]
    public async Task A_stopped_run_goes_on_to_the_same_verdicts_whatever_is_drawn_at_once(int stopAfter, int perChunk, int perShard)
    {
        await _bed.RunAsync("whole", Request() with { Judges = Mixed with { Weights = PanelMethod.DawidSkene } });
        Func<int, JudgeQuestion, JudgeReply?> answer = _bed.Second.On!;
        int before = _bed.Second.Asked.Count;
        _bed.Second.On = (call, question) =>
        {
            if (call == before + stopAfter)
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return answer(call, question);
        };
        EvaluationRequest request = Request() with { Judges = Mixed with { Weights = PanelMethod.DawidSkene } };
        Assert.Equal(RunStatus.Partial, (await _bed.RunAsync(request: request)).Status);
        _bed.Options = new ActivityOptions { DrawsPerChunk = perChunk, DrawsPerShard = perShard, ConcurrencyPerChunk = 2 };
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync(request: request)).Status);
        Assert.Equal(File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "whole")), File.ReadAllText(_bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(File.ReadAllText(_bed.PathOf(RunFiles.PanelWeights, "whole")), File.ReadAllText(_bed.PathOf(RunFiles.PanelWeights)));
    }

    [Theory]
    [InlineData(PanelMethod.Labelled)]
    [InlineData(PanelMethod.OneCoin)]
    [InlineData(PanelMethod.DawidSkene)]
    public async Task Weights_are_learned_from_the_whole_run_and_a_vote_on_its_ledger_with_them_is_the_runs_own(PanelMethod method)
    {
        EvaluationRequest request = Request() with { Judges = Mixed with { Weights = method } };
        await _bed.RunAsync(request: request);
        PanelWeights weights = JsonSerializer.Deserialize(File.ReadAllBytes(_bed.PathOf(RunFiles.PanelWeights)), TribunalJson.Default.PanelWeights)!;
        Assert.Equal(3, weights.Weights.Count);
        Assert.Equal(weights.Weights.Select(static w => w.Weight).Order(), _bed.Summary().Members!.Select(static member => member.Weight).Order());
        var vote = new LedgerVote();
        await using (FileStream ledger = File.OpenRead(_bed.PathOf(RunFiles.Judgements)))
        {
            await vote.ReadAsync(LedgerReader.ReadAsync(ledger, JudgementLine.Read), CancellationToken.None);
        }

        await using FileStream batch = File.OpenRead(_bed.Batch);
        using var again = new MemoryStream();
        SummaryPart sums = await vote.CastAsync(
            batch, Schemes.OptionsFor(request, JudgingKind.Pairwise, (1, 10)) with { Panel = weights, Members = MemberVotes.Comparisons }, samples: null, simulated: false, again, onVoting: null, CancellationToken.None);
        Assert.Equal(_bed.Summary().Overall.Accuracy?.Of ?? 0, sums.Domains.Values.Sum(static domain => domain.Labelled));
        Assert.Equal(
            [.. File.ReadLines(_bed.PathOf(RunFiles.Verdicts)).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!.Best)],
            System.Text.Encoding.UTF8.GetString(again.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!.Best));
    }

    [Fact]
    public async Task Labels_that_taught_the_weights_are_not_counted()
    {
        await _bed.RunAsync(request: Request() with { Judges = Mixed with { Weights = PanelMethod.Labelled } });
        RunSummary summary = _bed.Summary();
        Assert.InRange(summary.Overall.Accuracy!.Of, 1, Rollouts - 1);
        Assert.All(summary.Members!, member => Assert.Equal(summary.Overall.Accuracy.Of, member.Accuracy!.Of));
    }

    [Fact]
    public async Task A_member_that_is_away_stops_the_run_and_it_goes_on_when_the_member_is_back()
    {
        _bed.Second.Up = false;
        RunOutcome away = await _bed.RunAsync(request: Request(), patienceMinutes: 0);
        Assert.Equal(HaltKind.Unreachable, away.Halt!.Kind);
        _bed.Second.Up = true;
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync(request: Request())).Status);
    }

    [Fact]
    public async Task A_member_without_verdicts_stops_the_run_by_its_name_though_the_others_have_theirs()
    {
        _bed.Second.On = static (_, question) => question.Scalar ? new JudgeReply { Text = "1", Finish = "stop" } : new JudgeReply { Text = "I can't say.", Finish = "stop" };
        RunOutcome outcome = await _bed.RunAsync(request: Request() with { Policy = new PolicyOptions { Samples = 8 } });
        Assert.Equal(HaltKind.ValidRate, outcome.Halt!.Kind);
        Assert.Contains("second by rrm, a member of the panel", outcome.Halt.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_adaptive_panel_stops_in_whole_rounds_of_its_members()
    {
        var panel = new JudgePanel { Members = [new PanelMember(), new PanelMember { Judge = "second" }] };
        _bed.Second.On = null;
        await _bed.RunAsync(request: Request() with { Judges = panel, Policy = new PolicyOptions { Kind = PolicyKind.Adaptive, Max = 22 } });
        List<TracedJudgement> ledger = await _bed.LedgerAsync();
        Assert.All(ledger.GroupBy(static j => j.RolloutId), static own =>
        {
            Assert.Equal(own.Count(static j => j.Judge == "scripted"), own.Count(static j => j.Judge == "second"));
            Assert.InRange(own.Count(), 4, 20);
            Assert.Equal(0, own.Count() % 4);
        });
    }

    [Fact]
    public async Task Pair_judges_play_a_tournament_together_and_judges_of_lists_are_refused_by_name()
    {
        EvaluationRequest knockout = Request() with { Tournament = new TournamentOptions { Kind = TournamentKind.Knockout, Votes = 2 } };
        var refused = await Assert.ThrowsAsync<JudgeConfigurationException>(() => _bed.RunAsync(request: knockout));
        Assert.Contains("a tournament needs pair judges; scripted, second of the panel score lists", refused.Message, StringComparison.Ordinal);

        _bed.Judge.On = _bed.Second.On;
        var pairs = new JudgePanel { Members = [new PanelMember { Protocol = "rrm" }, new PanelMember { Judge = "second", Protocol = "rrm" }] };
        RunOutcome outcome = await _bed.RunAsync("pairs", knockout with { Judges = pairs });
        Assert.Equal((long)(Rollouts * 2 * 2 * 2), outcome.Judgements);
    }

    [Fact]
    public async Task What_a_panel_can_not_do_is_refused_before_anything_is_spent()
    {
        await Refused(Request() with { Policy = new PolicyOptions { Kind = PolicyKind.Budget, Judgements = 10 } }, "a panel judges in rounds");
        await Refused(Request() with { Routing = new RoutingTable { Routes = [new Route { Judge = "second" }] } }, "choose routes or a panel");
        await Refused(Request() with { Judges = new JudgePanel { Members = [new PanelMember(), new PanelMember()] } }, "2 members are scripted by grm");
        await Refused(Request() with { Judges = new JudgePanel { Members = [new PanelMember()] } }, "2 to 16 members");
        await Refused(Request() with { Judges = new JudgePanel { Members = [new PanelMember(), new PanelMember { Judge = "third" }] } }, "judges.members[1].judge: there is no judge 'third'");
        await Refused(Request() with { Limits = new SpendLimits { Cost = 1 } }, "the prices of all members");
        Assert.Empty(_bed.Judge.Asked);

        async Task Refused(EvaluationRequest request, string why) =>
            Assert.Contains(why, (await Assert.ThrowsAsync<JudgeConfigurationException>(() => _bed.RunAsync(request: request))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_keeps_its_protocol_file_goes_on_without_it_and_refuses_another()
    {
        string path = Path.Combine(_bed.Folder, "mine.yaml");
        string text = DeclaredCatalog.TextOf("general-list").Replace("protocol: general-list", "protocol: mine", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text);
        _bed.Judge.On = (call, _) =>
        {
            if (call == 5)
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return new JudgeReply { Text = """{"scores":[{"response":1,"score":3},{"response":2,"score":9},{"response":3,"score":1}]}""", Finish = "stop" };
        };
        EvaluationRequest request = new() { Batch = _bed.Batch, ProtocolFile = path, Policy = new PolicyOptions { Samples = 2 } };
        Assert.Equal(RunStatus.Partial, (await _bed.RunAsync(request: request)).Status);
        Assert.Equal(text, await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(_bed.PathOf(RunFiles.ProtocolsPrefix)))));

        // Another reading of the same prompt is another protocol, too.
        await File.WriteAllTextAsync(path, text + "\n# changed");
        Assert.Contains("another protocol or rubric file", (await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync(request: request))).Message, StringComparison.Ordinal);
        File.Delete(path);
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync(request: request)).Status);
        Assert.All(await _bed.LedgerAsync(), static j => Assert.Equal("mine", j.Protocol));
    }

    private EvaluationRequest Request() => new() { Batch = _bed.Batch, Judges = Mixed, Policy = new PolicyOptions { Samples = 4 } };
}
