using System.Globalization;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Inference.Chat;
using Tribunal.Inference.Endpoints;
using Tribunal.Inference.Resilience;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Inference.Tests;

public sealed class ResilienceTests
{
    private static readonly DateTimeOffset Noon = new(2026, 8, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("7", 7.0)]
    [InlineData(" 1.5 ", 1.5)]
    [InlineData("0", 0.0)]
    [InlineData("99999999999", 60.0)]
    [InlineData("Sat, 01 Aug 2026 12:00:09 GMT", 9.0)]
    [InlineData("Sat, 01 Aug 2026 11:00:00 GMT", 0.0)]
    [InlineData("Sat, 01 Aug 2037 11:00:00 GMT", 60.0)]
    [InlineData("-5", null)]
    [InlineData("soon", null)]
    [InlineData("NaN", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Retry_after_is_seconds_or_a_date_and_capped(string? value, double? seconds) =>
        Assert.Equal(seconds, RetryAfter.Read(value, Noon)?.TotalSeconds);

    [Fact]
    public void Any_retry_after_is_survived() =>
        Gen.String.Sample(static text => RetryAfter.Read(text, Noon) is not { } wait || (wait >= TimeSpan.Zero && wait <= RetryAfter.Cap));

    [Fact]
    public async Task A_wait_is_what_the_endpoint_asks_for_and_a_little_more()
    {
        var time = new FakeTimeProvider(Noon);
        var log = new LogLines();
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) =>
        {
            c.Response.Headers.RetryAfter = n == 0 ? "7" : "Sat, 01 Aug 2037 11:00:00 GMT";
            return n < 2 ? c.Json("{}", n == 0 ? 429 : 503) : c.Complete(false, """{"content":"A"}""");
        });
        using var factory = new JudgeFactory(static _ => null, log, time);
        JudgeReply reply = await AdvanceAsync(time, AskAsync(factory, endpoint.V1));
        Assert.Equal(new Tries { Requests = 3, Throttled = 1, Unavailable = 1 }, reply.Tries);
        double[] waits = [.. log.Lines.Where(static l => l.Event == 2001).Select(static l => (double)l.Values["DelayMs"]!)];
        Assert.Equal(2, waits.Length);
        Assert.InRange(waits[0], 7000, 7400);
        Assert.InRange(waits[1], 60000, 60400);
        Assert.True(reply.Latency >= TimeSpan.FromSeconds(67));
    }

    [Fact]
    public async Task Waits_grow_are_jittered_and_repeat_with_the_seed()
    {
        double[] first = await WaitsAsync(1);
        Assert.Equal(first, await WaitsAsync(1));
        Assert.NotEqual(first, await WaitsAsync(2));
        Assert.Equal(7, first.Length);
        Assert.All(first, static w => Assert.InRange(w, 0, 30000));
        Assert.True(first[^1] > first[0]);
    }

