using System.Buffers;
using System.IO.Hashing;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Serving;

/// <summary>Answers every request of a server. Paths may carry any prefix and query, as clients add <c>/v1</c> and <c>api-version</c>.</summary>
internal sealed class RequestHandler : IDisposable
{
    // A stream this slow shows its progress, so that idle limits on the way see traffic.
    private static readonly TimeSpan SlowStream = TimeSpan.FromMilliseconds(200);
    private const int SlowSteps = 10;

    private static readonly (string Yes, string No)[] Opinions =
    [
        ("correct", "incorrect"), ("Correct", "Incorrect"), ("yes", "no"), ("Yes", "No"), ("YES", "NO"), ("true", "false"), ("True", "False"), ("1", "0"),
    ];

    private readonly SimulatorOptions _options;
    private readonly TimeProvider _time;
    private readonly JudgeEngine _engine;
    private readonly Counter _counter = new();
    private readonly long _started;
    private readonly Attendance _attendance;

    public RequestHandler(SimulatorOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _engine = new JudgeEngine(options.Judge);
        _started = time.GetTimestamp();
        _attendance = new Attendance(options, time, _counter);
    }

    public SimulatorStats Stats => _counter.Snapshot();

    private bool Warm => _time.GetElapsedTime(_started) >= _options.WarmUp;

    private long Now => _time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Lets go of requests that hang or wait.</summary>
    public Task ReleaseAsync() => _attendance.ReleaseAsync();

    public void Dispose() => _attendance.Dispose();

    public Task HandleAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        bool post = HttpMethods.IsPost(context.Request.Method);
        if (post && path.EndsWith("/chat/completions", StringComparison.Ordinal))
        {
            return ChatAsync(context);
        }

        string last = path[(path.LastIndexOf('/') + 1)..];
        if (post && last is "classify" or "pooling" or "predict")
        {
            return MetaAsync(context, last);
        }

