namespace Tribunal.Inference.Resilience;

/// <summary>
/// How many requests may be under way at an endpoint: additive increase (one more per round of answers), multiplicative
/// decrease (× 0.75, once per round however many fail in it). Permits are given first come, first served; each one that
/// comes back lets at most the next ones in, so nothing stampedes. Safe for concurrent use.
/// </summary>
/// <param name="maximum">The limit at the start and at most.</param>
internal sealed class AdaptiveLimit(int maximum)
{
    private const double Decrease = 0.75;

    // Below this an endpoint that fails at random, not under load, would be starved for no gain.
    private readonly double _minimum = Math.Max(1, maximum / 16);
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiters = [];
    private double _limit = maximum;
    private int _held;
    private long _issued;
    private long _round;

    /// <summary>The limit at this moment.</summary>
    public int Current
    {
        get
        {
            lock (_lock)
            {
                return (int)_limit;
            }
        }
    }

    /// <summary>Permits given and not yet back.</summary>
    public int Held
    {
        get
        {
            lock (_lock)
            {
                return _held;
            }
        }
    }

    /// <summary>A permit, once it is this caller's turn; give it back exactly once.</summary>
    /// <exception cref="OperationCanceledException">Cancelled before its turn; nothing needs to be given back.</exception>
    public ValueTask<long> AcquireAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<long>(cancellationToken);
        }

        Waiter waiter;
        lock (_lock)
        {
            if (_waiters.Count == 0 && _held < (int)_limit)
            {
                _held++;
                return ValueTask.FromResult(_issued++);
            }

            waiter = new Waiter();
            waiter.Node = _waiters.AddLast(waiter);
        }

        return WaitAsync(waiter, cancellationToken);
    }

    /// <summary>Gives a permit back.</summary>
    /// <param name="permit">What <see cref="AcquireAsync"/> returned.</param>
    /// <param name="signal">What the request says of the endpoint's load.</param>
    /// <returns>The new limit when this lowered it, else null.</returns>
    public int? Release(long permit, LoadSignal signal)
    {
        lock (_lock)
        {
            int? lowered = null;
            if (signal == LoadSignal.Answered && _held * 2 >= _limit)
            {
                _limit = Math.Min(maximum, _limit + (1 / _limit));
            }
            else if (signal == LoadSignal.Overloaded && permit >= _round)
            {
                // Requests that were already under way tell nothing about the new limit.
                _round = _issued;
                int before = (int)_limit;
                _limit = Math.Max(_minimum, _limit * Decrease);
                lowered = (int)_limit < before ? (int)_limit : null;
            }

            _held--;
            while (_held < (int)_limit && _waiters.First is { } next)
            {
                _waiters.RemoveFirst();
                next.Value.Node = null;
                _held++;
                next.Value.Turn.SetResult(_issued++);
            }

            return lowered;
        }
    }

    private async ValueTask<long> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        await using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                (AdaptiveLimit limit, Waiter waiter) = ((AdaptiveLimit, Waiter))state!;
                lock (limit._lock)
                {
                    if (waiter.Node is not { } node)
                    {
                        return;
                    }

                    limit._waiters.Remove(node);
                    waiter.Node = null;
                }

                waiter.Turn.SetCanceled(token);
            },
            (this, waiter));
        return await waiter.Turn.Task;
    }

    private sealed class Waiter
    {
        public TaskCompletionSource<long> Turn { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LinkedListNode<Waiter>? Node { get; set; }
    }
}

/// <summary>What the end of a request says of the endpoint's load.</summary>
internal enum LoadSignal
{
    /// <summary>Nothing: cancelled, refused, broken.</summary>
    None,

    /// <summary>It keeps up.</summary>
    Answered,

    /// <summary>429, 503 or the time limit.</summary>
    Overloaded,
}
