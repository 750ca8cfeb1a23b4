using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Inference.Tests;

/// <summary>Both client libraries, streamed and whole, against real HTTP.</summary>
public sealed class JudgeAdapterTests
{
    private const string Key = "sk-secret-0123456789";

    public static TheoryData<JudgeAdapter, bool> Wires => new()
    {
        { JudgeAdapter.OpenAI, false },
        { JudgeAdapter.OpenAI, true },
        { JudgeAdapter.Azure, false },
        { JudgeAdapter.Azure, true },
    };

    [Theory, MemberData(nameof(Wires))]
    public async Task An_answer_comes_back_whole(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(stream, """{"role":"assistant","content":"Scores: \\boxed{8, 6} ü 😀"}"""));
        using Setup setup = new(endpoint.V1, adapter, stream);
        JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Assert.Equal("Scores: \\boxed{8, 6} ü 😀", reply.Text);
        Assert.Equal("stop", reply.Finish);
        Assert.Equal(new Usage(11, 7), reply.Usage);
        Assert.Null(reply.Reasoning);
        Assert.Null(reply.Refusal);
        Assert.Equal(new Tries(), reply.Tries);
        Assert.True(reply.Latency > TimeSpan.Zero);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task The_request_says_what_the_question_says(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(stream, """{"content":"x"}"""));
        using Setup setup = new(endpoint.V1, adapter, stream, key: true);
        await setup.Judge.AskAsync(Question() with { ThinkingTokens = 512 }, TestContext.Current.CancellationToken);
        Seen seen = Assert.Single(endpoint.Requests);
        Assert.Equal("/v1/chat/completions", seen.Path);
        Assert.Equal($"Bearer {Key}", seen.Headers["Authorization"]);
        Assert.StartsWith("application/json", seen.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(adapter == JudgeAdapter.Azure ? "?api-version=2024-05-01-preview" : "", seen.Query);
        string streaming = stream ? ""","stream":true,"stream_options":{"include_usage":true}""" : "";
        JsonNode expected = JsonNode.Parse(
            $$"""{"model":"judge-7b","messages":[{"role":"system","content":"Judge."},{"role":"user","content":"\ud83d\ude00 \u0001 \ufffd </x>"}],"temperature":0.5,"top_p":0.95,"max_tokens":300,"seed":2147483647,"thinking_token_budget":512{{streaming}}}""")!;
        Assert.True(JsonNode.DeepEquals(expected, seen.Json), seen.Body);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Without_a_key_none_is_sent(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(stream, """{"content":"x"}"""));
        using Setup setup = new(endpoint.V1, adapter, stream);
        await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Seen seen = Assert.Single(endpoint.Requests);
        Assert.DoesNotContain("Authorization", seen.Headers.Keys);
        Assert.DoesNotContain("api-key", seen.Headers.Keys);
        Assert.DoesNotContain("thinking_token_budget", seen.Body, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Thinking_is_kept_apart(JudgeAdapter adapter, bool stream)
    {
        foreach (string message in (string[])["""{"reasoning":"hm \\boxed{1, 1}","content":"B"}""", """{"reasoning_content":"hm \\boxed{1, 1}","content":"B"}""", """{"reasoning":"hm \\boxed{1, 1}","reasoning_content":"hm \\boxed{1, 1}","content":"B"}"""])
        {
            await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(stream, message));
            using Setup setup = new(endpoint.V1, adapter, stream);
            JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
            Assert.Equal("B", reply.Text);
            Assert.Equal("hm \\boxed{1, 1}", reply.Reasoning);
        }
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_refusal_is_reported_as_such(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(stream, """{"content":null,"refusal":"I can't help with that."}""", "content_filter"));
        using Setup setup = new(endpoint.V1, adapter, stream);
        JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Assert.Equal("I can't help with that.", reply.Refusal);
        Assert.Equal("", reply.Text);
        Assert.Equal("content_filter", reply.Finish);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_cut_off_answer_says_length(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(stream, """{"content":null,"reasoning":"so far"}""", "length"));
        using Setup setup = new(endpoint.V1, adapter, stream);
        JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Assert.Equal("length", reply.Finish);
        Assert.Equal("so far", reply.Reasoning);
    }

    [Theory, InlineData(JudgeAdapter.OpenAI), InlineData(JudgeAdapter.Azure)]
    public async Task Missing_usage_and_finish_of_a_whole_answer_are_tolerated(JudgeAdapter adapter)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(false, """{"content":"A"}""", finish: null, usage: null));
        using Setup setup = new(endpoint.V1, adapter, stream: false);
        JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Assert.Equal("A", reply.Text);
        Assert.Null(reply.Finish);
        Assert.True(reply.Usage.Estimated);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Halves_of_a_surrogate_pair_are_joined_or_replaced(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => stream
            ? c.Events(["""{"choices":[{"delta":{"content":"a\n\ud83d"}}]}""", """{"choices":[{"delta":{"content":"\ude00\"b\ud83d"},"finish_reason":"stop"}]}""", "[DONE]"])
            : c.Complete(stream, """{"content":"a\n\ud83d\ude00\"b\ud83d"}"""));
        using Setup setup = new(endpoint.V1, adapter, stream);
        JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Assert.Equal("a\n😀\"b\uFFFD", reply.Text);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_throttled_request_is_sent_again(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) =>
        {
            c.Response.Headers.RetryAfter = "0";
            return n < 2 ? c.Json("""{"error":{"message":"slow down"}}""", 429) : c.Complete(stream, """{"content":"A"}""");
        });
        using Setup setup = new(endpoint.V1, adapter, stream);
        JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Assert.Equal(new Tries { Requests = 3, Throttled = 2 }, reply.Tries);
        Assert.Equal(3, endpoint.Requests.Count);
        Assert.Single(endpoint.Requests.Select(static r => r.Body).Distinct());
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Tries_run_out_as_overloaded(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c =>
        {
            c.Response.Headers.RetryAfter = "0";
            return c.Json("""{"message":"no capacity"}""", 503);
        });
        using Setup setup = new(endpoint.V1, adapter, stream, tries: 2);
        JudgeException fault = await Assert.ThrowsAsync<JudgeException>(() => setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken));
        Assert.Equal(JudgeFault.Overloaded, fault.Fault);
        Assert.Contains("HTTP 503: no capacity", fault.Message, StringComparison.Ordinal);
        Assert.Equal(new Tries { Requests = 2, Unavailable = 2 }, fault.Tries);
        Assert.Equal(2, endpoint.Requests.Count);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_connection_that_breaks_in_the_body_is_tried_again(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) => n == 0 ? c.ResetMidBody(stream) : c.Complete(stream, """{"content":"A"}"""));
        using Setup setup = new(endpoint.V1, adapter, stream);
        JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Assert.Equal("A", reply.Text);
        Assert.Equal(new Tries { Requests = 2, Reset = 1 }, reply.Tries);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_connection_that_breaks_before_the_answer_is_unreachable(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c =>
        {
            c.Reset();
            return Task.CompletedTask;
        });
        using Setup setup = new(endpoint.V1, adapter, stream, tries: 2);
        JudgeException fault = await Assert.ThrowsAsync<JudgeException>(() => setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken));
        Assert.Equal(JudgeFault.Unreachable, fault.Fault);
        Assert.Equal(new Tries { Requests = 2, Reset = 2 }, fault.Tries);
        Assert.Equal(2, endpoint.Requests.Count);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_hanging_request_times_out_and_is_sent_only_as_often_as_allowed(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => Task.Delay(Timeout.Infinite, c.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default));
        using Setup setup = new(endpoint.V1, adapter, stream, tries: 2, timeout: 0.2);
        JudgeException fault = await Assert.ThrowsAsync<JudgeException>(() => setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken));
        Assert.Equal(JudgeFault.TimedOut, fault.Fault);
        Assert.Equal(new Tries { Requests = 2, TimedOut = 2 }, fault.Tries);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task A_body_that_hangs_times_out(JudgeAdapter adapter, bool stream)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(async c =>
        {
            c.Response.ContentType = stream ? "text/event-stream" : "application/json";
            await c.Response.WriteAsync(stream ? "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n" : "{\"choices\":[");
            await c.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, c.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        });
        using Setup setup = new(endpoint.V1, adapter, stream, tries: 1, timeout: 0.2);
        JudgeException fault = await Assert.ThrowsAsync<JudgeException>(() => setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken));
        Assert.Equal(JudgeFault.TimedOut, fault.Fault);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task What_is_no_completion_is_malformed(JudgeAdapter adapter, bool stream)
    {
        foreach (string body in (string[])["<html>gateway</html>", "{\"choices\":", "[]", "{\"ok\":true}", "{\"choices\":[]}", "null", ""])
        {
            await using Endpoint endpoint = await Endpoint.StartAsync(c => stream ? c.Events([body, "[DONE]"]) : c.Json(body));
            using Setup setup = new(endpoint.V1, adapter, stream, tries: 1);
            JudgeException fault = await Assert.ThrowsAsync<JudgeException>(() => setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken));
            Assert.Equal(JudgeFault.Malformed, fault.Fault);
            Assert.Equal(new Tries { Requests = 1, Malformed = 1 }, fault.Tries);
        }
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Refusals_by_status_are_sorted_and_never_sent_again(JudgeAdapter adapter, bool stream)
    {
        (int Status, string Body, JudgeFault Fault, string Words)[] cases =
        [
            (400, """{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}""", JudgeFault.RequestRefused, "maximum context length is 4096"),
            (400, """{"error":{"message":"filtered","code":"content_filter"}}""", JudgeFault.Filtered, "filtered"),
            (400, """{"error":{"message":"no such model","code":"unknown_model"}}""", JudgeFault.Rejected, "no such model"),
            (413, "too large", JudgeFault.RequestRefused, "too large"),
            (422, """{"detail":[{"type":"extra_forbidden","msg":"Extra inputs are not permitted"}]}""", JudgeFault.Rejected, "not permitted"),
            (401, $$$"""{"error":{"message":"Incorrect API key provided: {{{Key}}}.","code":"invalid_api_key"}}""", JudgeFault.Rejected, "Incorrect API key"),
            (403, "", JudgeFault.Rejected, "HTTP 403"),
            (404, """{"error":{"message":"The model `judge-7b` does not exist.","code":404}}""", JudgeFault.Rejected, "does not exist"),
            (429, """{"error":{"message":"pay first","code":"insufficient_quota"}}""", JudgeFault.Rejected, "pay first"),
            (307, "", JudgeFault.Rejected, "HTTP 307"),
        ];
        foreach ((int status, string body, JudgeFault expected, string words) in cases)
        {
            await using Endpoint endpoint = await Endpoint.StartAsync(c =>
            {
                c.Response.Headers.Location = "/elsewhere";
                return c.Json(body, status);
            });
            using Setup setup = new(endpoint.V1, adapter, stream, key: true);
            JudgeException fault = await Assert.ThrowsAsync<JudgeException>(() => setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken));
            Assert.Equal(expected, fault.Fault);
            Assert.Contains(words, fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", fault.ToString(), StringComparison.Ordinal);
            Assert.Equal(new Tries(), fault.Tries);
            Assert.Single(endpoint.Requests);
        }
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task An_error_inside_an_answer_counts_by_its_code(JudgeAdapter adapter, bool stream)
    {
        const string Body = """{"error":{"message":"KV cache is full","code":503}}""";
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) => n > 0 ? c.Complete(stream, """{"content":"A"}""") : stream ? c.Events([Body, "[DONE]"]) : c.Json(Body));
        using Setup setup = new(endpoint.V1, adapter, stream);
        JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Assert.Equal(new Tries { Requests = 2, Unavailable = 1 }, reply.Tries);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task Nothing_listening_is_unreachable(JudgeAdapter adapter, bool stream)
    {
        using Setup setup = new(Endpoint.Nowhere(), adapter, stream, tries: 1);
        JudgeException fault = await Assert.ThrowsAsync<JudgeException>(() => setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken));
        Assert.Equal(JudgeFault.Unreachable, fault.Fault);
        Assert.Equal(new Tries { Requests = 1, Reset = 1 }, fault.Tries);
    }

    [Theory, MemberData(nameof(Wires))]
    public async Task The_caller_can_give_up(JudgeAdapter adapter, bool stream)
    {
        var arrived = new TaskCompletionSource();
        await using Endpoint endpoint = await Endpoint.StartAsync(c =>
        {
            arrived.TrySetResult();
            return Task.Delay(Timeout.Infinite, c.RequestAborted).ContinueWith(static _ => { }, TaskScheduler.Default);
        });
        using Setup setup = new(endpoint.V1, adapter, stream);
        using var source = new CancellationTokenSource();
        Task<JudgeReply> asking = setup.Judge.AskAsync(Question(), source.Token);
        await arrived.Task;
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task A_server_that_ignores_the_wish_to_stream_is_understood()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(stream: false, """{"content":[{"type":"text","text":"A"},{"type":"text","text":"B"}]}"""));
        using Setup setup = new(endpoint.V1, JudgeAdapter.OpenAI, stream: true);
        JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Assert.Equal("AB", reply.Text);
    }

    [Fact]
    public async Task A_stream_that_ends_without_saying_so_is_a_broken_connection()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) => c.Events(n == 0
            ? ["""{"choices":[{"delta":{"content":"\\boxed{1}"}}]}"""]
            : ["""{"choices":[{"delta":{"content":"\\boxed{2}"},"finish_reason":"stop"}]}"""]));
        using Setup setup = new(endpoint.V1, JudgeAdapter.OpenAI, stream: true);
        JudgeReply reply = await setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken);
        Assert.Equal("\\boxed{2}", reply.Text);
        Assert.Equal(new Tries { Requests = 2, Reset = 1 }, reply.Tries);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task An_answer_without_end_is_given_up(bool stream)
    {
        byte[] block = new byte[1024 * 1024];
        Array.Fill(block, (byte)' ');
        await using Endpoint endpoint = await Endpoint.StartAsync(async c =>
        {
            c.Response.ContentType = stream ? "text/event-stream" : "application/json";
            while (!c.RequestAborted.IsCancellationRequested)
            {
                await c.Response.Body.WriteAsync(block, c.RequestAborted);
            }
        });
        using Setup setup = new(endpoint.V1, JudgeAdapter.OpenAI, stream);
        JudgeException fault = await Assert.ThrowsAsync<JudgeException>(() => setup.Judge.AskAsync(Question(), TestContext.Current.CancellationToken));
        Assert.Equal(JudgeFault.Malformed, fault.Fault);
        Assert.Equal(1, fault.Tries.Requests);
    }

    private static JudgeQuestion Question() => new()
    {
        Messages = [new Message("system", "Judge."), new Message("user", "😀 \u0001 \ud83d </x>")],
        Temperature = 0.5,
        TopP = 0.95,
        MaxTokens = 300,
        Seed = 2147483647,
    };

    private sealed class Setup : IDisposable
    {
        private readonly JudgeFactory _factory = new(static name => name == "JUDGE_KEY" ? Key : null, null, null, firstDelay: TimeSpan.FromMilliseconds(5));

        public Setup(Uri endpoint, JudgeAdapter adapter, bool stream, int tries = 4, double timeout = 300, bool key = false) =>
            Judge = _factory.Create(new JudgeEndpointOptions
            {
                Name = "judge",
                Endpoint = endpoint,
                Model = "judge-7b",
                Adapter = adapter,
                Stream = stream ? StreamMode.On : StreamMode.Off,
                Tries = tries,
                TimeoutSeconds = timeout,
                ApiKeyEnv = key ? "JUDGE_KEY" : null,
            });

        public IJudge Judge { get; }

        public void Dispose() => _factory.Dispose();
    }
}