    [Fact]
    public async Task Overload_lowers_the_limit_for_all_judges_of_the_endpoint()
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(static (c, n) => n == 0 ? c.Json("{}", 503) : c.Complete(false, """{"content":"A"}"""));
        using var factory = new JudgeFactory(static _ => null, null, null, firstDelay: TimeSpan.FromMilliseconds(2));
        IJudge one = factory.Create(Options(endpoint.V1));
        var other = (EndpointJudge)factory.Create(Options(endpoint.V1) with { Name = "other" });
        Assert.Equal(64, other.Limit.Current);
        await one.AskAsync(Question, TestContext.Current.CancellationToken);
        Assert.Equal(48, other.Limit.Current);
        Assert.Equal(0, other.Limit.Held);
    }

    [Fact]
    public async Task No_more_requests_are_under_way_than_the_limit_allows()
    {
        int now = 0;
        int most = 0;
        await using Endpoint endpoint = await Endpoint.StartAsync(async c =>
        {
            int mine = Interlocked.Increment(ref now);
            InterlockedMax(ref most, mine);
            await Task.Delay(5);
            Interlocked.Decrement(ref now);
            await c.Complete(false, """{"content":"A"}""");
        });
        using var factory = new JudgeFactory(static _ => null, null, null);
        IJudge judge = factory.Create(Options(endpoint.V1) with { Concurrency = 5 });
        await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => judge.AskAsync(Question, TestContext.Current.CancellationToken)));
        Assert.InRange(most, 1, 5);
        Assert.Equal(60, endpoint.Requests.Count);
    }

    [Fact]
    public async Task What_is_away_for_long_fails_at_once_until_it_is_back()
    {
        var time = new FakeTimeProvider(Noon);
        var log = new LogLines();
        bool up = false;
        await using Endpoint endpoint = await Endpoint.StartAsync(async c =>
        {
            if (!Volatile.Read(ref up))
            {
                c.Reset();
                return;
            }

            await c.Complete(false, """{"content":"A"}""");
        });
        using var factory = new JudgeFactory(static _ => null, log, time);
        IJudge judge = factory.Create(Options(endpoint.V1) with { Tries = 20 });
        JudgeException first = await Assert.ThrowsAsync<JudgeException>(() => AdvanceAsync(time, judge.AskAsync(Question, TestContext.Current.CancellationToken)));
        Assert.Equal(JudgeFault.Unreachable, first.Fault);
        Assert.InRange(first.Tries.Requests, 2, 19);
        Assert.Equal(first.Tries.Requests, first.Tries.Reset);
        Assert.Single(log.Lines, static l => l.Event == 2003);

        // The clock went on until the first had ended: one more may have been let through to look.
        await Assert.ThrowsAsync<JudgeException>(() => judge.AskAsync(Question, TestContext.Current.CancellationToken));

        // Nobody moves the clock from here on: what waits would hang.
        int before = endpoint.Requests.Count;
        for (int i = 0; i < 10; i++)
        {
            JudgeException next = await Assert.ThrowsAsync<JudgeException>(() => judge.AskAsync(Question, TestContext.Current.CancellationToken));
            Assert.Equal(JudgeFault.Unreachable, next.Fault);
            Assert.Equal(0, next.Tries.Requests);
        }

        Assert.Equal(before, endpoint.Requests.Count);
        time.Advance(OutageGate.ProbeEvery);
        Assert.Equal(1, (await Assert.ThrowsAsync<JudgeException>(() => judge.AskAsync(Question, TestContext.Current.CancellationToken))).Tries.Requests);
        Volatile.Write(ref up, true);
        time.Advance(OutageGate.ProbeEvery);
        Assert.Equal("A", (await judge.AskAsync(Question, TestContext.Current.CancellationToken)).Text);
        Assert.Equal("A", (await judge.AskAsync(Question, TestContext.Current.CancellationToken)).Text);
        Assert.Single(log.Lines, static l => l.Event == 2004);
    }

    [Fact]
    public async Task Keys_stay_out_of_logs_and_faults()
    {
        const string Secret = "key-Zq7-very-secret";
        var log = new LogLines();
        await using Endpoint endpoint = await Endpoint.StartAsync((c, n) => c.Json($"\"you sent {Secret} and {c.Request.Headers.Authorization} and sk-othersecret99\"", n % 2 == 0 ? 503 : 400));
        using var factory = new JudgeFactory(static _ => Secret, log, null, firstDelay: TimeSpan.FromMilliseconds(2));
        foreach (JudgeAdapter adapter in (JudgeAdapter[])[JudgeAdapter.OpenAI, JudgeAdapter.Azure])
        {
            IJudge judge = factory.Create(Options(endpoint.V1) with { ApiKeyEnv = "KEY", Adapter = adapter });
            JudgeException fault = await Assert.ThrowsAsync<JudgeException>(() => judge.AskAsync(Question, TestContext.Current.CancellationToken));
            Assert.Contains("you sent [key]", fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("secret", fault.ToString(), StringComparison.Ordinal);
        }

        Assert.Contains(log.Lines, static l => l.Event == 2001);
        Assert.All(log.Lines, static l => Assert.DoesNotContain("secret", l.Text + string.Join(' ', l.Values.Values), StringComparison.Ordinal));
    }

    /// <summary>Whatever the mix of faults: the requests counted on both sides agree, by how they ended.</summary>
    [Fact]
    public async Task Totals_equal_what_the_endpoint_counted()
    {
        int[] counted = new int[5];
        await using Endpoint endpoint = await Endpoint.StartAsync(async (c, n) =>
        {
            int kind = n % 9;
            Interlocked.Increment(ref counted[Math.Min(kind, 4)]);
            switch (kind)
            {
                case 0:
                    await c.Json("{}", 429);
                    break;
                case 1:
                    await c.Json("{}", 502);
                    break;
                case 2:
                    await c.ResetMidBody(stream: false);
                    break;
                case 3:
                    await c.Json("garbage");
                    break;
                default:
                    await c.Complete(false, """{"content":"A"}""");
                    break;
            }
        });
        using var factory = new JudgeFactory(static _ => null, null, null, firstDelay: TimeSpan.FromMilliseconds(1));
        IJudge judge = factory.Create(Options(endpoint.V1) with { Tries = 20, Concurrency = 16 });
        JudgeReply[] replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => judge.AskAsync(Question, TestContext.Current.CancellationToken)));
        Assert.Equal(endpoint.Requests.Count, replies.Sum(static r => r.Tries.Requests));
        int[] noted =
            [replies.Sum(static r => r.Tries.Throttled), replies.Sum(static r => r.Tries.Unavailable), replies.Sum(static r => r.Tries.Reset), replies.Sum(static r => r.Tries.Malformed), replies.Length];
        Assert.Equal(counted, noted);
    }

    private static readonly JudgeQuestion Question = new() { Messages = [new Message("user", "?")], MaxTokens = 10 };

    private static JudgeEndpointOptions Options(Uri endpoint) =>
        new() { Name = "judge", Endpoint = endpoint, Model = "m", TimeoutSeconds = 86400 };

    private static Task<JudgeReply> AskAsync(JudgeFactory factory, Uri endpoint, int tries = 6) =>
        factory.Create(Options(endpoint) with { Tries = tries }).AskAsync(Question, TestContext.Current.CancellationToken);

    private static async Task<double[]> WaitsAsync(int seed)
    {
        var time = new FakeTimeProvider(Noon);
        var log = new LogLines();
        await using Endpoint endpoint = await Endpoint.StartAsync(static c => c.Json("{}", 503));
        using var factory = new JudgeFactory(static _ => null, log, time, jitterSeed: seed);
        await Assert.ThrowsAsync<JudgeException>(() => AdvanceAsync(time, AskAsync(factory, endpoint.V1, tries: 8)));
        return [.. log.Lines.Where(static l => l.Event == 2001).Select(static l => (double)l.Values["DelayMs"]!)];
    }

    // Moves the clock until what waits for it is done; requests themselves take no time on it that matters.
    private static async Task<T> AdvanceAsync<T>(FakeTimeProvider time, Task<T> task)
    {
        while (!task.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
            await Task.WhenAny(task, Task.Delay(1));
        }

        return await task;
    }

    private static void InterlockedMax(ref int target, int value)
    {
        int seen = Volatile.Read(ref target);
        while (value > seen && Interlocked.CompareExchange(ref target, value, seen) is int now && now != seen)
        {
            seen = now;
        }
    }
}
