using System.Text.Json.Serialization;
using Tribunal.Judgements;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Serving;

/// <summary>What a simulator counted since its start, as <c>/stats</c> gives it.</summary>
public sealed record SimulatorStats
{
    /// <summary>Chat completions.</summary>
    public required EndpointStats Judge { get; init; }

    /// <summary>Meta rewards, generative ones included.</summary>
    public required EndpointStats Meta { get; init; }

    /// <summary>Judgements asked for, each counted once however often it was asked for.</summary>
    public required long DistinctJudgements { get; init; }

    /// <summary>Judgements whose answer was sent whole at least once.</summary>
    public required long DistinctAnswered { get; init; }

    /// <summary>Whole answers that held a verdict.</summary>
    public required long Verdicts { get; init; }

    /// <summary>Whole answers whose verdict can't be read.</summary>
    public required long Garbage { get; init; }

    /// <summary>Whole answers that declined.</summary>
    public required long Refused { get; init; }

    /// <summary>Whole answers that the token budget cut off.</summary>
    public required long Truncated { get; init; }

    /// <summary>Whole answers to prompts that called for no judgement.</summary>
    public required long Chat { get; init; }

    /// <summary>Whole answers that were streamed.</summary>
    public required long Streamed { get; init; }

    /// <summary>Meta rewards sent.</summary>
    public required long MetaRewards { get; init; }

    /// <summary>The most requests that were in work at the same time.</summary>
    public required int PeakConcurrency { get; init; }
}

/// <summary>What one kind of endpoint counted. Every request ends in exactly one of the counts below it.</summary>
public sealed record EndpointStats
{
    /// <summary>Requests that arrived.</summary>
    public required long Requests { get; init; }

    /// <summary>Answered, and sent whole.</summary>
    public required long Answered { get; init; }

    /// <summary>Refused with a 4xx other than 429: a request that is malformed, too long, or without the key.</summary>
    public required long Rejected { get; init; }

    /// <summary>429, by fault or because the line was full.</summary>
    public required long TooManyRequests { get; init; }

    /// <summary>503, by fault.</summary>
    public required long Unavailable { get; init; }

    /// <summary>503, because the server was still starting.</summary>
    public required long Warming { get; init; }

    /// <summary>Connections reset before anything was sent.</summary>
    public required long Resets { get; init; }

    /// <summary>Connections reset in the middle of the answer.</summary>
    public required long ResetsMidBody { get; init; }

    /// <summary>Requests that hung.</summary>
    public required long Hangs { get; init; }

    /// <summary>Bodies that were no answer.</summary>
    public required long GarbageBodies { get; init; }

    /// <summary>Requests that the client gave up before they were answered.</summary>
    public required long Abandoned { get; init; }

    /// <summary>Prompt tokens of the answers that were sent whole.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Generated tokens of the answers that were sent whole.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>All faults that were played.</summary>
    [JsonIgnore]
    public long Faults => TooManyRequests + Unavailable + Resets + ResetsMidBody + Hangs + GarbageBodies;
}

/// <summary>Source-generated JSON of the counts.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(SimulatorStats))]
public sealed partial class SimulatorJson : JsonSerializerContext;

/// <summary>How a request ended.</summary>
internal enum Ending
{
    Answered,
    Rejected,
    TooManyRequests,
    Unavailable,
    Warming,
    Reset,
    ResetMidBody,
    Hung,
    GarbageBody,
    Abandoned,
}

