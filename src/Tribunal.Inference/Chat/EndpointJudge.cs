using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Tribunal.Inference.Endpoints;
using Tribunal.Inference.Resilience;
using Tribunal.Inference.Telemetry;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Chat;

namespace Tribunal.Inference.Chat;

/// <summary>A judge behind an endpoint, whichever client library speaks to it.</summary>
internal sealed class EndpointJudge : IJudge, IPassThrough
{
    private readonly JudgeEndpointOptions _options;
    private readonly EndpointAccess _access;
    private readonly IChatWire _wire;
    private readonly EndpointState _state;
    private readonly RequestEngine<JudgeReply> _engine;
    private readonly EndpointHealth _health;
    private readonly CallFacts _facts;
    private readonly bool _stream;
    private readonly IReadOnlyList<string> _omit;
    private readonly Func<JudgeQuestion, CancellationToken, Task<JudgeReply>>? _scalar;
    private int _schemaRefused;

    /// <param name="options">The endpoint.</param>
    /// <param name="access">How it is reached.</param>
    /// <param name="wire">What speaks to it.</param>
    /// <param name="state">What is known of it.</param>
    /// <param name="scalar">Asks it as a classic reward model.</param>
    public EndpointJudge(
        JudgeEndpointOptions options, EndpointAccess access, IChatWire wire, EndpointState state, Func<JudgeQuestion, CancellationToken, Task<JudgeReply>>? scalar = null)
    {
        _scalar = scalar;
        _options = options;
        _access = access;
        _wire = wire;
        _state = state;
        _engine = new RequestEngine<JudgeReply>(state, options.Timeout, options.Tries);
        _health = new EndpointHealth(options, access, state.Time);
        _facts = new CallFacts("chat", wire.Provider, options.Model, options.Endpoint.Host, options.Endpoint.Port);
        _stream = options.Streams;
        _omit = options.Omitted;
    }

    public string Name => _options.Name;

    /// <summary>The adaptive limit, for tests and gauges.</summary>
    internal AdaptiveLimit Limit => _state.Limit;

    public async Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        if (question.Scalar)
        {
            return await (_scalar ?? throw new InvalidOperationException("this judge is asked as a chat model only"))(question, cancellationToken);
        }

        bool structured = question.Fields?.Schema is not null && Volatile.Read(ref _schemaRefused) == 0;
        ReadOnlyMemory<byte> body = ChatBody.Write(_options.Model, question, _stream, _options.MaxCompletionTokens, _omit, structured);
        using Activity? activity = InferenceTelemetry.Start(_facts);
        InferenceTelemetry.Asked(activity, question);
        Outcome<JudgeReply> outcome = await _engine.SendAsync(
            static (call, token) => call.Judge.SendOnceAsync(call.Body, call.Question, token), (Judge: this, Body: body, Question: question), cancellationToken);
        if (outcome.Last is { Ending: Ending.Answered, Value: { } reply })
        {
            InferenceTelemetry.Ended(activity, _facts, outcome.Latency, reply.Usage, reply.Finish, null, outcome.Tries);
            return reply with { Latency = outcome.Latency, Tries = outcome.Tries };
        }

        if (structured && outcome.Last is { Ending: Ending.Refused or Ending.Rejected, Detail: { } said } && SpeaksOfSchema(said))
        {
            // Said once, however many were under way; from then on the prompt alone asks for the form.
            if (Interlocked.Exchange(ref _schemaRefused, 1) == 0)
            {
                InferenceLog.NoSchema(_state.Logger, Name, EndpointError.Fit(said, _access.Key));
            }

            return await AskAsync(question, cancellationToken);
        }

