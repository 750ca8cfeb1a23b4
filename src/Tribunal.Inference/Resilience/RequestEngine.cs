using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Tribunal.Inference.Telemetry;
using Tribunal.Judgements;

namespace Tribunal.Inference.Resilience;

/// <summary>What all requests to one endpoint share.</summary>
/// <param name="name">The endpoint's name in messages.</param>
/// <param name="concurrency">Requests under way at once, at most.</param>
/// <param name="time">The clock.</param>
/// <param name="firstDelay">The median wait before the second try; later ones double.</param>
/// <param name="jitterSeed">Decides the jitter.</param>
/// <param name="logger">Where to log.</param>
internal sealed class EndpointState(string name, int concurrency, TimeProvider time, TimeSpan firstDelay, int jitterSeed, ILogger logger)
{
    private readonly Lock _lock = new();
    private readonly Random _jitter = new(jitterSeed);

    public string Name => name;

    public AdaptiveLimit Limit { get; } = new(concurrency);

    public OutageGate Outage { get; } = new(time, TimeSpan.FromSeconds(20));

    public TimeProvider Time => time;

    public TimeSpan FirstDelay => firstDelay;

    public ILogger Logger => logger;

    /// <summary>Tells a refusal of everything from refusals of this and that.</summary>
    public RefusalWatch Refusals { get; } = new();

    /// <summary>When the endpoint last gave an answer, on the clock of <see cref="Time"/>; 0 for never.</summary>
    public long LastAnswered { get; set; }

    /// <summary>Uniform in [0, 1), from the seed.</summary>
    public double Jitter()
    {
        lock (_lock)
        {
            return _jitter.NextDouble();
        }
    }
}

/// <summary>What a question got, after its tries.</summary>
/// <param name="Last">How the last try ended.</param>
/// <param name="Tries">The tries.</param>
/// <param name="Latency">From the first request to the end of the last.</param>
/// <param name="NobodyAnswered">Whether no question at all was answered in that time.</param>
internal readonly record struct Outcome<T>(Attempt<T> Last, Tries Tries, TimeSpan Latency, bool NobodyAnswered)
{
    /// <summary>What tries that came to nothing have cost, as far as the server reported it.</summary>
    public Usage Spent { get; init; }
}