        return last switch
        {
            "health" => Exchange.SendAsync(context, Warm ? 200 : 503, null, default),
            "models" when Warm => Exchange.SendAsync(context, 200, "application/json", Bodies.Models(_options.Models, Now, _options.Judge.ContextTokens)),
            "models" => Exchange.WarmingAsync(context),
            "stats" => Exchange.SendAsync(context, 200, "application/json", JsonSerializer.SerializeToUtf8Bytes(Stats, SimulatorJson.Default.SimulatorStats)),
            _ => Exchange.ErrorAsync(context, 404, "Not Found"),
        };
    }

    private async Task ChatAsync(HttpContext context)
    {
        ChatRequest chat;
        try
        {
            chat = ChatRequest.Read(await Exchange.ReadBodyAsync(context));
        }
        catch (Exception exception) when (exception is JsonException or BadHttpRequestException)
        {
            _counter.Of(meta: false).Arrive();
            await RejectAsync(context, meta: false, exception is BadHttpRequestException bad ? bad.StatusCode : 400, exception.Message);
            return;
        }

        // Of a judge that isn't read by them, only a generative meta judge is asked for log-probabilities.
        bool meta = chat.Logprobs && !_engine.ReadsProbabilities(chat.Request.Messages);
        _counter.Of(meta).Arrive();
        if (await RefusedAsync(context, meta))
        {
            return;
        }

        if (_engine.WhyNot(chat.Request) is { } reason)
        {
            await RejectAsync(context, meta, 400, reason);
            return;
        }

        ulong key = _engine.KeyOf(chat.Request);
        await _attendance.AttendAsync(context, key, meta, turn => meta ? OpineAsync(context, chat, key, turn) : JudgeAsync(context, chat, key, turn));
    }

    private async Task MetaAsync(HttpContext context, string path)
    {
        ulong key;
        MetaRequest request;
        _counter.Of(meta: true).Arrive();
        try
        {
            ReadOnlyMemory<byte> body = await Exchange.ReadBodyAsync(context);
            key = XxHash64.HashToUInt64(body.Span);
            using JsonDocument document = JsonDocument.Parse(body);
            request = MetaRequest.Read(path, document.RootElement);        }
        catch (Exception exception) when (exception is JsonException or BadHttpRequestException)
        {
            int status = exception is BadHttpRequestException bad ? bad.StatusCode : path == "predict" ? 422 : 400;
            await RejectAsync(context, meta: true, status, exception.Message);
            return;
        }

        if (!await RefusedAsync(context, meta: true))
        {
            await _attendance.AttendAsync(context, key, meta: true, turn => RewardAsync(context, request, key, turn));
        }
    }

    /// <summary>503 while starting, 401 without the key.</summary>
    private async Task<bool> RefusedAsync(HttpContext context, bool meta)
    {
        if (!Warm)
        {
            _counter.Of(meta).End(Ending.Warming);
            await Exchange.WarmingAsync(context);
            return true;
        }

        if (_options.ApiKey is { } key && !Exchange.Presents(context.Request, key))
        {
            await RejectAsync(context, meta, 401, "Unauthorized");
            return true;
        }

        return false;
    }

    private async Task JudgeAsync(HttpContext context, ChatRequest chat, ulong key, Turn turn)
    {
        if (chat.Stream)
        {
            await StreamAsync(context, chat, key, turn);
            return;
        }

        await PauseAsync(context, turn.Latency);
        if (await Attendance.GarbledAsync(context, turn))
        {
            return;
        }

        SimulatedAnswer answer = Answer(chat, key);
        await Attendance.DeliverAsync(
            context,
            turn,
            Bodies.Completion(answer, chat.Request.Model, Now),
            () => _counter.Answered(answer, streamed: false));
    }

    private SimulatedAnswer Answer(ChatRequest chat, ulong key)
    {
        SimulatedAnswer answer = _engine.Answer(chat.Request, key);
        return chat.Logprobs ? answer : answer with { Tokens = null };
    }

    private async Task StreamAsync(HttpContext context, ChatRequest chat, ulong key, Turn turn)
    {
        bool slow = turn.Latency >= SlowStream;
        if (!slow)
        {
            await PauseAsync(context, turn.Latency);
        }

        if (await Attendance.GarbledAsync(context, turn))
        {
            return;
        }

        SimulatedAnswer answer = Answer(chat, key);
        List<byte[]> events = Bodies.Events(answer, chat.Request.Model, Now, chat.IncludeUsage);
        context.Response.ContentType = "text/event-stream; charset=utf-8";
        context.Response.Headers.CacheControl = "no-cache";
        bool cut = turn.Fault == Ending.ResetMidBody;
        int end = cut ? Math.Max(1, events.Count / 2) : events.Count;
        int step = slow ? (events.Count + SlowSteps - 1) / SlowSteps : events.Count;
        for (int at = 0; at < end; at += step)
        {
            if (slow)
            {
                await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
                await PauseAsync(context, turn.Latency * step / events.Count);
            }

            for (int i = at; i < Math.Min(end, at + step); i++)
            {
                if (i == events.Count - 1)
                {
                    _counter.Answered(answer, streamed: true);
                }

                context.Response.BodyWriter.Write(events[i]);
            }
        }

        if (cut)
        {
            await Attendance.BreakOffAsync(context, turn);
        }
        else
        {
            await context.Response.BodyWriter.FlushAsync(CancellationToken.None);
        }
    }

    private async Task OpineAsync(HttpContext context, ChatRequest chat, ulong key, Turn turn)
    {
        await PauseAsync(context, turn.Latency);
        if (await Attendance.GarbledAsync(context, turn))
        {
            return;
        }

        IReadOnlyList<Message> messages = chat.Request.Messages;
        double probability = JudgeEngine.Sigmoid(_engine.MetaReward(string.Join('\n', messages.Select(static m => m.Content))));
        string question = messages[^1].Content;
        string tail = question[Math.Max(0, question.Length - 1000)..];
        (string Yes, string No) words = Array.Find(Opinions, o => tail.Contains(o.Yes, StringComparison.Ordinal) && tail.Contains(o.No, StringComparison.Ordinal));
        words = words.Yes is null ? Opinions[0] : words;
        var usage = new Usage(TokenCount.Of(messages), 1);
        await Attendance.DeliverAsync(
            context,
            turn,
            Bodies.Opinion(key, chat.Request.Model, Now, probability, words, usage),
            () => _counter.AnsweredMeta(1, usage));
    }

    private async Task RewardAsync(HttpContext context, MetaRequest request, ulong key, Turn turn)
    {
        await PauseAsync(context, turn.Latency);
        if (await Attendance.GarbledAsync(context, turn))
        {
            return;
        }

        double[] rewards = [.. request.Asked.Select(asked => _engine.Reward(request.Model, asked)).Select(reward => request.Activation ? JudgeEngine.Sigmoid(reward) : reward)];
        var usage = new Usage(request.Asked.Sum(static asked => TokenCount.Of(string.Join('\n', asked.Select(static turn => turn.Content)))), 0);
        await Attendance.DeliverAsync(
            context,
            turn,
            Bodies.MetaRewards(request, rewards, key, Now, usage),
            () => _counter.AnsweredMeta(rewards.Length, usage));
    }

    private async Task RejectAsync(HttpContext context, bool meta, int status, string message)
    {
        _counter.Of(meta).End(Ending.Rejected);
        await Exchange.ErrorAsync(context, status, message);
    }

    private async Task PauseAsync(HttpContext context, TimeSpan time)
    {
        if (time > TimeSpan.Zero)
        {
            await Task.Delay(time, _time, context.RequestAborted);
        }
    }
}