        JudgeFault fault = outcome is { Last.Ending: Ending.Throttled, NobodyAnswered: true, Tries.Requests: >= 3 } ? JudgeFault.Exhausted : Faults.Of(outcome.Last.Ending);
        string detail = EndpointError.Fit(outcome.Last.Detail ?? "no answer", _access.Key);
        InferenceTelemetry.Ended(activity, _facts, outcome.Latency, default, null, Faults.Word(fault), outcome.Tries);
        InferenceLog.NoAnswer(_state.Logger, Name, Faults.Word(fault), outcome.Tries.Requests, detail);
        throw new JudgeException(fault, $"judge '{Name}' at {_options.Endpoint}: {Faults.Words(fault)}: {detail}{Faults.Hint(fault, _options.Endpoint)}", outcome.Tries);
    }

    private static bool SpeaksOfSchema(string said) =>
        Array.Exists(["response_format", "json_schema", "structured", "guided", "schema"], word => said.Contains(word, StringComparison.OrdinalIgnoreCase));

    public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => _health.CheckAsync(cancellationToken);

    public async Task<PassedAnswer> PassAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        // Under way until its answer is read, beside the questions.
        long permit = await _state.Limit.AcquireAsync(cancellationToken);
        try
        {
            WireResponse response = await _wire.SendAsync(body, cancellationToken);
            return new PassedAnswer(response.Status, response.ContentType, response.RetryAfter, response.Body, new Passing(response, _state.Limit, permit));
        }
        catch (Exception exception)
        {
            _state.Limit.Release(permit, LoadSignal.None);
            if (exception is OperationCanceledException)
            {
                throw;
            }

            throw new JudgeException(
                JudgeFault.Unreachable, $"judge '{Name}' at {_options.Endpoint}: {Faults.Words(JudgeFault.Unreachable)}: {EndpointError.Fit(exception.Message, _access.Key)}", new Tries(), exception);
        }
    }

    private async Task<Attempt<JudgeReply>> SendOnceAsync(ReadOnlyMemory<byte> body, JudgeQuestion question, CancellationToken cancellationToken)
    {
        using WireResponse response = await _wire.SendAsync(body, cancellationToken);
        if (response.Status is < 200 or >= 300)
        {
            return (await EndpointError.ReadAsync<JudgeReply>(response, _access.Key, _state.Time, cancellationToken)) with { Prompt = Characters(question) };
        }

        using var answer = new ChatAnswer(BoundedBody.CharactersOf(question.MaxTokens));
        try
        {
            // A server may answer whole although it was asked to stream.
            bool events = response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;
            bool done = true;
            byte[]? other = null;
            int rivals = question.Fields is { TokenProbabilities: true } ? TokenProbabilities.BytesPerToken : 0;
            if (events)
            {
                done = await ReadEventsAsync(response, answer, BoundedBody.LimitOf(question.MaxTokens, events: true, rivals), cancellationToken);
            }
            else
            {
                other = await BoundedBody.ReadAsync(
                    response.Body, response.Length, BoundedBody.LimitOf(question.MaxTokens, events: false, rivals), cut: false,
                    static (bytes, answer) =>
                    {
                        answer.Add(bytes.Span);
                        CheckLength(answer);
                        return answer.HasChoice || answer.Error is not null ? null : bytes[..Math.Min(bytes.Length, 16 * 1024)].ToArray();
                    },
                    answer, cancellationToken);
            }

            return End(answer, events, done, other, question);
        }
        catch (JsonException exception)
        {
            return new Attempt<JudgeReply>(Ending.Malformed, Detail: "the answer is no chat completion in JSON") { Cause = exception };
        }
        catch (ResponseTooLargeException exception)
        {
            return new Attempt<JudgeReply>(Ending.Malformed, Detail: exception.Message) { Cause = exception, Final = true };
        }
    }

    private Attempt<JudgeReply> End(ChatAnswer answer, bool events, bool done, byte[]? other, JudgeQuestion question)
    {
        if (answer.Error is { } error)
        {
            return EndpointError.FromObject<JudgeReply>(error, _access.Key);
        }

        // A stream says that it is over, and how its answer ended; one that doesn't is a broken connection.
        if (events && answer.Finish is null && (answer.HasChoice || !done))
        {
            return new Attempt<JudgeReply>(Ending.Reset, Detail: "the stream ended before the answer did");
        }

        if (!answer.HasChoice)
        {
            string said = other is null ? "" : EndpointError.Fit(EndpointWords.Of(other).Text, _access.Key);
            return new Attempt<JudgeReply>(Ending.Malformed, Detail: $"the answer holds no choice{(said.Length > 0 ? $": {said}" : "")}");
        }

        return FinishReasons.Of(answer.Finish) == AnswerEnd.Broken
            ? new Attempt<JudgeReply>(Ending.Unavailable, Detail: $"the server ended the answer ({EndpointError.Fit(answer.Finish!, _access.Key)})")
            : new Attempt<JudgeReply>(Ending.Answered, answer.ToReply(question.Messages));
    }

    // The same for the same texts in another order.
    private static long Characters(JudgeQuestion question)
    {
        long sum = 0;
        foreach (Rollouts.Message message in question.Messages)
        {
            foreach (char c in message.Content)
            {
                sum = unchecked(sum + ((long)c * c * 2654435761));
            }
        }

        return sum;
    }

    private static void CheckLength(ChatAnswer answer)
    {
        if (answer.TooLong)
        {
            throw new ResponseTooLargeException("the answer has far more text than its budget of tokens can hold: the server doesn't keep to max_tokens");
        }
    }

    private static async Task<bool> ReadEventsAsync(WireResponse response, ChatAnswer answer, int limit, CancellationToken cancellationToken)
    {
        await using var bounded = new BoundedStream(response.Body, limit);
        SseParser<bool> events = SseParser.Create(bounded, (_, data) =>
        {
            if (data.SequenceEqual("[DONE]"u8))
            {
                return true;
            }

            if (!data.IsEmpty)
            {
                answer.Add(data);
                CheckLength(answer);
            }

            return false;
        });
        await foreach (SseItem<bool> item in events.EnumerateAsync(cancellationToken))
        {
            if (item.Data)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>A passed answer's connection and its permit.</summary>
internal sealed class Passing(WireResponse response, AdaptiveLimit limit, long permit) : IDisposable
{
    private int _freed;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _freed, 1) == 0)
        {
            response.Dispose();
            limit.Release(permit, response.Status is 429 or 503 ? LoadSignal.Overloaded : LoadSignal.Answered);
        }
    }
}

