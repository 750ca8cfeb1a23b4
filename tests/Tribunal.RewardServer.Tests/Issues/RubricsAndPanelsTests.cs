using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;
using Tribunal.RewardServer.Trainers;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Simulator.Judging;
using Tribunal.Testing.Runs;
using Tribunal.Voting;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>Rewards on demand took no panel and no rubric file, and left the rubric of a request unread.</summary>
public sealed class RubricsAndPanelsTests : IAsyncDisposable
{
    private const string Rubric = """{"criteria":[{"id":"right","text":"It is right.","weight":3},{"id":"rude","text":"It is rude.","kind":"negative"}]}""";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-serve-");
    private readonly List<RewardService> _open = [];
    private readonly Listening _judge = new(new SimulatedJudge(new JudgeEngine()));

    public async ValueTask DisposeAsync()
    {
        foreach (RewardService service in _open)
        {
            await service.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task The_rubric_of_a_request_grades_its_responses_and_the_answer_tells_the_grades()
    {
        JsonElement result = Result(await AskAsync(Open(Graded(1)), $$"""{"prompt":"Why?","responses":["Because of the tides.","No.","Perhaps."],"rubric":{{Rubric}}}"""));
        Assert.Equal(["right", "rude"], result.GetProperty("criteria").EnumerateArray().Select(static one => one.GetProperty("id").GetString()));
        double[] right = Doubles(result.GetProperty("criteria")[0].GetProperty("grades"));
        double[] rude = Doubles(result.GetProperty("criteria")[1].GetProperty("grades"));
        Assert.Equal(right.Zip(rude, static (r, f) => Math.Max(0, ((3 * r) - f) / 3)), Doubles(result.GetProperty("rewards")), static (a, b) => Math.Abs(a - b) < 1e-9);
        Assert.Contains(_judge.Asked, static question => question.Messages[^1].Content.Contains("2. [flaw: met when the response has it] It is rude.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_rubric_is_another_question_and_the_same_one_is_none()
    {
        RewardService service = Open(Graded(1));
        await AskAsync(service, $$"""{"prompt":"Why?","responses":["a","b"],"rubric":{{Rubric}}}""");
        int asked = _judge.Asked.Count;
        await AskAsync(service, $$"""{"prompt":"Why?","responses":["a","b"],"rubric":{{Rubric}}}""");
        Assert.Equal(asked, _judge.Asked.Count);
        JsonElement other = Result(await AskAsync(service, """{"prompt":"Why?","responses":["a","b"],"rubric":"It is kind."}"""));
        Assert.Equal((2 * asked, "rubric"), (_judge.Asked.Count, other.GetProperty("criteria")[0].GetProperty("id").GetString()));

        // A server that starts anew remembers it with its rubric and its grades.
        JsonElement again = Result(await AskAsync(Open(Graded(1)), """{"prompt":"Why?","responses":["a","b"],"rubric":"It is kind."}"""));
        Assert.Equal((2 * asked, other.GetProperty("criteria").GetRawText()), (_judge.Asked.Count, again.GetProperty("criteria").GetRawText()));
    }

    [Fact]
    public async Task A_rubric_that_no_judge_is_shown_is_refused_by_name()
    {
        RewardService service = Open(new EvaluationRequest { Batch = "b", Protocol = "grm", Policy = new PolicyOptions { Samples = 1 } });
        HttpAnswer refused = await AskAsync(service, """{"prompt":"Why?","responses":["a","b"],"rubric":"It is kind."}""");
        Assert.Equal(400, refused.Status);
        Assert.Contains("grm shows its judge no rubric", Encoding.UTF8.GetString(refused.Body.Span), StringComparison.Ordinal);
        HttpAnswer one = await AskAsync(service, """{"rollouts":[{"prompt":"Why?","responses":["a","b"],"rubric":"It is kind."},{"prompt":"Why?","responses":["a","b"]}]}""");
        JsonElement results = Json(one).GetProperty("results");
        Assert.Contains("shows its judge no rubric", results[0].GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Equal("scored", results[1].GetProperty("status").GetString());
        Assert.False(results[1].TryGetProperty("criteria", out _));
    }

    [Fact]
    public async Task A_rubric_file_grades_what_carries_none_and_without_any_there_is_no_reward()
    {
        JsonElement without = Result(await AskAsync(Open(Graded(1)), """{"prompt":"Why?","responses":["a","b"]}"""));
        Assert.Equal(JsonValueKind.Null, without.GetProperty("rewards").ValueKind);
        Assert.Contains("no rubric", without.GetProperty("reason").GetString(), StringComparison.Ordinal);
        JsonElement graded = Result(await AskAsync(Open(Graded(1) with { RubricFile = Write("rubric.yaml", "criteria: [It is brief.]") }), """{"prompt":"Why?","responses":["a","b"]}"""));
        Assert.Equal("c1", graded.GetProperty("criteria")[0].GetProperty("id").GetString());
        int asked = _judge.Asked.Count;

        // The same path with another text is another record; another path with the same text is not.
        await AskAsync(Open(Graded(1) with { RubricFile = Write("moved.yaml", "criteria: [It is brief.]") }), """{"prompt":"Why?","responses":["a","b"]}""");
        Assert.Equal(asked, _judge.Asked.Count);
        await AskAsync(Open(Graded(1) with { RubricFile = Write("rubric.yaml", "criteria: [It is long.]") }), """{"prompt":"Why?","responses":["a","b"]}""");
        Assert.Equal(2 * asked, _judge.Asked.Count);
    }

    [Fact]
    public async Task A_rubric_file_says_by_domain_and_id_what_rollouts_of_our_own_form_are_graded_by()
    {
        RewardService service = Open(Graded(1) with { RubricFile = Write("rubric.yaml", "criteria: [{id: any, text: Any.}]\ndomains:\n  code: [{id: runs, text: It runs.}]\nrollouts:\n  r7: [{id: seven, text: Only seven.}]") });
        HttpAnswer answer = await AskAsync(service, """{"rollouts":[{"prompt":"P","responses":["a"]},{"prompt":"P","responses":["a"],"domain":"code"},{"id":"r7","prompt":"P","responses":["a"],"rubric":"Its own."},{"prompt":"P","responses":["a"],"rubric":"Its own."}]}""");
        Assert.Equal(["any", "runs", "seven", "rubric"], Json(answer).GetProperty("results").EnumerateArray().Select(static result => result.GetProperty("criteria")[0].GetProperty("id").GetString()));
    }

    [Fact]
    public async Task A_panel_judges_and_the_answer_tells_each_members_vote()
    {
        EvaluationRequest request = Panel(new PanelMember { Judge = "one", Protocol = "general-pair" }, new PanelMember { Judge = "two", Protocol = "rubric-together" });
        const string Question = """{"prompt":"Why?","responses":["Because of the tides.","No.","Perhaps, it depends."],"rubric":"It is right."}""";
        JsonElement result = Result(await AskAsync(Open(request), Question));
        JsonElement[] members = [.. result.GetProperty("members").EnumerateArray()];
        Assert.Equal([("one", "general-pair", 6), ("two", "rubric-together", 2)], members.Select(static one => (one.GetProperty("judge").GetString(), one.GetProperty("protocol").GetString(), one.GetProperty("drawn").GetInt32())));
        Assert.All(members, static one => Assert.Equal(3, one.GetProperty("rewards").GetArrayLength()));
        Assert.Equal((3, 1), (result.GetProperty("rewards").GetArrayLength(), result.GetProperty("criteria").GetArrayLength()));
        JsonElement again = Result(await AskAsync(Open(request), Question));
        Assert.Equal(result.GetRawText(), again.GetRawText());
    }

    [Fact]
    public async Task Members_that_have_different_files_make_different_records()
    {
        EvaluationRequest Asked(string file) => Panel(new PanelMember { Judge = "one" }, new PanelMember { Judge = "two", ProtocolFile = file });
        string text = Tribunal.Protocols.Catalog.DeclaredCatalog.TextOf("general-pair").Replace("protocol: general-pair", "protocol: mine", StringComparison.Ordinal);
        const string Question = """{"prompt":"Why?","responses":["a","b"]}""";
        await AskAsync(Open(Asked(Write("a.yaml", text))), Question);
        int asked = _judge.Asked.Count;
        await AskAsync(Open(Asked(Write("b.yaml", text))), Question);
        Assert.Equal(asked, _judge.Asked.Count);
        await AskAsync(Open(Asked(Write("b.yaml", text.Replace("temperature: 0.7", "temperature: 0.6", StringComparison.Ordinal) + "# another\n"))), Question);
        Assert.Equal(2 * asked, _judge.Asked.Count);
    }

    [Fact]
    public async Task Weights_that_need_a_whole_run_are_refused_by_name()
    {
        EvaluationRequest request = Panel(new PanelMember { Judge = "one" }, new PanelMember { Judge = "two" });
        JudgeConfigurationException refused = await Assert.ThrowsAsync<JudgeConfigurationException>(() => Open(request with { Judges = request.Judges! with { Weights = PanelMethod.DawidSkene } }).HostAsync(Bed.Cancel));
        Assert.Equal("judges.weights", Assert.Single(refused.Problems).Field);
    }

    [Fact]
    public async Task Trainers_forms_pass_rubric_and_reference_on()
    {
        RewardService service = Open(Graded(1), gather: TimeSpan.Zero);
        RewardHandlers handlers = (await service.HostAsync(Bed.Cancel)).Rewards;
        const string Known = """{"reference":"The moon pulls.","rubric":["It names the moon."]}""";
        Assert.NotEqual("null", Text(await handlers.SlimeAsync(Bytes($$"""{"prompt":"Slime?","response":"a","label":{{Known}}}"""), "c", Bed.Cancel)));
        Assert.NotEqual(JsonValueKind.Null, Json(await handlers.OpenRlhfAsync(Bytes($$"""{"query":["Open?a"],"prompts":["Open?"],"labels":[{{Known}}]}"""), "c", Bed.Cancel)).GetProperty("rewards").ValueKind);
        JsonElement verified = Json(await handlers.GymVerifyAsync(Bytes("""{"responses_create_params":{"input":"Gym?"},"response":{"output":[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"a"}]}]},"principle":"It names the moon."}"""), "c", Bed.Cancel));
        Assert.Equal((true, "rubric"), (verified.GetProperty("scored").GetBoolean(), verified.GetProperty("criteria")[0].GetProperty("id").GetString()));
        string[] asked = [.. _judge.Asked.Select(static question => question.Messages[^1].Content)];
        Assert.All((string[])["Slime?", "Open?", "Gym?"], prompt => Assert.Contains(asked, text => text.Contains(prompt, StringComparison.Ordinal) && text.Contains("1. It names the moon.", StringComparison.Ordinal)));
        Assert.Equal(2, asked.Count(static text => text.Contains("# Reference answer\nThe moon pulls.", StringComparison.Ordinal)));
        HttpAnswer broken = await handlers.SlimeAsync(Bytes("""{"prompt":"P?","response":"a","label":{"rubric":[{"text":"a","points":2}]}}"""), "c", Bed.Cancel);
        Assert.Equal(400, broken.Status);
        Assert.Contains("no points", Text(broken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Roll_tells_the_grades_in_its_dimension()
    {
        await using RewardDesk desk = await DeskAsync(Graded(1));
        var options = new RewardOptions { Gather = TimeSpan.Zero };
        var roll = new RollHandlers(new RewardHandlers(desk, options), desk, options, TimeProvider.System);
        JsonElement taken = Json(await roll.SubmitAsync(Bytes("""{"prompt":"Roll?","response":"a","reward_info":{"ground_truth":"42","rubric":["It says 42."]}}"""), "c", Bed.Cancel));
        byte[] poll = Bytes($$"""{"reward_request_id":"{{taken.GetProperty("reward_request_id").GetString()}}"}""");
        JsonElement result = default;
        await Bed.UntilAsync(() => (result = Json(roll.ResultAsync(poll, "c", Bed.Cancel).GetAwaiter().GetResult())).GetProperty("errcode").GetInt32() != 1);
        Assert.Equal(result.GetProperty("reward_score").GetDouble(), result.GetProperty("dimention_reward_score").GetProperty("tribunal").GetProperty("criteria").GetProperty("c1").GetDouble());
    }

    [Fact]
    public async Task Members_of_a_panel_that_chat_answer_in_turns()
    {
        EvaluationRequest request = Panel(new PanelMember { Judge = "one" }, new PanelMember { Judge = "two" }, new PanelMember { Judge = "scalar", Protocol = "skywork-reward" });
        await using RewardDesk desk = await DeskAsync(request);
        HttpAnswer answer = await new ChatHandlers(desk, 4).CompleteAsync(Bytes("""{"messages":[{"role":"user","content":"Is it right? Answer [[A]] or [[B]].\n[The Start of Response A]\na\n[The End of Response A]"}]}"""), "c", Bed.Cancel);
        Assert.Equal(200, answer.Status);
        Assert.DoesNotContain("scalar", _judge.Names);
        Assert.Equal(_judge.Names.Count(static name => name == "one"), _judge.Names.Count(static name => name == "two"));
    }

    private static EvaluationRequest Graded(int samples) => new() { Batch = "rollouts.jsonl", Protocol = "rubric-together", Policy = new PolicyOptions { Samples = samples } };

    private static EvaluationRequest Panel(params PanelMember[] members) => new() { Batch = "rollouts.jsonl", Protocol = "general-pair", Policy = new PolicyOptions { Samples = 2 }, Judges = new JudgePanel { Members = members } };

    private JudgeRegistry Judges() => KnownJudges.Of([.. ((string[])["one", "two", "scalar"]).Select(name => Judge.Of(_judge.Named(name), "simulated-judge") with { Simulated = true })]);

    private RewardService Open(EvaluationRequest request, TimeSpan? gather = null)
    {
        var service = new RewardService(new LocalRunStores(_folder.FullName), Judges(), () => request, new RewardOptions { Gather = gather ?? TimeSpan.FromMilliseconds(5) }, TimeProvider.System);
        _open.Add(service);
        return service;
    }

    private async Task<RewardDesk> DeskAsync(EvaluationRequest request)
    {
        var files = new Dictionary<string, string>();
        JudgeRoutes routes = RewardJudges.Resolve(Judges(), request, files);
        return await RewardDesk.OpenAsync(
            routes, request, new RewardOptions { Gather = TimeSpan.Zero }, await RewardLedger.OpenAsync(new LocalRunStore(Path.Combine(_folder.FullName, "desk")), ServeManifest.Of(routes, request, files), Bed.Cancel), TimeProvider.System, Bed.Cancel);
    }

    private static async Task<HttpAnswer> AskAsync(RewardService service, string body) => await (await service.HostAsync(Bed.Cancel)).Rewards.RewardsAsync(Bytes(body), "test", Bed.Cancel);

    private string Write(string name, string text)
    {
        string path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(HttpAnswer answer) => Encoding.UTF8.GetString(answer.Body.Span);

    private static JsonElement Json(HttpAnswer answer)
    {
        Assert.True(answer.Status == 200, Text(answer));
        return JsonSerializer.Deserialize<JsonElement>(answer.Body.Span);
    }

    private static JsonElement Result(HttpAnswer answer) => Json(answer).GetProperty("results")[0];

    private static double[] Doubles(JsonElement list) => list.Deserialize<double[]>()!;

    /// <summary>A judge under several names that keeps what it was asked.</summary>
    private sealed class Listening(IJudge inner)
    {
        public ConcurrentQueue<JudgeQuestion> Asked { get; } = [];

        public ConcurrentQueue<string> Names { get; } = [];

        public IJudge Named(string name) => new As(this, name);

        private sealed class As(Listening ear, string name) : IJudge
        {
            public string Name => name;

            public Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
            {
                ear.Asked.Enqueue(question);
                ear.Names.Enqueue(name);
                return ear.Inner.AskAsync(question, cancellationToken);
            }

            public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => ear.Inner.CheckHealthAsync(cancellationToken);
        }

        private IJudge Inner => inner;
    }
}
