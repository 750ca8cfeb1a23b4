using System.Buffers;
using System.IO.Hashing;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
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

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    private readonly SimulatorOptions _options;
    private readonly TimeProvider _time;
    private readonly JudgeEngine _engine;
    private readonly Counter _counter = new();
    private readonly long _started;
    private readonly SemaphoreSlim? _slots;
    private readonly CancellationTokenSource _stopping = new();
    private int _waiting;

    public RequestHandler(SimulatorOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _engine = new JudgeEngine(options.Judge);
        _started = time.GetTimestamp();
        _slots = options.Slots > 0 ? new SemaphoreSlim(options.Slots) : null;
    }

    public SimulatorStats Stats => _counter.Snapshot();

    private bool Warm => _time.GetElapsedTime(_started) >= _options.WarmUp;

    private long Now => _time.GetUtcNow().ToUnixTimeSeconds();

    /// <summary>Lets go of requests that hang or wait.</summary>
    public Task ReleaseAsync() => _stopping.CancelAsync();

    public void Dispose()
    {
        _slots?.Dispose();
        _stopping.Dispose();
    }

    public Task HandleAsync(HttpContext context)
    {
        string path = context.Request.Path.Value ?? "";
        bool post = HttpMethods.IsPost(context.Request.Method);
        if (post && path.EndsWith("/chat/completions", StringComparison.Ordinal))
        {
            return ChatAsync(context);
        }

        string last = path[(path.LastIndexOf('/') + 1)..];
        if (post && Serves(last))
        {
            return MetaAsync(context, last);
        }

        return last switch
        {
            "health" => SendAsync(context, Warm ? 200 : 503, null, static _ => { }),
            "models" when Warm => SendAsync(context, 200, "application/json", to => Bodies.Models(to, _options.Models, Now, _options.Judge.ContextTokens)),
            "models" => WarmingAsync(context),
            "stats" => StatsAsync(context),
            _ => ErrorAsync(context, 404, "Not Found"),
        };
    }

    private bool Serves(string path) => _options.Meta switch
    {
        MetaForm.All => path is "classify" or "pooling" or "predict",
        MetaForm.VllmClassify or MetaForm.SglangClassify => path == "classify",
        MetaForm.VllmPooling => path == "pooling",
        MetaForm.TeiPredict => path == "predict",
        _ => false,
    };

    private async Task ChatAsync(HttpContext context)
    {
        ChatRequest chat;
        try
        {
            ReadResult body = await ReadBodyAsync(context);
            try
            {
                chat = ChatRequest.Read(body.Buffer);
            }
            finally
            {
                context.Request.BodyReader.AdvanceTo(body.Buffer.End);
            }
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

        if (_options.StrictModels && !_options.Models.Contains(chat.Request.Model, StringComparer.Ordinal))
        {
            await RejectAsync(context, meta, 404, $"The model `{chat.Request.Model}` does not exist.");
            return;
        }

        if (_engine.WhyNot(chat.Request) is { } reason)
        {
            await RejectAsync(context, meta, 400, reason);
            return;
        }

        ulong key = _engine.KeyOf(chat.Request);
        await AttendAsync(context, key, meta, turn => meta ? OpineAsync(context, chat, key, turn) : JudgeAsync(context, chat, key, turn));
    }

    private async Task MetaAsync(HttpContext context, string path)
    {
        ulong key;
        MetaRequest request;
        _counter.Of(meta: true).Arrive();
        try
        {
            ReadResult body = await ReadBodyAsync(context);
            try
            {
                key = Hash(body.Buffer);
                using JsonDocument document = JsonDocument.Parse(body.Buffer);
                request = MetaRequest.Read(path, document.RootElement);
            }
            finally
            {
                context.Request.BodyReader.AdvanceTo(body.Buffer.End);
            }

            if (_options.Meta != MetaForm.All && _options.Meta != request.Form)
            {
                throw new JsonException("the body has another server's form");
            }
        }
        catch (Exception exception) when (exception is JsonException or BadHttpRequestException)
        {
            int status = exception is BadHttpRequestException bad ? bad.StatusCode : path == "predict" ? 422 : 400;
            await RejectAsync(context, meta: true, status, exception.Message);
            return;
        }

        if (!await RefusedAsync(context, meta: true))
        {
            await AttendAsync(context, key, meta: true, turn => RewardAsync(context, request, key, turn));
        }
    }

    /// <summary>503 while starting, 401 without the key.</summary>
    private async Task<bool> RefusedAsync(HttpContext context, bool meta)
    {
        if (!Warm)
        {
            _counter.Of(meta).End(Ending.Warming);
            await WarmingAsync(context);
            return true;
        }

        if (_options.ApiKey is { } key && !Presents(context.Request, key))
        {
            await RejectAsync(context, meta, 401, "Unauthorized");
            return true;
        }

        return false;
    }

    /// <summary>Plays the fault that this attempt has drawn, or gives it its turn.</summary>
    private async Task AttendAsync(HttpContext context, ulong key, bool meta, Func<Turn, Task> work)
    {
        EndpointCounter counter = _counter.Of(meta);
        int attempt = _counter.Attempt(key, meta);
        var random = new SeededRandom(StableHash.Mix(StableHash.Mix(key, (ulong)_options.FaultSeed), (ulong)attempt));
        var turn = new Turn(counter, Draw(random.NextDouble()), _options.Latency + (_options.Jitter * random.NextDouble()), random.Next(2));
        switch (turn.Fault)
        {
            case Ending.TooManyRequests:
                await ThrottleAsync(context, counter);
                return;
            case Ending.Unavailable:
                counter.End(Ending.Unavailable);
                await ErrorAsync(context, 503, "Service Unavailable");
                return;
            case Ending.Reset:
                counter.End(Ending.Reset);
                context.Abort();
                return;
        }

        bool counted = false;
        try
        {
            if (turn.Fault == Ending.Hung)
            {
                counted = true;
                counter.End(Ending.Hung);
                using var gone = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token);
                await Task.Delay(_options.HangTime, _time, gone.Token);
                context.Abort();
                return;
            }

            if (_slots is null)
            {
                await WorkAsync(turn, work);
            }
            else if (await LineAsync(context.RequestAborted))
            {
                try
                {
                    await WorkAsync(turn, work);
                }
                finally
                {
                    _slots.Release();
                }
            }
            else
            {
                await ThrottleAsync(context, counter);
            }
        }
        catch (OperationCanceledException)
        {
            if (!counted)
            {
                counter.End(Ending.Abandoned);
            }

            context.Abort();
        }
    }

    private async Task WorkAsync(Turn turn, Func<Turn, Task> work)
    {
        _counter.Enter();
        try
        {
            await work(turn);
        }
        finally
        {
            _counter.Leave();
        }
    }

    /// <summary>Waits in line for a slot; false when the line is full.</summary>
    private async Task<bool> LineAsync(CancellationToken gone)
    {
        if (await _slots!.WaitAsync(TimeSpan.Zero, gone))
        {
            return true;
        }

        try
        {
            if (Interlocked.Increment(ref _waiting) > _options.Queue && _options.Queue > 0)
            {
                return false;
            }

            await _slots.WaitAsync(gone);
            return true;
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private async Task JudgeAsync(HttpContext context, ChatRequest chat, ulong key, Turn turn)
    {
        if (chat.Stream)
        {
            await StreamAsync(context, chat, key, turn);
            return;
        }

        await PauseAsync(context, turn.Latency);
        if (await GarbledAsync(context, turn))
        {
            return;
        }

        SimulatedAnswer answer = Answer(chat, key);
        await DeliverAsync(
            context,
            turn,
            to => Bodies.Completion(to, answer, chat.Request.Model, Now, _options.Judge.Thinking),
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

        if (await GarbledAsync(context, turn))
        {
            return;
        }

        SimulatedAnswer answer = Answer(chat, key);
        List<byte[]> events = Bodies.Events(answer, chat.Request.Model, Now, _options.Judge.Thinking, chat.IncludeUsage);
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
            await BreakOffAsync(context, turn);
        }
        else
        {
            await context.Response.BodyWriter.FlushAsync(CancellationToken.None);
        }
    }

    private async Task OpineAsync(HttpContext context, ChatRequest chat, ulong key, Turn turn)
    {
        await PauseAsync(context, turn.Latency);
        if (await GarbledAsync(context, turn))
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
        await DeliverAsync(
            context,
            turn,
            to => Bodies.Opinion(to, key, chat.Request.Model, Now, probability, words, usage),
            () => _counter.AnsweredMeta(1, usage));
    }

    private async Task RewardAsync(HttpContext context, MetaRequest request, ulong key, Turn turn)
    {
        await PauseAsync(context, turn.Latency);
        if (await GarbledAsync(context, turn))
        {
            return;
        }

        double[] rewards = [.. request.Asked.Select(asked => _engine.Reward(request.Model, asked)).Select(reward => request.Activation ? JudgeEngine.Sigmoid(reward) : reward)];
        var usage = new Usage(request.Texts.Sum(TokenCount.Of), 0);
        await DeliverAsync(
            context,
            turn,
            to => Bodies.MetaRewards(to, request, rewards, key, Now, usage),
            () => _counter.AnsweredMeta(rewards.Length, usage));
    }

    /// <summary>Sends an answer, or half of it. Counted before the last byte leaves, so that a client that has it finds it counted.</summary>
    private static async Task DeliverAsync(HttpContext context, Turn turn, Action<IBufferWriter<byte>> write, Action count)
    {
        if (turn.Fault != Ending.ResetMidBody)
        {
            context.RequestAborted.ThrowIfCancellationRequested();
            count();
            await SendAsync(context, 200, "application/json", write);
            return;
        }

        ArrayBufferWriter<byte> body = Buffer();
        write(body);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.WrittenCount;
        context.Response.BodyWriter.Write(body.WrittenSpan[..(body.WrittenCount / 2)]);
        await BreakOffAsync(context, turn);
    }

    private static async Task BreakOffAsync(HttpContext context, Turn turn)
    {
        turn.Counter.End(Ending.ResetMidBody);
        await context.Response.BodyWriter.FlushAsync(CancellationToken.None);
        context.Abort();
    }

    /// <summary>200 with something that is no answer: a proxy's page, or half a JSON object.</summary>
    private static async Task<bool> GarbledAsync(HttpContext context, Turn turn)
    {
        if (turn.Fault != Ending.GarbageBody)
        {
            return false;
        }

        turn.Counter.End(Ending.GarbageBody);
        bool page = turn.Variant == 0;
        await SendAsync(
            context,
            200,
            page ? "text/html" : "application/json",
            to => to.Write(page ? "<html><body><h1>It works!</h1></body></html>"u8 : "{\"id\":\"chatcmpl-0\",\"choices\":[{\"mess"u8));
        return true;
    }

    private async Task ThrottleAsync(HttpContext context, EndpointCounter counter)
    {
        counter.End(Ending.TooManyRequests);
        context.Response.Headers.RetryAfter = ((long)Math.Ceiling(_options.RetryAfter.TotalSeconds)).ToString();
        context.Response.Headers["retry-after-ms"] = ((long)Math.Ceiling(_options.RetryAfter.TotalMilliseconds)).ToString();
        await ErrorAsync(context, 429, "Too Many Requests");
    }

    private async Task RejectAsync(HttpContext context, bool meta, int status, string message)
    {
        _counter.Of(meta).End(Ending.Rejected);
        await ErrorAsync(context, status, message);
    }

    private static Task WarmingAsync(HttpContext context) => ErrorAsync(context, 503, "The model is still loading.");

    private static Task ErrorAsync(HttpContext context, int status, string message) =>
        SendAsync(context, status, "application/json", to => Bodies.Error(to, message, ErrorType(status), status));

    private static string ErrorType(int status) => status switch
    {
        401 => "AuthenticationError",
        404 => "NotFoundError",
        429 => "RateLimitError",
        >= 500 => "ServiceUnavailableError",
        _ => "BadRequestError",
    };

    private Task StatsAsync(HttpContext context)
    {
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(Stats, SimulatorJson.Default.SimulatorStats);
        return SendAsync(context, 200, "application/json", to => to.Write(body));
    }

    private async Task PauseAsync(HttpContext context, TimeSpan time)
    {
        if (time > TimeSpan.Zero)
        {
            await Task.Delay(time, _time, context.RequestAborted);
        }
    }

    private static async Task SendAsync(HttpContext context, int status, string? type, Action<IBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> body = Buffer();
        write(body);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.WrittenCount;
        context.Response.BodyWriter.Write(body.WrittenSpan);
        await context.Response.BodyWriter.FlushAsync(CancellationToken.None);
    }

    /// <summary>A buffer that is this thread's until the next await.</summary>
    private static ArrayBufferWriter<byte> Buffer()
    {
        ArrayBufferWriter<byte> buffer = t_buffer ??= new ArrayBufferWriter<byte>(8192);
        buffer.ResetWrittenCount();
        return buffer;
    }

    private static async ValueTask<ReadResult> ReadBodyAsync(HttpContext context)
    {
        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult body = await reader.ReadAsync(context.RequestAborted);
            if (body.IsCompleted)
            {
                return body;
            }

            reader.AdvanceTo(body.Buffer.Start, body.Buffer.End);
        }
    }

    private static ulong Hash(ReadOnlySequence<byte> body)
    {
        var hash = new XxHash64();
        foreach (ReadOnlyMemory<byte> part in body)
        {
            hash.Append(part.Span);
        }

        return hash.GetCurrentHashAsUInt64();
    }

    private static bool Presents(HttpRequest request, string key)
    {
        string sent = request.Headers.Authorization.ToString();
        return Same(sent.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? sent[7..] : "", key) || Same(request.Headers["api-key"].ToString(), key);
    }

    private static bool Same(string sent, string key) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), Encoding.UTF8.GetBytes(key));

    private Ending Draw(double roll)
    {
        TransportFaults faults = _options.Faults;
        return (roll -= faults.TooManyRequests) < 0 ? Ending.TooManyRequests
            : (roll -= faults.Unavailable) < 0 ? Ending.Unavailable
            : (roll -= faults.Resets) < 0 ? Ending.Reset
            : (roll -= faults.ResetsMidBody) < 0 ? Ending.ResetMidBody
            : (roll -= faults.Hangs) < 0 ? Ending.Hung
            : roll - faults.GarbageBodies < 0 ? Ending.GarbageBody
            : Ending.Answered;
    }

    /// <summary>What an attempt has drawn.</summary>
    private readonly record struct Turn(EndpointCounter Counter, Ending Fault, TimeSpan Latency, int Variant);
}