/// <summary>
/// Sends a request until it is answered or its tries run out: a permit of the adaptive limit and a time limit per
/// request, jittered exponential back-off between them, <c>Retry-After</c> honoured. A permit is not held while waiting.
/// </summary>
internal sealed class RequestEngine<T>
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    // So many times the tries are granted to who is throttled while others are answered: that is a queue, and being in it costs nothing.
    private const int WhileOthersAreAnswered = 3;
    private static readonly ResiliencePropertyKey<Call> CallKey = new("tribunal.call");

    private readonly EndpointState _state;
    private readonly TimeSpan _timeout;
    private readonly ResiliencePipeline<Attempt<T>> _pipeline;

    public RequestEngine(EndpointState state, TimeSpan timeout, int tries)
    {
        _state = state;
        _timeout = timeout;
        var builder = new ResiliencePipelineBuilder<Attempt<T>> { TimeProvider = state.Time };
        if (tries > 1)
        {
            builder.AddRetry(new RetryStrategyOptions<Attempt<T>>
            {
                MaxRetryAttempts = (WhileOthersAreAnswered * tries) - 1,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = state.FirstDelay,
                MaxDelay = LongestDelay,
                Randomizer = state.Jitter,
                ShouldHandle = args => ValueTask.FromResult(
                    args.Outcome.Result is { Retryable: true } attempt && !state.Outage.Shut && args.Context.Properties.GetValue(CallKey, null!) is { } call
                    && (args.AttemptNumber < tries - 1 || (attempt.Ending == Ending.Throttled && state.LastAnswered > call.Started))),
                DelayGenerator = args => ValueTask.FromResult(WaitAfter(args.Outcome.Result!, args.AttemptNumber)),
                OnRetry = args =>
                {
                    InferenceLog.Retry(state.Logger, state.Name, args.AttemptNumber + 1, args.Outcome.Result!.Ending, args.RetryDelay.TotalMilliseconds, args.Outcome.Result.Detail);
                    return ValueTask.CompletedTask;
                },
            });
        }

        _pipeline = builder.Build();
    }

    /// <summary>Sends.</summary>
    /// <param name="send">Sends one request; throws what its client throws.</param>
    /// <param name="argument">What it is called with.</param>
    /// <param name="cancellationToken">The caller's.</param>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<Outcome<T>> SendAsync<TArgument>(
        Func<TArgument, CancellationToken, Task<Attempt<T>>> send, TArgument argument, CancellationToken cancellationToken)
    {
        var call = new Call();
        ResilienceContext context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(CallKey, call);
        try
        {
            Attempt<T> last = await _pipeline.ExecuteAsync(
                static async (context, state) => await state.Engine.TryAsync(
                    state.Send, state.Argument, context.Properties.GetValue(CallKey, null!), context.CancellationToken),
                context,
                (Engine: this, Send: send, Argument: argument));
            TimeSpan latency = call.Requests == 0 ? TimeSpan.Zero : _state.Time.GetElapsedTime(call.Started, call.Ended);
            return new Outcome<T>(last, call.ToTries(), latency, call.Requests > 0 && _state.LastAnswered <= call.Started) { Spent = call.Spent };
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    // A little more than asked for, each a different bit, so that those sent away together don't come back together. Rates are counted by the
    // minute: where nobody says how long to wait, the usual tries reach over most of one.
    private TimeSpan? WaitAfter(Attempt<T> attempt, int number)
    {
        if (attempt.RetryAfter is { } asked)
        {
            return asked + (_state.FirstDelay * _state.Jitter());
        }

        TimeSpan wait = _state.FirstDelay * (4 << Math.Min(number, 10));
        return attempt.Ending == Ending.Throttled ? (wait > LongestDelay ? LongestDelay : wait) * (0.9 + (0.2 * _state.Jitter())) : null;
    }

    private async Task<Attempt<T>> TryAsync<TArgument>(
        Func<TArgument, CancellationToken, Task<Attempt<T>>> send, TArgument argument, Call call, CancellationToken cancellationToken)
    {
        long permit = await _state.Limit.AcquireAsync(cancellationToken);
        LoadSignal signal = LoadSignal.None;
        try
        {
            if (!_state.Outage.MayTry())
            {
                return new Attempt<T>(Ending.NotSent, Detail: "nothing has answered there for a while");
            }

            if (call.Requests++ == 0)
            {
                call.Started = _state.Time.GetTimestamp();
            }

            Attempt<T> attempt = await LimitedAsync(send, argument, cancellationToken);
            call.Ended = _state.Time.GetTimestamp();
            call.Count(attempt.Ending);
            call.Spent += attempt.Spent;
            attempt = Note(attempt);
            signal = attempt.Ending switch
            {
                Ending.Answered => LoadSignal.Answered,
                Ending.Throttled or Ending.Unavailable or Ending.TimedOut => LoadSignal.Overloaded,
                _ => LoadSignal.None,
            };
            return attempt;
        }
        finally
        {
            if (_state.Limit.Release(permit, signal) is { } lowered)
            {
                InferenceLog.Lowered(_state.Logger, _state.Name, lowered);
            }
        }
    }

    private async Task<Attempt<T>> LimitedAsync<TArgument>(
        Func<TArgument, CancellationToken, Task<Attempt<T>>> send, TArgument argument, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_timeout, _state.Time);
        using CancellationTokenRegistration givenUp = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), limit);
        try
        {
            return await send(argument, limit.Token);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return limit.IsCancellationRequested
                ? new Attempt<T>(Ending.TimedOut, Detail: $"no answer within {_timeout.TotalSeconds:0.###} s") { Cause = exception }
                : Broken(exception);
        }
    }

    private static Attempt<T> Broken(Exception exception)
    {
        for (Exception? inner = exception; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case Azure.Identity.AuthenticationFailedException:
                    return new Attempt<T>(Ending.Rejected, Detail: $"the Azure identity can't sign in: {inner.Message}") { Cause = exception };
                case SocketException socket:
                    return new Attempt<T>(Ending.Reset, Detail: socket.Message) { Cause = exception };
                case HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }:
                    return new Attempt<T>(Ending.Reset, Detail: $"no secure connection: {inner.InnerException?.Message ?? inner.Message}") { Cause = exception };
            }
        }

        if (exception is InvalidDataException)
        {
            return new Attempt<T>(Ending.Malformed, Detail: "the answer is not compressed as its header says, or is cut") { Cause = exception };
        }

        if (exception is IOException or HttpRequestException or OperationCanceledException or TimeoutException or AggregateException
            or Azure.RequestFailedException or System.ClientModel.ClientResultException or ProtocolViolationException)
        {
            return new Attempt<T>(Ending.Reset, Detail: exception.GetBaseException().Message) { Cause = exception };
        }

        System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(exception);
        return null!;
    }

    private Attempt<T> Note(Attempt<T> attempt)
    {
        if (attempt.Ending == Ending.Answered)
        {
            _state.LastAnswered = _state.Time.GetTimestamp();
            _state.Refusals.Answered();
        }
        else if (attempt.Ending == Ending.Refused && _state.Refusals.IsForAll(attempt.Detail ?? "", attempt.Prompt))
        {
            attempt = attempt with { Ending = Ending.Rejected };
        }

        if (attempt.Ending == Ending.Reset)
        {
            if (_state.Outage.Failed())
            {
                InferenceLog.Away(_state.Logger, _state.Name, attempt.Detail);
            }
        }
        else if (attempt.Ending != Ending.TimedOut && _state.Outage.Answered())
        {
            InferenceLog.Back(_state.Logger, _state.Name);
        }

        return attempt;
    }

    private sealed class Call
    {
        public int Requests { get; set; }

        public long Started { get; set; }

        public long Ended { get; set; }

        public Usage Spent { get; set; }

        private int _throttled;
        private int _unavailable;
        private int _reset;
        private int _timedOut;
        private int _malformed;

        public void Count(Ending ending)
        {
            _ = ending switch
            {
                Ending.Throttled => _throttled++,
                Ending.Unavailable => _unavailable++,
                Ending.Reset => _reset++,
                Ending.TimedOut => _timedOut++,
                Ending.Malformed => _malformed++,
                _ => 0,
            };
        }

        public Tries ToTries() => new()
        {
            Requests = Requests,
            Throttled = _throttled,
            Unavailable = _unavailable,
            Reset = _reset,
            TimedOut = _timedOut,
            Malformed = _malformed,
        };
    }
}
