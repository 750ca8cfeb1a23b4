using System.Buffers;
using System.Diagnostics;
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
    private int _otherModelSaid;
    private volatile bool _maxCompletionTokens;

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
        _maxCompletionTokens = options.MaxCompletionTokens;
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
        bool completionTokens = _maxCompletionTokens;
        ReadOnlySequence<byte> body = ChatBody.Write(_options.Model, question, _stream, completionTokens, _omit, structured);
        using Activity? activity = InferenceTelemetry.Start(_facts);
        InferenceTelemetry.Asked(activity, question);
        Outcome<JudgeReply> outcome = await _engine.SendAsync(
            static (call, token) => call.Judge.SendOnceAsync(call.Body, call.Question, token), (Judge: this, Body: body, Question: question), cancellationToken);
        if (outcome.Last is { Ending: Ending.Answered, Value: { } reply })
        {
            InferenceTelemetry.Ended(activity, _facts, outcome.Latency, reply.Usage, reply.Finish, null, outcome.Tries);
            if (reply.Model is { } model && !IsAsked(model) && Interlocked.Exchange(ref _otherModelSaid, 1) == 0)
            {
                InferenceLog.AnotherModel(_state.Logger, Name, _options.Model, EndpointError.Fit(model, _access.Key));
            }

            return reply with { Latency = outcome.Latency, Tries = outcome.Tries, Usage = reply.Usage + outcome.Spent };
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

        // The same budget by its newer name, on which some models insist.
        if (!completionTokens && outcome.Last is { Ending: Ending.Refused or Ending.Rejected, Detail: { } asks } && asks.Contains("max_completion_tokens", StringComparison.Ordinal))
        {
            _maxCompletionTokens = true;
            return await AskAsync(question, cancellationToken);
        }

        // One web page may be a proxy's in between; where nothing else comes, the address is none of the API.
        JudgeFault fault = outcome is not { NobodyAnswered: true, Tries.Requests: >= 3 } ? Faults.Of(outcome.Last.Ending)
            : outcome.Last.Ending == Ending.Throttled ? JudgeFault.Exhausted
            : outcome.Last.IsPage ? JudgeFault.Rejected
            : Faults.Of(outcome.Last.Ending);
        string detail = EndpointError.Fit(outcome.Last.Detail ?? "no answer", _access.Key);
        InferenceTelemetry.Ended(activity, _facts, outcome.Latency, default, null, Faults.Word(fault), outcome.Tries);
        InferenceLog.NoAnswer(_state.Logger, Name, Faults.Word(fault), outcome.Tries.Requests, detail);
        throw new JudgeException(fault, $"judge '{Name}' at {_options.Endpoint}: {Faults.Words(fault)}: {detail}{Faults.Hint(fault, _options.Endpoint)}", outcome.Tries) { Usage = outcome.Spent };
    }

    private static bool SpeaksOfSchema(string said) =>
        Array.Exists(["response_format", "json_schema", "structured", "guided", "schema"], word => said.Contains(word, StringComparison.OrdinalIgnoreCase));

    // Servers add a date, a tag or an owner, or leave them out.
    private bool IsAsked(string model)
    {
        string asked = _options.Model[(_options.Model.LastIndexOf('/') + 1)..];
        string answers = model[(model.LastIndexOf('/') + 1)..];
        return answers.Contains(asked, StringComparison.OrdinalIgnoreCase) || asked.Contains(answers, StringComparison.OrdinalIgnoreCase);
    }

    public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => _health.CheckAsync(cancellationToken);

    public async Task<PassedAnswer> PassAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        // Under way until its answer is read, beside the questions.
        long permit = await _state.Limit.AcquireAsync(cancellationToken);
        try
        {
            WireResponse response = await _wire.SendAsync(new ReadOnlySequence<byte>(body), cancellationToken);
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

    private async Task<Attempt<JudgeReply>> SendOnceAsync(ReadOnlySequence<byte> body, JudgeQuestion question, CancellationToken cancellationToken)
    {
        using WireResponse response = await _wire.SendAsync(body, cancellationToken);
        if (response.Status is < 200 or >= 300)
        {
            return (await EndpointError.ReadAsync<JudgeReply>(response, _access.Key, _state.Time, cancellationToken)) with { Prompt = Characters(question) };
        }

        using var answer = new ChatAnswer(BoundedBody.CharactersOf(question.MaxTokens));
        var came = new AnswerBody(answer);
        try
        {
            // A server may answer whole although it was asked to stream.
            bool events = response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;
            int rivals = question.Fields is { TokenProbabilities: true } ? TokenProbabilities.BytesPerToken : 0;
            int limit = BoundedBody.LimitOf(question.MaxTokens, events || _stream, rivals);
            if (events)
            {
                await came.ReadEventsAsync(response.Body, limit, cancellationToken);
            }
            else
            {
                await BoundedBody.ReadAsync(response.Body, response.Length, limit, cut: false, static (bytes, came) => { came.Read(bytes); return came; }, came, cancellationToken);
            }

            Attempt<JudgeReply> end = End(answer, came, question);
            return end.Ending == Ending.Answered ? end : end with { Spent = answer.Reported };
        }
        catch (JsonException exception)
        {
            string? page = EndpointError.PageIn(came.Other);
            return new Attempt<JudgeReply>(Ending.Malformed, Detail: page ?? (came is { Streamed: false, Other: [] } ? "the answer is empty" : "the answer is no chat completion in JSON"))
            {
                Cause = exception,
                IsPage = page is not null,
            };
        }
        catch (ResponseTooLargeException exception)
        {
            return new Attempt<JudgeReply>(Ending.Malformed, Detail: exception.Message) { Cause = exception, Final = true };
        }
    }

    private Attempt<JudgeReply> End(ChatAnswer answer, AnswerBody came, JudgeQuestion question)
    {
        if (answer.Error is { } error)
        {
            return EndpointError.FromObject<JudgeReply>(error, _access.Key) with { Prompt = Characters(question) };
        }

        // A stream says that it is over, and how its answer ended; one that doesn't is a broken connection.
        if (came.Streamed && answer.Finish is null && (answer.HasChoice || !came.Done))
        {
            return new Attempt<JudgeReply>(
                Ending.Reset, Detail: came.Done ? "the stream ended without a finish reason, so that nobody knows whether the answer is whole" : "the stream ended before the answer did");
        }

        if (!answer.HasChoice)
        {
            string said = EndpointError.Fit(EndpointWords.Of(came.Other).Text, _access.Key);
            return new Attempt<JudgeReply>(Ending.Malformed, Detail: $"the answer holds no choice{(said.Length > 0 ? $": {said}" : "")}");
        }

        return FinishReasons.Of(answer.Finish) == AnswerEnd.Broken
            ? new Attempt<JudgeReply>(Ending.Unavailable, Detail: $"the server ended the answer ({EndpointError.Fit(answer.Finish!, _access.Key)})")
            : new Attempt<JudgeReply>(Ending.Answered, answer.ToReply(question.Messages));
    }

    /// <summary>Tells prompts apart; the same for the same texts in another order.</summary>
    internal static long Characters(JudgeQuestion question)
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
