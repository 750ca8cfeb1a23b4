using System.Text;
using CsCheck;
using Tribunal.Azure.Queues;
using Tribunal.MetaReward;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Azure.Tests.Queues;

public sealed class EvaluationMessageTests
{
    private static readonly RequestDefaults None = RequestDefaults.None;

    private const string Full = """
        {"batch":"a/b.jsonl","judge":"main","protocol":"rm-r1","policy":{"kind":"fixed","samples":4,"min":2,"max":16,"confidence":0.9},
         "meta":{"model":"meta","keep":0.25},"tournament":{"kind":"knockout","votes":3},"seed":7,"limits":{"tokens":1000,"cost":2.5},"output":"run-7"}
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_is_read_plain_and_from_base64(bool base64)
    {
        EvaluationRequest request = EvaluationMessage.Parse(base64 ? Convert.ToBase64String(Encoding.UTF8.GetBytes(Full)) : Full, None);
        Assert.Equal(("a/b.jsonl", "main", "rm-r1", 7L, "run-7"), (request.Batch, request.Judge, request.Protocol, request.Seed, request.Output));
        Assert.Equal(new PolicyOptions { Kind = PolicyKind.Fixed, Samples = 4, Min = 2, Max = 16, Confidence = 0.9 }, request.Policy);
        Assert.Equal((0.25, 3, 1000L, 2.5), (request.Meta.Keep, request.Tournament.Votes, request.Limits.Tokens, request.Limits.Cost));
    }

    [Fact]
    public void Drawing_again_what_failed_is_a_field_that_names_no_other_run_and_is_refused_where_it_makes_no_sense()
    {
        EvaluationRequest request = EvaluationMessage.Parse("""{"batch":"b.jsonl","retryFailed":true}""", None);
        Assert.True(request.RetryFailed);
        Assert.Equal(EvaluationMessage.Parse("""{"batch":"b.jsonl"}""", None).Output, request.Output);
        MessageRefusedException refusal = Assert.Throws<MessageRefusedException>(() => EvaluationMessage.Parse("""{"batch":"b.jsonl","retryFailed":true,"policy":{"kind":"budget","judgements":9}}""", None));
        Assert.Equal("retryFailed", Assert.Single(refusal.Problems).Field);
    }

    [Fact]
    public void Everything_that_decides_a_tournament_can_be_asked_for()
    {
        EvaluationRequest request = EvaluationMessage.Parse(
            """
            {"batch":"b.jsonl","protocol":"rrm","rule":"btd","meta":{"model":"meta","use":"weight","temperature":0.5},
             "policy":{"kind":"adaptive","growth":1.5,"futility":0},
             "tournament":{"kind":"swiss","rounds":4,"sharedBracket":true,"rating":"elo","elo":{"k":4,"orders":50},"teams":{"answer":"pattern","pattern":"Answer: (.*)"}}}
            """,
            None);
        Assert.Equal((TournamentKind.Swiss, 4, true, RatingKind.Elo), (request.Tournament.Kind, request.Tournament.Rounds, request.Tournament.SharedBracket, request.Tournament.Rating));
        Assert.Equal(new EloOptions { K = 4, Orders = 50 }, request.Tournament.Elo);
        Assert.Equal(new TeamOptions { Answer = AnswerKind.Pattern, Pattern = "Answer: (.*)" }, request.Tournament.Teams);
        Assert.Equal((1.5, 0.0, 32, MetaUse.Weight, 0.5), (request.Policy.Growth, request.Policy.Futility, request.Policy.Max, request.Meta.Use, request.Meta.Temperature));
        Assert.Equal(VotingRule.BradleyTerryDavidson, request.Rule);
        Assert.Equal(request, EvaluationMessage.Parse(EvaluationMessage.Write(request), None));
    }

    [Fact]
    public void A_panel_and_protocol_files_can_be_asked_for_by_names_and_paths()
    {
        EvaluationRequest request = EvaluationMessage.Parse(
            """
            {"batch":"b.jsonl","protocolFile":"submitted/x/own.yaml","judges":{"members":[{"judge":"a"},{"judge":"b","protocol":"rrm","weight":0.5},{"protocolFile":"p/mine.yaml"}],"weights":"one-coin"}}
            """,
            None);
        Assert.Equal(3, request.Judges!.Members.Count);
        Assert.Equal((PanelMethod.OneCoin, 0.5, "p/mine.yaml"), (request.Judges.Weights, request.Judges.Members[1].Weight, request.Judges.Members[2].ProtocolFile));
        Assert.Equal(["submitted/x/own.yaml", "p/mine.yaml"], request.ProtocolFiles());
        Assert.Equal(request, EvaluationMessage.Parse(EvaluationMessage.Write(request), None));
    }

    [Theory]
    [InlineData("""{"batch":"b.jsonl","protocolFile":"https://evil.example/p.yaml"}""", "protocolFile")]
    [InlineData("""{"batch":"b.jsonl","protocolFile":"../p.yaml"}""", "protocolFile")]
    [InlineData("""{"batch":"b.jsonl","judges":{"members":[{"judge":"a"},{"judge":"http://evil.example"}]}}""", "judges.members[1].judge")]
    [InlineData("""{"batch":"b.jsonl","judges":{"members":[{"judge":"a"},{"protocolFile":"/etc/passwd"}]}}""", "protocolFile")]
    [InlineData("""{"batch":"b.jsonl","judges":{"members":[{"judge":"a"}]}}""", "2 to 16 members")]
    [InlineData("""{"batch":"b.jsonl","judges":{"members":[{"judge":"a"},{"judge":"b","weight":-1}]}}""", "judges.members[1].weight")]
    [InlineData("""{"batch":"b.jsonl","judges":{"members":[{"judge":"a"},{"judge":"b"}],"weights":"guess"}}""", "judges.weights")]
    [InlineData("""{"batch":"b.jsonl","judges":{"members":[{"judge":"a"},{"judge":"b"}]},"routing":{"routes":[{"judge":"a"}]}}""", "choose routes or a panel")]
    public void A_panel_or_a_path_that_can_not_be_is_refused_by_its_field(string message, string why)
    {
        Assert.Contains(why, Assert.Throws<MessageRefusedException>(() => EvaluationMessage.Parse(message, None)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_give_a_panel_to_requests_that_name_no_judge()
    {
        var panel = new JudgePanel { Members = [new PanelMember { Judge = "a" }, new PanelMember { Judge = "b" }] };
        var defaults = new RequestDefaults(None.Request with { Judges = panel, ProtocolFile = "submitted/own.yaml" });
        Assert.Equal(panel, EvaluationMessage.Parse("""{"batch":"b.jsonl"}""", defaults).Judges);
        Assert.Null(EvaluationMessage.Parse("""{"batch":"b.jsonl","judge":"a"}""", defaults).Judges);
        Assert.Equal("submitted/own.yaml", EvaluationMessage.Parse("""{"batch":"b.jsonl"}""", defaults).ProtocolFile);
        Assert.Null(EvaluationMessage.Parse("""{"batch":"b.jsonl","protocol":"grm"}""", defaults).ProtocolFile);
        Assert.Equal(panel, defaults.ForUpload("b.jsonl", "run").Judges);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_byte_order_mark_before_a_message_is_no_part_of_it(bool base64)
    {
        string marked = "\uFEFF" + Full;
        Assert.Equal("run-7", EvaluationMessage.Parse(base64 ? Convert.ToBase64String(Encoding.UTF8.GetBytes(marked)) : marked, None).Output);
    }

    [Fact]
    public void Every_field_that_can_not_be_used_is_named_at_once()
    {
        MessageRefusedException refusal = Assert.Throws<MessageRefusedException>(() => EvaluationMessage.Parse(
            """{"batch":"../b","judge":"http://evil.example","protocol":"gpt","output":"../x","policy":{"samples":0},"limits":{"tokens":0,"cost":-1}}""", None));
        Assert.Equal(["batch", "output", "judge", "protocol", "limits.tokens", "limits.cost", "policy.samples"], refusal.Problems.Select(static problem => problem.Field));
    }

    [Fact]
    public void What_is_written_is_read_again()
    {
        EvaluationRequest request = EvaluationMessage.Parse(Full, None);
        Assert.Equal(request, EvaluationMessage.Parse(EvaluationMessage.Write(request), None));
    }

    [Fact]
    public void Defaults_fill_in_what_is_not_said_and_nothing_else()
    {
        RequestDefaults defaults = new(None.Request with
        {
            Judge = "fallback",
            Protocol = "rrm",
            Policy = new PolicyOptions { Samples = 5 },
            Meta = new MetaOptions { Model = "guide" },
        });
        EvaluationRequest silent = EvaluationMessage.Parse("""{"batch":"b.jsonl","policy":{"max":64}}""", defaults);
        Assert.Equal(("fallback", "rrm", 5, 64, "guide"), (silent.Judge, silent.Protocol, silent.Policy.Samples, silent.Policy.Max, silent.Meta.Model));
        EvaluationRequest said = EvaluationMessage.Parse("""{"batch":"b.jsonl","judge":"j","protocol":"auto","policy":{"samples":8},"meta":{"model":"none"}}""", defaults);
        Assert.Equal(("j", "auto", 8, "none"), (said.Judge, said.Protocol, said.Policy.Samples, said.Meta.Model));
    }

    [Fact]
    public void The_same_request_twice_is_one_run_and_another_request_is_another()
    {
        string one = EvaluationMessage.Parse("""{"batch":"x/my batch.v2.jsonl","seed":1}""", None).Output!;
        Assert.Equal(one, EvaluationMessage.Parse("""{ "seed":1, "batch":"x/my batch.v2.jsonl" }""", None).Output);
        Assert.NotEqual(one, EvaluationMessage.Parse("""{"batch":"x/my batch.v2.jsonl","seed":2}""", None).Output);
        Assert.StartsWith("mybatch-", one, StringComparison.Ordinal);
        Assert.True(StoreNames.IsValidRunId(one));
    }

    [Theory]
    [InlineData("""{"batch":"b","model":"x"}""", "'model'")]
    [InlineData("""{"batch":"b","policy":{"kind":"fixed","sample":4}}""", "'policy.sample'")]
    [InlineData("""{"batch":"b","limits":{"money":4}}""", "'limits.money'")]
    [InlineData("""{"batch":"b","tournament":{"elo":{"kk":4}}}""", "'tournament.elo.kk'")]
    [InlineData("""{"batch":"b","Seed":4}""", "'Seed'")]
    [InlineData("""{"batch":"b","\u0000<script>":4}""", "'??script?'")]
    public void Unknown_fields_are_refused_by_name(string json, string named) => Assert.Contains($"unknown field {named}", Refusal(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"batch":null}""")]
    [InlineData("""{"batch":1}""")]
    [InlineData("""{"batch":"b","policy":null}""")]
    [InlineData("""{"batch":"b","policy":[]}""")]
    [InlineData("""{"batch":"b","seed":"7"}""")]
    [InlineData("""{"batch":"b","seed":1e300}""")]
    [InlineData("""{"batch":"b","batch":"c"}""")]
    [InlineData("""{"batch":"b","policy":{"samples":0}}""")]
    [InlineData("""{"batch":"b","policy":{"samples":100000}}""")]
    [InlineData("""{"batch":"b","policy":{"kind":"lucky"}}""")]
    [InlineData("""{"batch":"b","protocol":"gpt"}""")]
    [InlineData("""{"batch":"b","judge":"http://evil.example/v1"}""")]
    [InlineData("""{"batch":"b","meta":{"model":"https://evil.example"}}""")]
    [InlineData("""{"batch":"b","limits":{"tokens":0}}""")]
    [InlineData("""{"batch":"b","tournament":{"teams":{"answer":"pattern","pattern":"(a)\\1"}}}""")]
    [InlineData("""{"batch":"b","tournament":{"elo":{"scale":0}}}""")]
    [InlineData("""{"batch":"b","policy":{"kind":"budget","judgements":5,"tokens":5}}""")]
    [InlineData("""{"batch":"b","output":"../other"}""")]
    [InlineData("""{"batch":"b","output":".hidden"}""")]
    [InlineData("""{"batch":"b"} {"batch":"c"}""")]
    public void What_can_not_be_used_is_refused(string json) => Assert.NotEmpty(Refusal(json));

    [Theory]
    [InlineData("https://evil.example/b.jsonl")]
    [InlineData("//evil.example/b.jsonl")]
    [InlineData("../runs/x/judgements.jsonl")]
    [InlineData("a/../../b")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a\\b")]
    [InlineData("b.jsonl?sv=1&sig=x")]
    [InlineData("b%2e%2e/c")]
    [InlineData("c:/b")]
    [InlineData("a\u202eb")]
    [InlineData("a/")]
    public void A_batch_is_a_path_inside_its_container(string path) =>
        Assert.NotEmpty(Refusal(System.Text.Json.JsonSerializer.Serialize(new Dictionary<string, string> { ["batch"] = path })));

    [Fact]
    public void No_message_whatever_makes_the_parser_throw_anything_but_a_refusal()
    {
        Gen<string> field = OneOf("batch", "judge", "protocol", "policy", "meta", "tournament", "rule", "seed", "limits", "output", "kind", "samples", "x");
        Gen<string> leaf = Gen.OneOf(
            OneOf("null", "true", "1", "-1", "1e999", "0.5", "\"a/b\"", "\"grm\"", "\"fixed\"", "[]", "{}", "[1]", "\"\\ud800\"", "NaN"),
            Gen.String.Select(static s => System.Text.Json.JsonSerializer.Serialize(s)));
        Gen<string> flat = Gen.Select(field, leaf).Array[0, 6].Select(static pairs => "{" + string.Join(",", pairs.Select(static p => $"\"{p.Item1}\":{p.Item2}")) + "}");
        Gen<string> nested = Gen.Select(field, Gen.OneOf(leaf, flat)).Array[0, 8].Select(static pairs => "{" + string.Join(",", pairs.Select(static p => $"\"{p.Item1}\":{p.Item2}")) + "}");
        Gen<string> mutated = Gen.Select(Gen.Int[0, Full.Length - 1], Gen.Char).Select(static (at, c) => Full[..at] + c + Full[(at + 1)..]);
        Gen<string> any = Gen.OneOf(nested, mutated, Gen.String, Gen.Byte.Array[0, 100].Select(static b => Convert.ToBase64String(b)));
        any.Sample(
            static text =>
            {
                try
                {
                    EvaluationRequest request = EvaluationMessage.Parse(text, None);
                    Assert.Null(BatchPath.Fault(request.Batch));
                    Assert.True(StoreNames.IsValidRunId(request.Output!));
                }
                catch (MessageRefusedException refusal)
                {
                    Assert.InRange(refusal.Message.Length, 1, 1000);
                    Assert.DoesNotContain(refusal.Message, char.IsControl);
                }
            },
            iter: 4000);
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static string Refusal(string text) => Assert.Throws<MessageRefusedException>(() => EvaluationMessage.Parse(text, None)).Message;
}
