using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tribunal.Azure.Queues;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;
using Tribunal.Tournaments;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Tests.Steps;

/// <summary>24 rollouts of three responses: even ones go by their domain, odd ones by the task type that the first judgement names.</summary>
public sealed partial class RoutedRunTests : IDisposable
{
    private const int Rollouts = 24;
    private const int Whole = (12 * 2) + (6 * 10) + (4 * 3) + (2 * 6);

    private static readonly RoutingTable Table = new()
    {
        Routes =
        [
            new Route { Name = "lists", Domain = "even", Protocol = "grm", Policy = new PolicyOptions { Samples = 2 } },
            new Route { Task = "reasoning", Judge = "second", Protocol = "rrm", ThinkingTokens = 512, Policy = new PolicyOptions { Samples = 3 } },
            new Route { Task = "chat", Policy = new PolicyOptions { Samples = 1 } },
        ],
    };

    private readonly RunBed _bed = new(Rollouts) { Protocol = "rm-r1" };

    public RoutedRunTests()
    {
        _bed.Judge.On = static (_, question) => question.Messages[^1].Content.Contains("[The Begin of Response", StringComparison.Ordinal) ? null : Answer(question);
        _bed.Second.On = static (_, question) => new JudgeReply { Text = $"<think>…</think> \\boxed{{Assistant {1 + (question.Seed & 1)}}}", Finish = "stop", Usage = new Usage(30, 20) };
    }

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Every_rollout_is_judged_as_its_line_says_and_the_line_is_told_everywhere()
    {
        RunOutcome outcome = await _bed.RunAsync(request: Request());
        Assert.Equal((RunStatus.Complete, (long)Rollouts, (long)Whole), (outcome.Status, outcome.Scored, outcome.Judgements));
        List<TracedJudgement> ledger = await _bed.LedgerAsync();
        Assert.Equal(Whole, ledger.Select(static j => (j.RolloutId, j.Sample)).Distinct().Count());
        foreach (string line in File.ReadLines(_bed.PathOf(RunFiles.Verdicts)))
        {
            Verdict verdict = JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!;
            Judgement[] drawn = [.. ledger.Where(j => j.RolloutId == verdict.Id)];
            (string route, string judge, string protocol, int voted, int scouts) = RouteOf(int.Parse(verdict.Id[1..], CultureInfo.InvariantCulture)) switch
            {
                "lists" => ("lists", "scripted", "grm", 2, 0),
                "reasoning" => ("task=reasoning", "second", "rrm", 9, 1),
                "chat" => ("task=chat", "scripted", "rm-r1", 3, 1),
                _ => ("default", "scripted", "rm-r1", 6, 1),
            };
            Assert.Equal((route, voted), (verdict.Route, verdict.Votes.Drawn));
            Assert.Equal(scouts, drawn.Count(static j => j.Route == RoutingTable.Scout));
            Assert.All(drawn.Where(static j => j.Route != RoutingTable.Scout), j => Assert.Equal((route, judge, protocol), (j.Route, j.Judge, j.Protocol)));
            Assert.Equal(verdict.Usage, drawn.Aggregate(default(Usage), static (sum, j) => sum + j.Usage));
        }

        Assert.All(_bed.Second.Asked, static question => Assert.Equal(512, question.ThinkingTokens));
        Assert.All(_bed.Judge.Asked, static question => Assert.Null(question.ThinkingTokens));
        RunSummary summary = _bed.Summary();
        Assert.Equal([("default", 2L), ("lists", 12), ("task=chat", 4), ("task=reasoning", 6)], summary.Routes!.Select(static r => (r.Key, r.Value.Rollouts)).Order());
        Assert.Equal(summary.Usage, summary.Routes!.Values.Aggregate(default(Usage), static (sum, r) => sum + r.Usage));
        RunManifest manifest = JsonSerializer.Deserialize(File.ReadAllBytes(_bed.PathOf(RunFiles.Manifest)), RunsJson.Default.RunManifest)!;
        Assert.Equal(Table, manifest.Request.Routing);
        Assert.Equal([("lists", "scripted", "grm"), ("task=reasoning", "second", "rrm"), ("task=chat", "scripted", "rm-r1")], manifest.Routes!.Select(static r => (r.Name, r.Judge, r.Protocol)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(30)]
    [InlineData(77)]
    public async Task A_stopped_run_takes_the_same_routes_when_it_goes_on(int stopAfter)
    {
        await _bed.RunAsync("whole", Request());
        (int judge, int second) = (_bed.Judge.Asked.Count, _bed.Second.Asked.Count);
        Func<int, JudgeQuestion, JudgeReply?> answer = _bed.Judge.On!;
        _bed.Judge.On = (call, question) =>
        {
            if (call == judge + Math.Min(stopAfter, judge - 1))
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return answer(call, question);
        };
        Assert.Equal(RunStatus.Partial, (await _bed.RunAsync(request: Request())).Status);
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync(request: Request())).Status);
        Assert.Equal(File.ReadAllText(_bed.PathOf(RunFiles.Verdicts, "whole")), File.ReadAllText(_bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(SummaryOf("whole"), SummaryOf("run"));
        Assert.Equal((2 * judge, 2 * second), (_bed.Judge.Asked.Count, _bed.Second.Asked.Count));

        string SummaryOf(string run) => JsonSerializer.Serialize(_bed.Summary(run) with { RunId = "" });
    }

    [Fact]
    public async Task A_recorded_run_is_voted_on_without_the_scouts_that_did_not_vote()
    {
        await _bed.RunAsync(request: Request());
        var vote = new LedgerVote();
        await using (FileStream ledger = File.OpenRead(_bed.PathOf(RunFiles.Judgements)))
        {
            await vote.ReadAsync(LedgerReader.ReadAsync(ledger, vote.Line), CancellationToken.None);
        }

        await using FileStream batch = File.OpenRead(_bed.Batch);
        await foreach (RolloutLedger joined in vote.JoinAsync(batch, CancellationToken.None))
        {
            bool left = RouteOf(int.Parse(joined.Rollout.Id[1..], CultureInfo.InvariantCulture)) is "reasoning" or "lists";
            Assert.Equal(!left, joined.Ledger.Any(static j => j.Route == RoutingTable.Scout));
            Assert.All(joined.Ledger, static j => Assert.InRange(j.Sample, 0, Router.FirstApart - 1));
        }

        batch.Position = 0;
        using var again = new MemoryStream();
        await vote.CastAsync(batch, Schemes.OptionsFor(Request(), JudgingKind.Pairwise, (0, 1)), samples: null, simulated: false, again, onVoting: null, CancellationToken.None);
        string[] lines = System.Text.Encoding.UTF8.GetString(again.ToArray()).Split('\n');
        Verdict[] verdicts = [.. File.ReadLines(_bed.PathOf(RunFiles.Verdicts)).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!)];
        Assert.All(verdicts, (verdict, i) => Assert.Equal(verdict.Rewards!, JsonSerializer.Deserialize(lines[i], TribunalJson.Default.Verdict)!.Rewards!.Select(static r => r), static (a, b) => Math.Abs(a - b) < 1e-9));
    }

    [Fact]
    public async Task Hinted_samples_follow_the_route()
    {
        await _bed.RunAsync(request: Request() with { Hint = HintMode.All });
        Judgement[] hinted = [.. File.ReadLines(_bed.PathOf(RunFiles.Judgements)).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Judgement)!).Where(static j => j.Hinted)];
        Assert.Equal(12, hinted.Count(static j => j is { Route: "lists", Protocol: "grm" }));
        Assert.All(hinted.Where(static j => j.Route == "task=reasoning"), static j => Assert.Equal(("second", "rrm"), (j.Judge, j.Protocol)));
        Assert.DoesNotContain(hinted, static j => j.Route == RoutingTable.Scout);
    }

    [Fact]
    public async Task A_run_is_not_resumed_with_another_table()
    {
        await _bed.RunAsync(request: Request());
        RunMismatchException mismatch = await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync(request: Request() with { Routing = new RoutingTable { Routes = [Table.Routes[0]] } }));
        Assert.Contains("routing table", mismatch.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        EvaluationRequest request = Request() with
        {
            Protocol = "rrm",
            Tournament = new TournamentOptions { Kind = TournamentKind.Knockout },
            Routing = new RoutingTable
            {
                Routes =
                [
                    new Route { Domain = "math", Judge = "third" },
                    new Route { Domain = "code", Policy = new PolicyOptions { Samples = 0 } },
                    new Route { Task = "chat", Protocol = "grm" },
                ],
            },
        };
        string problems = Assert.Throws<JudgeConfigurationException>(() => _bed.Judges.Resolve(request)).Message;
        Assert.All(
            (string[])["names no task type", "routing.routes[0].judge: there is no judge 'third'", "routing.routes[1].policy.samples"],
            problem => Assert.Contains(problem, problems, StringComparison.Ordinal));
        Assert.DoesNotContain("routes[2]", problems, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"routes":[{"domain":"math","polcy":{}}]}""", "unknown field 'routes[0].polcy'")]
    [InlineData("""{"routes":[{"domain":"math","policy":{"kind":"adaptive","mx":3}}]}""", "unknown field 'routes[0].policy.mx'")]
    [InlineData("""{"routes":[null]}""", "routing.routes[0]: is null")]
    [InlineData("""{"routes":[{"task":"poetry","judge":"a"},{"domain":"x"},{"judge":"b"},{"domain":"y","judge":"c"}]}""", "'poetry' is never perceived", "routes[1]: chooses nothing", "routes[3]: is never reached")]
    [InlineData("""{"routes":[{"name":"scout","judge":"a"}]}""", "'scout' is taken")]
    [InlineData("""{"routes":[{"domain":"a","protocol":"gpt"}]}""", "'gpt' is unknown")]
    [InlineData("""[]""", "no JSON object")]
    [InlineData("{\"routes\":[\n}", "line 2")]
    public void A_table_in_a_file_is_refused_with_all_its_problems(string json, params string[] problems)
    {
        string message = Assert.Throws<MessageRefusedException>(() => StrictJson.ReadRouting(json)).Message;
        Assert.All(problems, problem => Assert.Contains(problem, message, StringComparison.Ordinal));
        Assert.Throws<MessageRefusedException>(() => EvaluationMessage.Parse($$"""{"batch":"b.jsonl","routing":{{json}}}""", RequestDefaults.None));
    }

    [Fact]
    public void A_table_in_a_message_or_a_setting_has_the_defaults_of_what_it_leaves_out()
    {
        const string json = """{"routes":[{"domain":"math","judge":"big","policy":{"kind":"adaptive"}}]}""";
        EvaluationRequest said = EvaluationMessage.Parse($$"""{"batch":"b.jsonl","protocol":"rrm","routing":{{json}}}""", RequestDefaults.None);
        Assert.Equal(new PolicyOptions { Kind = PolicyKind.Adaptive }, said.Routing!.Routes[0].Policy);
        Assert.Equal(said, EvaluationMessage.Parse(EvaluationMessage.Write(said), RequestDefaults.None));
        var defaults = new RequestDefaults(RequestDefaults.None.Request with { Routing = StrictJson.ReadRouting(json) });
        Assert.Equal(said.Routing, EvaluationMessage.Parse("""{"batch":"b.jsonl"}""", defaults).Routing);
        Assert.Equal(said.Routing, defaults.ForUpload("b.jsonl", "run").Routing);
        Assert.Null(EvaluationMessage.Parse("""{"batch":"b.jsonl","routing":null}""", defaults).Routing);
        Assert.Throws<MessageRefusedException>(() => EvaluationMessage.Parse("""{"batch":"b.jsonl","routing":{"routes":[{"judge":"http://evil.example"}]}}""", defaults));
    }

    private EvaluationRequest Request() => new() { Batch = _bed.Batch, Policy = new PolicyOptions { Samples = 2 }, Routing = Table };

    private static string RouteOf(int rollout) => rollout % 2 == 0 ? "lists" : rollout % 4 == 1 ? "reasoning" : rollout % 12 == 11 ? "none" : "chat";

    private static JudgeReply Answer(JudgeQuestion question)
    {
        int rollout = int.Parse(Number().Match(question.Messages[^1].Content).Groups[1].Value, CultureInfo.InvariantCulture);
        string type = RouteOf(rollout) is var route and ("reasoning" or "chat") ? $"<type>{route}</type>\n" : "";
        return new JudgeReply { Text = $"{type}<answer>[[{(char)('A' + (question.Seed & 1))}]]</answer>", Finish = "stop", Usage = new Usage(20, 10) };
    }

    [GeneratedRegex(@"Question (\d+)\?")]
    private static partial Regex Number();
}
