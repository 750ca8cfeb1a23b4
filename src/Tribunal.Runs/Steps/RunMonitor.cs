using System.Collections.Concurrent;
using System.Diagnostics;
using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Summary;

namespace Tribunal.Runs.Steps;

/// <summary>Counts what a run spends and gets in this process, and stops it softly: what is in flight ends, nothing new begins.</summary>
public sealed class RunMonitor
{
    /// <summary>Judgements before the valid rate is looked at.</summary>
    public const int ValidRateAfter = 64;

    private readonly Lock _gate = new();
    private OutcomeCounts _outcomes;
    private long _earlier;
    private Usage _usage;
    private readonly Dictionary<string, Usage> _usages = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Judge, string Protocol), OutcomeCounts> _members = [];
    private readonly HashSet<Question> _asked = [];
    private readonly ReasonSums _reasons = new();
    private Halt? _halt;
    private Halt? _interruption;

    /// <summary>Makes it for a run that nothing stops yet.</summary>
    public RunMonitor()
    {
    }

    /// <summary>Makes it for a later attempt: whoever interrupted the one before meant the run.</summary>
    internal RunMonitor(RunMonitor before) => _halt = _interruption = Volatile.Read(ref before._interruption);

    /// <summary>The stop, once there is one.</summary>
    public Halt? Halt => Volatile.Read(ref _halt);

    /// <summary>Judgements drawn by this process, and how many of them are valid, of one moment.</summary>
    public (long Drawn, long Valid) Counts => Read(static monitor => (monitor._outcomes.Drawn, monitor._outcomes.Valid));

    /// <summary>Judgements that other processes have left in the ledger, as far as they were met.</summary>
    public long Earlier => Read(static monitor => monitor._earlier);

    /// <summary>Tokens, those of other processes included.</summary>
    public Usage Usage => Read(static monitor => monitor._usage);

    /// <summary>What that cost; null where prices are unknown.</summary>
    public double? CostBy(PriceList? prices) => prices is null ? null : Read(monitor => prices.Of(monitor._usages));

    /// <summary>Judges that are asked now, and how long the first of them has been waited for; nothing where none is.</summary>
    public (int Count, TimeSpan Longest)? Waiting => Read(static monitor =>
        monitor._asked.Count == 0 ? ((int, TimeSpan)?)null : (monitor._asked.Count, Stopwatch.GetElapsedTime(monitor._asked.Min(static question => question.Began))));

    /// <summary>Notes that a judge is asked, until what it gives is disposed of.</summary>
    internal IDisposable Asked()
    {
        var question = new Question(this, Stopwatch.GetTimestamp());
        lock (_gate)
        {
            _asked.Add(question);
        }

        return question;
    }

    /// <summary>Asks the run to stop. The first reason stays.</summary>
    public void Stop(Halt halt)
    {
        if (halt.Kind == HaltKind.Interrupted)
        {
            Interlocked.CompareExchange(ref _interruption, halt, null);
        }

        Interlocked.CompareExchange(ref _halt, halt, null);
    }

    /// <summary>Counts what the ledger held before.</summary>
    internal void AddEarlier(Judgement judgement)
    {
        lock (_gate)
        {
            _earlier++;
            Spend(judgement);
        }
    }

    /// <summary>Counts a judgement that was drawn, and stops the run where the valid rate says so.</summary>
    /// <param name="validRateFloor">The share of judgements with a verdict below which the run stops.</param>
    /// <param name="members">Whether each judge of the run has to keep to that by itself: one of several that says nothing is not made up for by the others.</param>
    internal void Add(Judgement judgement, double validRateFloor, bool members = false)
    {
        OutcomeCounts outcomes;
        OutcomeCounts own = default;
        FailureReason? commonest;
        lock (_gate)
        {
            outcomes = _outcomes += OutcomeCounts.Of(judgement);
            Spend(judgement);
            if (members)
            {
                (string, string) member = (judgement.Judge, judgement.Protocol);
                own = _members[member] = _members.GetValueOrDefault(member) + OutcomeCounts.Of(judgement);
            }

            _reasons.Add(judgement);
            commonest = _reasons.Commonest(1)?[0];
        }

        if (own.Drawn >= ValidRateAfter && own.Valid < validRateFloor * own.Drawn)
        {
            Stop(new Halt(HaltKind.ValidRate, $"only {own.Valid} of {own.Drawn} judgements of {judgement.Judge} by {judgement.Protocol}, a member of the panel, have a verdict{(judgement.Why is { } why ? $" (the last: {why})" : "")}; take it out of the panel, or see to its protocol, template or token budget"));
        }
        else if (!members && commonest is not null && outcomes.Drawn >= ValidRateAfter && outcomes.Valid < validRateFloor * outcomes.Drawn)
        {
            Stop(new Halt(HaltKind.ValidRate, $"only {outcomes.Valid} of {outcomes.Drawn} judgements have a verdict (commonest reason, {commonest.Count} times: {commonest.Outcome}: {commonest.Words}); protocol, template or token budget may not fit this judge"));
        }
    }

    // Under the lock.
    private Usage Spend(Judgement judgement)
    {
        _usages[judgement.Judge] = _usages.GetValueOrDefault(judgement.Judge) + judgement.Usage;
        return _usage += judgement.Usage;
    }

    private T Read<T>(Func<RunMonitor, T> value)
    {
        lock (_gate)
        {
            return value(this);
        }
    }

    private sealed class Question(RunMonitor monitor, long began) : IDisposable
    {
        public long Began => began;

        public void Dispose()
        {
            lock (monitor._gate)
            {
                monitor._asked.Remove(this);
            }
        }
    }
}

/// <summary>The monitors of the runs that this process works on.</summary>
public sealed class RunMonitors
{
    private readonly ConcurrentDictionary<string, (RunMonitor Monitor, long Attempt)> _monitors = new(StringComparer.Ordinal);

    /// <summary>The run's monitor: that of the latest attempt, or one that waits for an attempt to begin.</summary>
    public RunMonitor Of(string runId) => _monitors.GetOrAdd(runId, static _ => (new RunMonitor(), 0)).Monitor;

    /// <summary>
    /// The monitor of an attempt. A later attempt than the last begins anew: what stopped or counted before is not its own, but for an
    /// interruption of this process.
    /// </summary>
    public RunMonitor Of(string runId, long attempt) => _monitors.AddOrUpdate(
        runId,
        static (_, attempt) => (new RunMonitor(), attempt),
        static (_, known, attempt) => attempt <= known.Attempt ? known : (known.Attempt == 0 ? known.Monitor : new RunMonitor(known.Monitor), attempt),
        attempt).Monitor;

    /// <summary>Stops every run softly: the host is going down.</summary>
    public void StopAll(Halt halt)
    {
        foreach ((RunMonitor monitor, _) in _monitors.Values)
        {
            monitor.Stop(halt);
        }
    }
}
