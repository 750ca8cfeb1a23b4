using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using static Tribunal.Inference.Tests.OneQuestion;

namespace Tribunal.Inference.Tests.Issues;

/// <summary>Reported from servers as they are: how answers end, how thinking comes, what usage says, whose fault a refusal is.</summary>
public sealed class ServersAsTheyAreTests
{
    private const string Verdict = "Scores: \\boxed{8, 3}";
    private static readonly IProtocol Grm = ProtocolCatalog.Resolve("grm", modelName: null).Protocol;

    private static readonly string[] Good =
        ["stop", "STOP", "end_turn", "eos", "eos_token", "stop_sequence", "COMPLETE", "completed", "FINISHED", "STOP_CRITERIA_MET", "endoftext", "stop_token"];

    private static readonly string[] Bad =
    [
        "length", "max_tokens", "MAX_TOKENS", "max_output_tokens", "model_length", "model_context_window_exceeded", "ERROR_LIMIT", "incomplete", "repetition", "token_limit",
        "content_filter", "SAFETY", "PROHIBITED_CONTENT", "RECITATION", "BLOCKLIST", "SPII", "sensitive", "guardrail_intervened", "ERROR_TOXIC", "refusal",
        "error", "abort", "cancelled", "network_error", "insufficient_system_resource", "timeout", "OTHER", "LANGUAGE", "tool_calls", "function_call", "pause_turn", "tool_use",
    ];