/// <summary>Endings as faults, and faults in words.</summary>
internal static class Faults
{
    public static JudgeFault Of(Ending ending) => ending switch
    {
        Ending.Rejected => JudgeFault.Rejected,
        Ending.Refused => JudgeFault.RequestRefused,
        Ending.Filtered => JudgeFault.Filtered,
        Ending.Reset or Ending.NotSent => JudgeFault.Unreachable,
        Ending.TimedOut => JudgeFault.TimedOut,
        Ending.Malformed => JudgeFault.Malformed,
        _ => JudgeFault.Overloaded,
    };

    public static string Word(JudgeFault fault) => fault switch
    {
        JudgeFault.Rejected => "rejected",
        JudgeFault.RequestRefused => "request_refused",
        JudgeFault.Filtered => "filtered",
        JudgeFault.Unreachable => "unreachable",
        JudgeFault.TimedOut => "timeout",
        JudgeFault.Malformed => "malformed",
        _ => "overloaded",
    };

    public static string Words(JudgeFault fault) => fault switch
    {
        JudgeFault.Rejected => "the endpoint rejects us",
        JudgeFault.RequestRefused => "the endpoint refuses this request",
        JudgeFault.Filtered => "a content filter refuses this request",
        JudgeFault.Exhausted => "it throttles everything",
        JudgeFault.Unreachable => "can't be reached",
        JudgeFault.TimedOut => "timed out",
        JudgeFault.Malformed => "no chat completion came back",
        _ => "overloaded",
    };

    /// <summary>What an address that isn't the API's may lack; empty where nothing speaks for it.</summary>
    public static string Hint(JudgeFault fault, Uri endpoint) =>
        fault is JudgeFault.Rejected or JudgeFault.Malformed && endpoint.AbsolutePath is "" or "/"
            ? $" (the address has no path; most servers have their API at {endpoint.AbsoluteUri.TrimEnd('/')}/v1)"
            : "";
}
