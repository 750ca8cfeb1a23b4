using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Inference.Resilience;
using Tribunal.Protocols;
using static Tribunal.Inference.Tests.OneQuestion;

namespace Tribunal.Inference.Tests.Issues;

/// <summary>Reported of public servers: errors whose status or shape says something else than they mean; each is asked again, or not, by what it means.</summary>
public sealed class ErrorsInEveryShapeTests
{
    [Theory]
    [InlineData(429, """{"error":{"message":"You exceeded your current quota, please check your plan","type":"insufficient_quota","code":null}}""")]
    [InlineData(429, """{"error":{"message":"litellm.RateLimitError: You exceeded your current quota, please check your plan","type":"throttling_error","code":"429"}}""")]
    [InlineData(429, """{"error":{"message":"Your account is suspended due to insufficient balance","type":"exceeded_current_quota_error"}}""")]
    [InlineData(429, """{"error":{"code":"1113","message":"Insufficient balance or no resource package. Please recharge."}}""")]
    [InlineData(500, """{"type":"error","error":{"type":"api_error","message":"insufficient balance (1008)"}}""")]
    [InlineData(200, """{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}""")]
    [InlineData(200, """{"id":"x","choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}""")]
    public async Task An_account_without_credit_ends_it_at_once(int status, string body) => await EndsAsync(status, body, JudgeFault.Rejected);

    [Theory]
    [InlineData(200, """{"error":{"message":"Incorrect API key","type":"authentication_error"}}""")]
    [InlineData(400, """[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"@type":"x","reason":"API_KEY_INVALID"}]}}]""")]
    [InlineData(422, """{"object":"error","message":{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]},"type":"invalid_request_error"}""")]
    public async Task What_every_request_has_is_everyones(int status, string body) => await EndsAsync(status, body, JudgeFault.Rejected);

    [Theory]
    [InlineData(200, """{"object":"error","message":"This model's maximum context length is 4096 tokens.","type":"BadRequestError","code":400}""")]
    [InlineData(200, """{"choices":null,"error_type":"BadRequestError","error_message":"maximum context length is 4096 tokens"}""")]
    [InlineData(200, """{"error":{"message":"Range of input length should be [1, 6000]","type":"invalid_request_error"}}""")]
    [InlineData(200, """{"error":"Input validation error: inputs must have less than 4096 tokens","error_type":"validation"}""")]
    [InlineData(429, """{"error":{"message":"Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000.","type":"tokens","code":"rate_limit_exceeded"}}""")]
    [InlineData(413, """{"error":{"message":"Request too large for model on tokens per minute (TPM): Limit 6000, Requested 7000","type":"tokens","code":"rate_limit_exceeded"}}""")]
    [InlineData(500, """{"error":{"message":"Input length (5000 tokens) exceeds the maximum allowed length (4096 tokens).","code":500}}""")]
    [InlineData(500, """{"error":{"code":500,"message":"Conversation roles must alternate user/assistant/user/assistant/... at row 189"}}""")]
    public async Task What_this_request_holds_is_not_asked_again(int status, string body)
    {
        await EndsAsync(status, body, JudgeFault.RequestRefused);
        if (status == 200)
        {
            await EndsAsync(status, body, JudgeFault.RequestRefused, stream: true);
        }
    }