/// <summary>Counts requests and answers. Safe for concurrent use.</summary>
internal sealed class Counter
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, (int Attempts, bool Answered)> _judgements = [];
    private readonly Dictionary<ulong, int> _others = [];
    private readonly EndpointCounter _judge = new();
    private readonly EndpointCounter _meta = new();
    private readonly long[] _kinds = new long[Enum.GetValues<AnswerKind>().Length];
    private long _answered;
    private long _streamed;
    private long _metaRewards;
    private int _working;
    private int _peak;

    public EndpointCounter Of(bool meta) => meta ? _meta : _judge;

    /// <summary>Notes an arrival and tells how many there were before it.</summary>
    public int Attempt(ulong key, bool meta)
    {
        lock (_lock)
        {
            if (meta)
            {
                int before = _others.GetValueOrDefault(key);
                _others[key] = before + 1;
                return before;
            }

            (int attempts, bool answered) = _judgements.GetValueOrDefault(key);
            _judgements[key] = (attempts + 1, answered);
            return attempts;
        }
    }

    public void Answered(SimulatedAnswer answer, bool streamed)
    {
        _judge.End(Ending.Answered);
        _judge.Tokens(answer.Usage);
        Interlocked.Increment(ref _kinds[(int)answer.Kind]);
        if (streamed)
        {
            Interlocked.Increment(ref _streamed);
        }

        lock (_lock)
        {
            (int attempts, bool answered) = _judgements.GetValueOrDefault(answer.Key);
            if (!answered)
            {
                _judgements[answer.Key] = (attempts, true);
                _answered++;
            }
        }
    }

    public void AnsweredMeta(int rewards, Usage usage)
    {
        _meta.End(Ending.Answered);
        _meta.Tokens(usage);
        Interlocked.Add(ref _metaRewards, rewards);
    }

    public void Enter()
    {
        int working = Interlocked.Increment(ref _working);
        int peak = Volatile.Read(ref _peak);
        while (working > peak && Interlocked.CompareExchange(ref _peak, working, peak) is int seen && seen != peak)
        {
            peak = seen;
        }
    }

    public void Leave() => Interlocked.Decrement(ref _working);

    public SimulatorStats Snapshot()
    {
        long distinct;
        long answered;
        lock (_lock)
        {
            distinct = _judgements.Count;
            answered = _answered;
        }

        return new SimulatorStats
        {
            Judge = _judge.Snapshot(),
            Meta = _meta.Snapshot(),
            DistinctJudgements = distinct,
            DistinctAnswered = answered,
            Verdicts = Kind(AnswerKind.Verdict),
            Garbage = Kind(AnswerKind.Garbage),
            Refused = Kind(AnswerKind.Refused),
            Truncated = Kind(AnswerKind.Truncated),
            Chat = Kind(AnswerKind.Chat),
            Streamed = Interlocked.Read(ref _streamed),
            MetaRewards = Interlocked.Read(ref _metaRewards),
            PeakConcurrency = Volatile.Read(ref _peak),
        };
    }

    private long Kind(AnswerKind kind) => Interlocked.Read(ref _kinds[(int)kind]);
}

/// <summary>Counts the requests of one kind of endpoint.</summary>
internal sealed class EndpointCounter
{
    private readonly long[] _endings = new long[Enum.GetValues<Ending>().Length];
    private long _requests;
    private long _input;
    private long _output;

    public void Arrive() => Interlocked.Increment(ref _requests);

    public void End(Ending ending) => Interlocked.Increment(ref _endings[(int)ending]);

    public void Tokens(Usage usage)
    {
        Interlocked.Add(ref _input, usage.Input);
        Interlocked.Add(ref _output, usage.Output);
    }

    public EndpointStats Snapshot() => new()
    {
        Requests = Interlocked.Read(ref _requests),
        Answered = Count(Ending.Answered),
        Rejected = Count(Ending.Rejected),
        TooManyRequests = Count(Ending.TooManyRequests),
        Unavailable = Count(Ending.Unavailable),
        Warming = Count(Ending.Warming),
        Resets = Count(Ending.Reset),
        ResetsMidBody = Count(Ending.ResetMidBody),
        Hangs = Count(Ending.Hung),
        GarbageBodies = Count(Ending.GarbageBody),
        Abandoned = Count(Ending.Abandoned),
        InputTokens = Interlocked.Read(ref _input),
        OutputTokens = Interlocked.Read(ref _output),
    };

    private long Count(Ending ending) => Interlocked.Read(ref _endings[(int)ending]);
}
