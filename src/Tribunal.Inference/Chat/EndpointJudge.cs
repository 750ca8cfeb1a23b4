using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Tribunal.Inference.Endpoints;
using Tribunal.Inference.Resilience;
using Tribunal.Inference.Telemetry;
using Tribunal.Judgements;
using Tribunal.Protocols;

namespace Tribunal.Inference.Chat;

/// <summary>A judge behind an endpoint, whichever client library speaks to it.</summary>
internal sealed class EndpointJudge : IJudge
{
    private readonly JudgeEndpointOptions _options;
    private readonly EndpointAccess _access;
    private readonly IChatWire _wire;
    private readonly EndpointState _state;
    private readonly RequestEngine<JudgeReply> _engine;
    private readonly EndpointHealth _health;
    private readonly CallFacts _facts;
    private readonly bool _stream;

    public EndpointJudge(JudgeEndpointOptions options, EndpointAccess access, IChatWire wire, EndpointState state)
    {
        _options = options;
        _access = access;
        _wire = wire;
        _state = state;
        _engine = new RequestEngine<JudgeReply>(state, options.Timeout, options.Tries);
        _health = new EndpointHealth(options, access, state.Time);
        _facts = new CallFacts("chat", wire.Provider, options.Model, options.Endpoint.Host, options.Endpoint.Port);
        _stream = options.Streams;
    }

    public string Name => _options.Name;

    /// <summary>The adaptive limit, for tests and gauges.</summary>
    internal AdaptiveLimit Limit => _state.Limit;

    public async Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        ReadOnlyMemory<byte> body = ChatBody.Write(_options.Model, question, _stream, _options.MaxCompletionTokens);
        using Activity? activity = InferenceTelemetry.Start(_facts);
        InferenceTelemetry.Asked(activity, question);
        Outcome<JudgeReply> outcome = await _engine.SendAsync(
            static (call, token) => call.Judge.SendOnceAsync(call.Body, token), (Judge: this, Body: body), cancellationToken);
        if (outcome.Last is { Ending: Ending.Answered, Value: { } reply })
        {
            InferenceTelemetry.Ended(activity, _facts, outcome.Latency, reply.Usage, reply.Finish, null, outcome.Tries);
            return reply with { Latency = outcome.Latency, Tries = outcome.Tries };
        }

        JudgeFault fault = Faults.Of(outcome.Last.Ending);
        string detail = EndpointError.Fit(outcome.Last.Detail ?? "no answer", _access.Key);
        InferenceTelemetry.Ended(activity, _facts, outcome.Latency, default, null, Faults.Word(fault), outcome.Tries);
        InferenceLog.NoAnswer(_state.Logger, Name, Faults.Word(fault), outcome.Tries.Requests, detail);
        throw new JudgeException(fault, $"judge '{Name}' at {_options.Endpoint}: {Faults.Words(fault)}: {detail}", outcome.Tries);
    }

    public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => _health.CheckAsync(cancellationToken);

    private async Task<Attempt<JudgeReply>> SendOnceAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using WireResponse response = await _wire.SendAsync(body, cancellationToken);
        if (response.Status is < 200 or >= 300)
        {
            return await EndpointError.ReadAsync<JudgeReply>(response, _access.Key, _state.Time, cancellationToken);
        }

        using var answer = new ChatAnswer();
        try
        {
            // A server may answer whole although it was asked to stream.
            bool events = response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;
            bool ended = true;
            if (events)
            {
                ended = await ReadEventsAsync(response, answer, cancellationToken);
            }
            else
            {
                await BoundedBody.ReadAsync(
                    response.Body, response.Length, BoundedBody.Limit, cut: false,
                    static (bytes, answer) =>
                    {
                        answer.Add(bytes.Span);
                        return true;
                    },
                    answer, cancellationToken);
            }

            if (answer.Error is { } error)
            {
                return EndpointError.FromObject<JudgeReply>(error, _access.Key);
            }

            if (!ended && answer.Finish is null)
            {
                return new Attempt<JudgeReply>(Ending.Reset, Detail: "the stream ended before the answer did");
            }

            return answer.HasChoice
                ? new Attempt<JudgeReply>(Ending.Answered, answer.ToReply())
                : new Attempt<JudgeReply>(Ending.Malformed, Detail: "the answer holds no choice");
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

    // Whether the stream said that it is over; without that, its end is a broken connection.
    private static async Task<bool> ReadEventsAsync(WireResponse response, ChatAnswer answer, CancellationToken cancellationToken)
    {
        await using var bounded = new BoundedStream(response.Body, BoundedBody.Limit);
        SseParser<bool> events = SseParser.Create(bounded, (_, data) =>
        {
            if (data.SequenceEqual("[DONE]"u8))
            {
                return true;
            }

            if (!data.IsEmpty)
            {
                answer.Add(data);
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

/// <summary>Endings as faults, and faults in words.</summary>
internal static class Faults
{
    public static JudgeFault Of(Ending ending) => ending switch
    {
        Ending.Rejected => JudgeFault.Rejected,
        Ending.Refused => JudgeFault.RequestRefused,
        Ending.Reset or Ending.NotSent => JudgeFault.Unreachable,
        Ending.TimedOut => JudgeFault.TimedOut,
        Ending.Malformed => JudgeFault.Malformed,
        _ => JudgeFault.Overloaded,
    };

    public static string Word(JudgeFault fault) => fault switch
    {
        JudgeFault.Rejected => "rejected",
        JudgeFault.RequestRefused => "request_refused",
        JudgeFault.Unreachable => "unreachable",
        JudgeFault.TimedOut => "timeout",
        JudgeFault.Malformed => "malformed",
        _ => "overloaded",
    };

    public static string Words(JudgeFault fault) => fault switch
    {
        JudgeFault.Rejected => "the endpoint rejects us",
        JudgeFault.RequestRefused => "the endpoint refuses this request",
        JudgeFault.Unreachable => "can't be reached",
        JudgeFault.TimedOut => "timed out",
        JudgeFault.Malformed => "no chat completion came back",
        _ => "overloaded",
    };
}
