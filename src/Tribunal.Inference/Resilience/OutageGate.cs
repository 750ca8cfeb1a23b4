namespace Tribunal.Inference.Resilience;

/// <summary>
/// Remembers whether an endpoint is away. When nothing has answered for <paramref name="after"/> while requests kept
/// failing to reach it, the gate is shut: callers fail at once instead of each going through all its tries, save one
/// request per <see cref="ProbeEvery"/> that looks whether it is back. Any answer, a refusal included, opens it.
/// </summary>
internal sealed class OutageGate(TimeProvider time, TimeSpan after)
{
    private readonly Lock _lock = new();
    private long? _awaySince;
    private long _lastProbe;
    private bool _shut;
    private int _failing;

    /// <summary>The time between two requests that look whether the endpoint is back.</summary>
    public static TimeSpan ProbeEvery { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether the endpoint counts as away.</summary>
    public bool Shut => Volatile.Read(ref _shut);

    /// <summary>Whether a request may be sent now.</summary>
    public bool MayTry()
    {
        if (!Shut)
        {
            return true;
        }

        lock (_lock)
        {
            if (!_shut || time.GetElapsedTime(_lastProbe) >= ProbeEvery)
            {
                _lastProbe = time.GetTimestamp();
                return true;
            }

            return false;
        }
    }

    /// <summary>The endpoint answered something.</summary>
    /// <returns>Whether it had been away.</returns>
    public bool Answered()
    {
        // The usual case takes no lock: a stale read only delays a reset that the next answer brings.
        if (!Shut && Volatile.Read(ref _failing) == 0)
        {
            return false;
        }

        lock (_lock)
        {
            bool was = _shut;
            _awaySince = null;
            Volatile.Write(ref _failing, 0);
            Volatile.Write(ref _shut, false);
            return was;
        }
    }

    /// <summary>A request could not reach the endpoint.</summary>
    /// <returns>Whether this shut the gate.</returns>
    public bool Failed()
    {
        lock (_lock)
        {
            long now = time.GetTimestamp();
            Volatile.Write(ref _failing, 1);
            _awaySince ??= now;
            if (_shut || time.GetElapsedTime(_awaySince.Value, now) < after)
            {
                return false;
            }

            _lastProbe = now;
            Volatile.Write(ref _shut, true);
            return true;
        }
    }
}
