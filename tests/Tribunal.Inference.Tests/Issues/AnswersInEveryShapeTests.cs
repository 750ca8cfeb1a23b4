using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tribunal.Judgements;
using Tribunal.Protocols;
using static Tribunal.Inference.Tests.OneQuestion;

namespace Tribunal.Inference.Tests.Issues;

/// <summary>Reported of public servers: shapes of answers and streams that other clients dropped, misread, or paid for again.</summary>
public sealed class AnswersInEveryShapeTests
{
    private const string Verdict = "Scores: \\boxed{8, 3}";
    private const string Delta = """{"choices":[{"index":0,"delta":{"content":"Scores: \\boxed{8, 3}"},"finish_reason":null}]}""";
    private const string Stop = """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";

    [Theory]
    [InlineData(false, """{"choices":[{"index":0,"finish_reason":"length"}],"usage":{"prompt_tokens":9,"completion_tokens":7}}""", "length")]
    [InlineData(false, """{"choices":[{"index":0,"finish_reason":"stop"}]}""", "stop")]
    [InlineData(false, """{"choices":[{"index":0,"finish_reason":["length"]}]}""", "length")]
    [InlineData(true, """{"choices":[{"index":0,"finish_reason":"MAX_TOKENS"}]}""", "MAX_TOKENS")]
    public async Task A_choice_without_a_message_that_says_how_it_ended_is_an_answer_and_not_paid_for_again(bool stream, string body, string finish)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => stream ? c.Events([body, "[DONE]"]) : c.Json(body));
        JudgeReply reply = await AskAsync(endpoint, stream);
        Assert.Equal(("", finish, 1), (reply.Text, reply.Finish, reply.Tries.Requests));
    }

    [Theory, InlineData("content_filter: PROHIBITED_CONTENT"), InlineData("IMAGE_PROHIBITED_CONTENT"), InlineData("IMAGE_RECITATION")]
    public void A_filter_that_names_its_reason_refuses(string reason) => Assert.Equal(AnswerEnd.Refused, FinishReasons.Of(reason));

    [Theory]
    [InlineData("""["Scores: ","\\boxed{8, 3}"]""")]
    [InlineData("""{"type":"text","text":"Scores: \\boxed{8, 3}"}""")]
    public async Task Content_is_text_in_every_form(string content)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Complete(false, $$"""{"content":{{content}}}"""));
        Assert.Equal(Verdict, (await AskAsync(endpoint)).Text);
    }

    [Theory]
    [InlineData("""{"error":{}}"""), InlineData("""{"error":{"message":"","type":"","code":0}}"""), InlineData("""{"error":null}""")]
    public async Task An_error_that_says_nothing_is_none(string beside)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Json($$"""{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],{{beside[1..^1]}}}"""));
        Assert.Equal(("x", 1), ((await AskAsync(endpoint)).Text, endpoint.Requests.Count));
    }

    [Fact]
    public async Task A_body_with_a_byte_order_mark_or_compressed_unasked_is_read()
    {
        string body = $$"""{"choices":[{"message":{"content":{{JsonSerializer.Serialize(Verdict)}}},"finish_reason":"stop"}]}""";
        await using Endpoint marked = await Endpoint.StartAsync(c => c.Json("\uFEFF" + body));
        Assert.Equal(Verdict, (await AskAsync(marked)).Text);
        await using Endpoint compressed = await Endpoint.StartAsync(async c =>
        {
            c.Response.ContentType = "application/json";
            c.Response.Headers.ContentEncoding = "gzip";
            var bytes = new MemoryStream();
            await using (var gzip = new GZipStream(bytes, CompressionMode.Compress, leaveOpen: true))
            {
                await gzip.WriteAsync(Encoding.UTF8.GetBytes(body));
            }

            await c.Response.Body.WriteAsync(bytes.ToArray());
        });
        Assert.Equal(Verdict, (await AskAsync(compressed)).Text);
    }

    [Theory]
    [InlineData("\uFEFFdata: {0}\r\n\r\ndata: {1}\r\n\r\ndata: [DONE]\r\n\r\n", "text/event-stream")]
    [InlineData(": waiting\n\ndata:{0}\n\ndata:{1}\n\ndata:[DONE] \n\n", "text/event-stream")]
    [InlineData("data: {0}\n\ndata: {1}\n\ndata: \"[DONE]\"\n\n", "text/event-stream")]
    [InlineData("event: ping\ndata: alive\n\nevent: ping\ndata: {{\"type\":\"ping\"}}\n\ndata: {0}\n\ndata: {1}\n\n", "text/event-stream")]
    [InlineData("data: {0}\n\ndata: {1}\n\ndata: [DONE]\n\n", "text/plain")]
    [InlineData("\n: waiting\n\ndata: {0}\n\ndata: {1}\n\ndata: [DONE]\n\n", "application/json")]
    [InlineData("data: {0}\n\ndata: {1}\n\ndata: [DONE]\n\n", null)]
    public async Task A_stream_is_a_stream_in_every_dress(string form, string? type)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c =>
        {
            c.Response.ContentType = type!;
            return c.Response.WriteAsync(string.Format(null, form, Delta, Stop));
        });
        JudgeReply reply = await AskAsync(endpoint, stream: true);
        Assert.Equal((Verdict, "stop", 1), (reply.Text, reply.Finish, reply.Tries.Requests));
    }

    [Fact]
    public async Task A_stream_that_is_over_and_never_says_how_the_answer_ended_is_called_so()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Events([Delta, "[DONE]"]));
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint, stream: true));
        Assert.Contains("without a finish reason", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":400,"completion_tokens":30,"total_tokens":5430}}""", 400, 5030)]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":400,"completion_tokens":0,"total_tokens":460,"completion_tokens_details":{"reasoning_tokens":60}}}""", 400, 60)]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":400,"completion_tokens":30,"total_tokens":0}}""", 400, 30)]
    [InlineData("""{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":400,"completion_tokens":30}}]}""", 400, 30)]
    [InlineData("""{"choices":[],"x_groq":{"id":"r","usage":{"prompt_tokens":400,"completion_tokens":30}}}""", 400, 30)]
    public async Task What_is_paid_for_is_counted_wherever_it_stands(string last, long input, long output)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Events([Delta, Stop, last, "[DONE]"]));
        Assert.Equal(new Usage(input, output), (await AskAsync(endpoint, stream: true)).Usage);
    }

    [Fact]
    public async Task A_try_that_came_to_nothing_and_was_paid_for_counts()
    {
        const string Broken = """{"choices":[{"message":{"content":"Ana"},"finish_reason":"error","error":{"code":502,"message":"gone"}}],"usage":{"prompt_tokens":400,"completion_tokens":30}}""";
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) => n == 0 ? c.Json(Broken) : c.Complete(false, """{"content":"x"}""", usage: """{"prompt_tokens":9,"completion_tokens":7}"""));
        Assert.Equal(new Usage(409, 37), (await AskAsync(endpoint)).Usage);
        await using Endpoint never = await Endpoint.StartAsync(static c => c.Json(Broken));
        Assert.Equal(new Usage(1600, 120), (await Assert.ThrowsAsync<JudgeException>(() => AskAsync(never))).Usage);
    }

    [Fact]
    public async Task A_model_that_insists_on_the_newer_name_of_the_budget_gets_it_from_then_on()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) => n == 0
            ? c.Json("""{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","code":"unsupported_parameter"}}""", 400)
            : c.Complete(false, """{"content":"x"}"""));
        using JudgeFactory factory = Factory();
        IJudge judge = factory.Create(Options(endpoint, stream: false));
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("x", (await judge.AskAsync(Question($"prompt {i}"), TestContext.Current.CancellationToken)).Text);
        }

        Assert.Equal(4, endpoint.Requests.Count);
        Assert.Equal(512, (int)endpoint.Requests.Last().Json["max_completion_tokens"]!);
    }

    [Theory]
    [InlineData("openai/gpt-4o", "gpt-4o-2024-11-20", false), InlineData("Llama-3.1-8B", "meta/llama-3.1-8b:free", false), InlineData("nemotron-nano", "qwen3-32b", true)]
    public async Task Who_answers_in_place_of_whom_was_asked_is_said_once(string asked, string answers, bool said)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Json($$"""{"model":"{{answers}}","choices":[{"message":{"content":"x"},"finish_reason":"stop"}]}"""));
        var log = new LogLines();
        using JudgeFactory factory = Factory(log);
        IJudge judge = factory.Create(Options(endpoint, stream: false) with { Model = asked });
        await judge.AskAsync(Question("a"), TestContext.Current.CancellationToken);
        await judge.AskAsync(Question("b"), TestContext.Current.CancellationToken);
        Assert.Equal(said ? [$"judge: '{asked}' was asked for, and the server says that '{answers}' answers"] : [], log.Lines.Where(static line => line.Event == JudgeFactory.AnotherModel).Select(static line => line.Text));
    }
}