    [Theory]
    [InlineData(403, """{"message":"API rate limit exceeded for user","documentation_url":"x"}""")]
    [InlineData(400, """{"error":{"message":"ThrottlingException: Too many requests, please wait","code":"400"}}""")]
    [InlineData(429, """[{"error":{"code":429,"message":"You exceeded your current quota. Please retry in 0.001s.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"RetryInfo","retryDelay":"0.001s"}]}}]""")]
    [InlineData(200, """{"error":{"message":"Rate limit exceeded, try later","type":"rate_limit_error"}}""")]
    [InlineData(200, """{"error_code":18,"error_msg":"Open api qps request limit reached"}""")]
    [InlineData(200, """[{"error":{"code":503,"message":"The model is overloaded.","status":"UNAVAILABLE"}}]""")]
    [InlineData(200, """{"errors":[{"message":"AiError: capacity","code":3040}],"success":false}""")]
    [InlineData(404, """{"error":{"message":"Model is loading","code":404}}""")]
    [InlineData(423, "{}"), InlineData(499, "{}")]
    public async Task What_may_pass_is_asked_again_whatever_its_status(int status, string body)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) => n == 0 ? c.Json(body, status) : c.Complete(false, """{"content":"x"}"""));
        Assert.Equal(("x", 2), ((await AskAsync(endpoint)).Text, endpoint.Requests.Count));
    }

    [Theory]
    [InlineData("event: error\ndata: upstream connect error\n\n", "upstream connect error")]
    [InlineData("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n", "Overloaded")]
    public async Task An_error_in_mid_stream_is_asked_again_and_keeps_its_words(string end, string words)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c =>
        {
            c.Response.ContentType = "text/event-stream";
            return c.Response.WriteAsync("data: {\"choices\":[{\"delta\":{\"content\":\"Scores: \"}}]}\n\n" + end);
        });
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint, stream: true));
        Assert.Equal((JudgeFault.Overloaded, 4), (exception.Fault, exception.Tries.Requests));
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(504, "<html>\r\n<head><title>504 Gateway Time-out</title></head><body>nginx</body></html>", JudgeFault.Overloaded, 4, "HTTP 504: a web page (\"504 Gateway Time-out\")")]
    [InlineData(404, "<!DOCTYPE html><html><h1>Not here</h1></html>", JudgeFault.Rejected, 1, "(most servers have it at ADDRESS/v1): \"Not here\"")]
    [InlineData(200, "<!doctype html><html><head><title>Log in</title></head></html>", JudgeFault.Rejected, 4, "(most servers have it at ADDRESS/v1): \"Log in\"")]
    public async Task A_web_page_is_called_by_its_title_and_advice_fits_its_status(int status, string page, JudgeFault fault, int requests, string words)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Json(page, status));
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint));
        Assert.Equal((fault, requests), (exception.Fault, exception.Tries.Requests));
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redirection_says_where_to_without_what_stands_in_its_query()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static c =>
        {
            c.Response.Headers.Location = "https://elsewhere.example/v1/chat/completions?token=secret";
            return c.Json("", 307);
        });
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint));
        Assert.Contains("(https://elsewhere.example/v1/chat/completions); prompts don't follow: give the final address", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Most_of_a_minute_is_waited_out_where_a_rate_is_exceeded_and_nobody_says_how_long()
    {
        var time = new FakeTimeProvider();
        await using Endpoint endpoint = await Endpoint.StartAsync(c => time.GetUtcNow() < new DateTimeOffset(2000, 1, 1, 0, 0, 44, TimeSpan.Zero) ? c.Json("{}", 429) : c.Complete(false, """{"content":"x"}"""));
        using var factory = new JudgeFactory(static _ => null, null, time);
        Task<JudgeReply> asking = factory.Create(Options(endpoint, stream: false) with { Tries = 6 }).AskAsync(Question("q"), TestContext.Current.CancellationToken);
        while (!asking.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.Equal("x", (await asking).Text);
    }

    [Theory]
    [InlineData("30", "1500", 1.5), InlineData("30", "soon", 30.0), InlineData(null, "1e9", null), InlineData("30", "-1", 30.0), InlineData("1", "99999999", 60.0)]
    public void Milliseconds_say_it_more_exactly(string? seconds, string? milliseconds, double? wait) =>
        Assert.Equal(wait, RetryAfter.Read(seconds, DateTimeOffset.UnixEpoch, milliseconds)?.TotalSeconds);

    [Theory]
    [InlineData("Please try again in 20.5s.", 20.5), InlineData("Please retry after 86400 seconds.", 86400.0), InlineData("try again in 350ms", 0.35), InlineData("try again in 6m0s", 360.0), InlineData("try again", null)]
    public void Words_say_how_long_to_wait(string words, double? wait) => Assert.Equal(wait, new Tribunal.Protocols.Chat.EndpointWords("", words, false).Wait?.TotalSeconds);

    [Fact]
    public async Task Who_is_throttled_while_others_are_answered_waits_longer_than_the_tries()
    {
        int throttled = 0;
        var asked = new TaskCompletionSource();
        var others = new TaskCompletionSource();
        await using Endpoint endpoint = await Endpoint.StartAsync(async c =>
        {
            c.Request.Body.Position = 0;
            using var reader = new StreamReader(c.Request.Body, leaveOpen: true);
            if ((await reader.ReadToEndAsync()).Contains("queued", StringComparison.Ordinal) && Interlocked.Increment(ref throttled) <= 6)
            {
                asked.TrySetResult();
                await others.Task;
                await c.Json("{}", 429);
                return;
            }

            await c.Complete(false, """{"content":"x"}""");
        });
        using JudgeFactory factory = Factory();
        IJudge judge = factory.Create(Options(endpoint, stream: false));
        Task<JudgeReply> queuing = judge.AskAsync(Question("queued"), TestContext.Current.CancellationToken);
        await asked.Task;
        await judge.AskAsync(Question("served"), TestContext.Current.CancellationToken);
        others.SetResult();
        Assert.Equal((7, 6), ((await queuing).Tries.Requests, (await queuing).Tries.Throttled));
    }

    [Fact]
    public async Task An_error_inside_an_answer_of_a_reward_model_is_sorted_as_a_chat_models_is()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Json("""{"object":"error","message":"maximum context length is 4096 tokens","code":400}"""));
        using JudgeFactory factory = Factory();
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() =>
            factory.Create(Options(endpoint, stream: false)).AskAsync(Question("q") with { Scalar = true }, TestContext.Current.CancellationToken));
        Assert.Equal(JudgeFault.RequestRefused, exception.Fault);
        Assert.Equal(endpoint.Requests.Count, endpoint.Requests.Select(static seen => seen.Path + seen.Body).Distinct().Count());
    }

    private static async Task EndsAsync(int status, string body, JudgeFault fault, bool stream = false)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => stream ? c.Events([body, "[DONE]"]) : c.Json(body, status));
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() => AskAsync(endpoint, stream));
        Assert.Equal((fault, 1), (exception.Fault, exception.Tries.Requests));
    }
}