    [Theory, InlineData(false), InlineData(true)]
    public async Task Of_the_public_finish_reasons_exactly_the_good_ones_vote(bool stream)
    {
        Assert.True(Good.Length + Bad.Length >= 40);
        foreach (string reason in (string[])[.. Good, .. Bad])
        {
            await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(stream, JsonSerializer.Serialize(new { content = Verdict }), reason));
            JudgementOutcome outcome = await OutcomeAsync(endpoint, stream);
            Assert.True(Good.Contains(reason, StringComparer.Ordinal) == (outcome == JudgementOutcome.Valid), reason);
        }
    }

    [Theory, InlineData("abort"), InlineData("error"), InlineData("network_error")]
    public async Task What_a_server_gave_up_is_asked_again(string reason)
    {
        foreach (bool stream in (bool[])[false, true])
        {
            await using Endpoint endpoint = await Endpoint.StartAsync((c, n) => c.Complete(stream, JsonSerializer.Serialize(new { content = Verdict }), n == 0 ? reason : "stop"));
            JudgeReply reply = await AskAsync(endpoint, stream);
            Assert.Equal(("stop", 2), (reply.Finish, reply.Tries.Requests));
        }
    }

    [Fact]
    public async Task An_error_on_a_choice_and_a_stream_that_never_says_how_it_ended_are_asked_again()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) => n switch
        {
            0 => c.Json("""{"choices":[{"finish_reason":"error","error":{"code":502,"message":"idle timeout"},"message":{"content":"Anal"}}]}"""),
            1 => c.Events(["""{"choices":[{"delta":{"content":"Scores: \\boxed{3"},"finish_reason":null}]}""", "[DONE]"]),
            2 => c.Events(["""{"choices":[{"delta":{"content":"x"}}]}""", """{"error":{"code":502,"message":"gone"},"choices":[{"delta":{},"finish_reason":"error"}]}""", "[DONE]"]),
            _ => c.Complete(true, JsonSerializer.Serialize(new { content = Verdict })),
        });
        JudgeReply reply = await AskAsync(endpoint, stream: true);
        Assert.Equal((Verdict, 4, 2, 1), (reply.Text, reply.Tries.Requests, reply.Tries.Unavailable, reply.Tries.Reset));
    }

    [Theory]
    [InlineData("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}],"closed":true},{"type":"text","text":"B"}]}""", "hm", false)]
    [InlineData("""{"content":[{"text":"B","type":"text"},{"thinking":"hm","type":"thinking"}]}""", "hm", false)]
    [InlineData("""{"content":[{"type":"reasoning","text":"hm"},{"type":"output_text","text":"B"},{"type":"image_url","text":"no"}]}""", "hm", false)]
    [InlineData("""{"content":[{"type":"text","text":"hm","thought":true},{"type":"text","text":"B"}]}""", "hm", false)]
    [InlineData("""{"content":"B","reasoning":"hm"}""", "hm", false)]
    [InlineData("""{"content":"B","reasoning_content":"hm","reasoning":null}""", "hm", false)]
    [InlineData("""{"content":"B","thinking":"hm"}""", "hm", false)]
    [InlineData("""{"content":"B","reasoning_details":[{"type":"reasoning.text","text":"hm"}]}""", "hm", false)]
    [InlineData("""{"content":"B","reasoning_details":[{"type":"reasoning.summary","summary":"hm"}]}""", "hm", false)]
    [InlineData("""{"content":"B","reasoning_details":[{"type":"reasoning.encrypted","data":"xyz"}]}""", null, true)]
    [InlineData("""{"content":"B","thinking_blocks":[{"type":"thinking","thinking":"hm","signature":"s"}]}""", "hm", false)]
    public async Task Thinking_is_thinking_in_every_form(string message, string? reasoning, bool hidden)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(false, message));
        JudgeReply reply = await AskAsync(endpoint);
        Assert.Equal(("B", reasoning, hidden), (reply.Text, reply.Reasoning, reply.ThoughtApart));
    }

    [Fact]
    public async Task Thinking_that_is_only_counted_is_thinking()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static c =>
            c.Complete(false, """{"content":"\\boxed{Assistant 2}"}""", usage: """{"prompt_tokens":9,"completion_tokens":50,"completion_tokens_details":{"reasoning_tokens":40}}"""));
        Assert.Equal(1, ProtocolCatalog.Resolve("rrm", null).Protocol.Read(await AskAsync(endpoint), 2).Winner);
    }

    [Theory]
    [InlineData("""{"prompt_tokens":9,"completion_tokens":7}""", 9, 7, false)]
    [InlineData("""{"prompt_tokens":9.0,"completion_tokens":"7"}""", 9, 7, false)]
    [InlineData("""{"prompt_tokens":9223372036854775807,"completion_tokens":1e300}""", Usage.Most, Usage.Most, false)]
    [InlineData("""{"prompt_tokens":-5,"completion_tokens":7}""", 4, 7, true)]
    [InlineData("""{"prompt_tokens":9,"completion_tokens":null}""", 9, 5, true)]
    [InlineData("""{"prompt_tokens":0,"completion_tokens":0}""", 4, 5, true)]
    [InlineData("null", 4, 5, true)]
    [InlineData(null, 4, 5, true)]
    public async Task Usage_is_a_safe_number_or_an_estimate_that_says_so(string? usage, long input, long output, bool estimated)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(false, JsonSerializer.Serialize(new { content = Verdict }), usage: usage));
        Assert.Equal(new Usage(input, output) { Estimated = estimated }, (await AskAsync(endpoint)).Usage);
    }

    [Fact]
    public void Sums_of_usage_saturate()
    {
        Usage most = new(long.MaxValue, long.MaxValue);
        Assert.Equal(most, most + new Usage(5, 5));
        Assert.Equal(long.MaxValue, most.Total);
    }

    [Theory, InlineData(2050, true), InlineData(6000, false)]
    public async Task A_prompt_that_the_server_cut_is_told_by_its_count(int counted, bool cut)
    {
        string prompt = string.Concat(Enumerable.Repeat("context line of a long document. ", 1500));
        await using Endpoint endpoint = await Endpoint.StartAsync(c =>
            c.Complete(false, JsonSerializer.Serialize(new { content = Verdict }), usage: $$"""{"prompt_tokens":{{counted}},"completion_tokens":7}"""));
        Assert.Equal(cut, (await AskAsync(endpoint, prompt: prompt)).PromptCut);
    }

    [Theory]
    [InlineData(403, """{"error":{"code":403,"message":"Your input was flagged","metadata":{"reasons":["violence"],"flagged_input":"x"}}}""", JudgeFault.Filtered, "violence")]
    [InlineData(400, """{"error":{"message":"The response was filtered","code":"content_filter","innererror":{"code":"ResponsibleAIPolicyViolation","content_filter_result":{"violence":{"filtered":true},"hate":{"filtered":false}}}}}""", JudgeFault.Filtered, "ResponsibleAIPolicyViolation: violence")]
    [InlineData(400, """{"error":{"message":"litellm.BadRequestError: litellm.ContentPolicyViolationError: …","code":"400"}}""", JudgeFault.Filtered, "litellm")]
    [InlineData(403, """{"error":{"message":"This key may not use the model"}}""", JudgeFault.Rejected, "may not")]
    [InlineData(401, "no", JudgeFault.Rejected, "no")]
    [InlineData(404, """{"detail":"Not Found"}""", JudgeFault.Rejected, "Not Found")]
    [InlineData(400, """{"error":{"message":"maximum context length is 4096 tokens","code":"context_length_exceeded"}}""", JudgeFault.RequestRefused, "maximum context length")]
    [InlineData(413, "too large", JudgeFault.RequestRefused, "too large")]
    [InlineData(418, "teapot", JudgeFault.RequestRefused, "teapot")]
    [InlineData(400, """{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":\"max_tokens 32768\\u0007 exceeds sk-abcdefghijk\"}"}}}""", JudgeFault.RequestRefused, "Provider returned error: max_tokens 32768 exceeds [key]")]
    [InlineData(200, """{"error":"Unexpected endpoint or method. (POST /chat/completions)"}""", JudgeFault.Rejected, "Unexpected endpoint")]
    public async Task A_refusal_is_whose_fault_it_is_and_keeps_its_words(int status, string body, JudgeFault fault, string words)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Json(body, status));
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint));
        Assert.Equal((fault, 1), (exception.Fault, exception.Tries.Requests));
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(408), InlineData(409), InlineData(424), InlineData(425), InlineData(429), InlineData(500), InlineData(529)]
    public async Task What_may_pass_is_asked_again(int status)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) => n == 0 ? c.Json("{}", status) : c.Complete(false, JsonSerializer.Serialize(new { content = Verdict })));
        Assert.Equal(2, (await AskAsync(endpoint)).Tries.Requests);
    }

    [Fact]
    public async Task A_refusal_of_every_prompt_in_the_same_words_is_everyones()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static (c, n) => c.Json($$$"""{"error":{"message":"`temperature` and `top_p` cannot both be specified (request {{{n}}})"}}""", 400));
        using JudgeFactory factory = Factory();
        IJudge judge = factory.Create(Options(endpoint, stream: false));
        var faults = new List<JudgeFault>();
        for (int i = 0; i < 9; i++)
        {
            faults.Add((await Assert.ThrowsAsync<JudgeException>(() => judge.AskAsync(Question($"prompt {i}"), TestContext.Current.CancellationToken))).Fault);
        }

        Assert.Equal([.. Enumerable.Repeat(JudgeFault.RequestRefused, 7), JudgeFault.Rejected, JudgeFault.Rejected], faults);
    }

    [Fact]
    public async Task One_prompt_refused_many_times_is_not_everyones()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Json("""{"error":{"message":"too long"}}""", 400));
        using JudgeFactory factory = Factory();
        IJudge judge = factory.Create(Options(endpoint, stream: false));
        for (int i = 0; i < 20; i++)
        {
            string prompt = i % 2 == 0 ? "response ab, response cd" : "response cd, response ab";
            Assert.Equal(JudgeFault.RequestRefused, (await Assert.ThrowsAsync<JudgeException>(() => judge.AskAsync(Question(prompt), TestContext.Current.CancellationToken))).Fault);
        }
    }

    [Fact]
    public async Task Throttled_for_ever_is_an_endpoint_that_serves_nobody()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Json("{}", 429));
        Assert.Equal(JudgeFault.Exhausted, (await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint))).Fault);
    }

    [Fact]
    public async Task Fields_that_a_server_does_not_take_are_left_out()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Complete(true, """{"content":"x"}"""));
        using JudgeFactory factory = Factory();
        await factory.Create(Options(endpoint, stream: true) with { Omit = string.Join(", ", JudgeEndpointOptions.Omittable) }).AskAsync(Question("q"), TestContext.Current.CancellationToken);
        Assert.Equal(["model", "messages", "stream"], Assert.Single(endpoint.Requests).Json.AsObject().Select(static field => field.Key));
        Assert.Throws<ArgumentException>(() => factory.Create(Options(endpoint, stream: true) with { Omit = "messages" }));
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task A_body_without_end_is_left_early_and_called_so(bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(async c =>
        {
            c.Response.ContentType = stream ? "text/event-stream" : "application/json";
            string piece = stream ? $"data: {{\"choices\":[{{\"delta\":{{\"content\":\"{new string('a', 60_000)}\"}}}}]}}\n\n" : new string('a', 60_000);
            await c.Response.WriteAsync(stream ? "" : "{\"choices\":[{\"message\":{\"content\":\"");
            for (int i = 0; i < 700 && !c.RequestAborted.IsCancellationRequested; i++)
            {
                await c.Response.WriteAsync(piece, c.RequestAborted);
            }
        });
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint, stream));
        Assert.Equal((JudgeFault.Malformed, 1), (exception.Fault, exception.Tries.Requests));
        Assert.Contains("the server doesn't keep to", exception.Message, StringComparison.Ordinal);
    }

    private static async Task<JudgementOutcome> OutcomeAsync(Endpoint endpoint, bool stream)
    {
        try
        {
            return Grm.Read(await AskAsync(endpoint, stream), 2).Outcome;
        }
        catch (JudgeException)
        {
            return JudgementOutcome.Failed;
        }
    }
}
