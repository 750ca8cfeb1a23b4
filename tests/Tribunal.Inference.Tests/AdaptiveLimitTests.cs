using CsCheck;
using Tribunal.Inference.Resilience;

namespace Tribunal.Inference.Tests;

public sealed class AdaptiveLimitTests
{
    [Fact]
    public async Task It_starts_at_the_maximum_and_never_passes_it()
    {
        var limit = new AdaptiveLimit(3);
        long[] permits = [await limit.AcquireAsync(default), await limit.AcquireAsync(default), await limit.AcquireAsync(default)];
        ValueTask<long> fourth = limit.AcquireAsync(default);
        Assert.False(fourth.IsCompleted);
        limit.Release(permits[0], LoadSignal.Answered);
        Assert.Equal(3, await fourth);
        Assert.Equal(3, limit.Current);
    }

    [Fact]
    public async Task A_round_of_failures_lowers_it_once_and_answers_raise_it_by_one_a_round()
    {
        var limit = new AdaptiveLimit(64);
        await Round(limit, LoadSignal.Overloaded);
        Assert.Equal(48, limit.Current);
        await Round(limit, LoadSignal.Overloaded);
        Assert.Equal(36, limit.Current);
        await Round(limit, LoadSignal.Answered);
        Assert.Equal(36, limit.Current);
        await Round(limit, LoadSignal.Answered);
        Assert.InRange(limit.Current, 37, 38);
        for (int i = 0; i < 100; i++)
        {
            await Round(limit, LoadSignal.Overloaded);
        }

        Assert.Equal(4, limit.Current);
        for (int i = 0; i < 200; i++)
        {
            await Round(limit, LoadSignal.Answered);
        }

        Assert.Equal(64, limit.Current);
    }

    [Fact]
    public async Task An_idle_endpoint_earns_no_higher_limit()
    {
        var limit = new AdaptiveLimit(64);
        await Round(limit, LoadSignal.Overloaded);
        for (int i = 0; i < 1000; i++)
        {
            limit.Release(await limit.AcquireAsync(default), LoadSignal.Answered);
        }

        Assert.Equal(48, limit.Current);
    }

    [Fact]
    public async Task First_come_first_served_and_those_who_leave_are_passed_over()
    {
        var limit = new AdaptiveLimit(1);
        long held = await limit.AcquireAsync(default);
        using var source = new CancellationTokenSource();
        Task<long> first = limit.AcquireAsync(default).AsTask();
        Task<long> leaving = limit.AcquireAsync(source.Token).AsTask();
        Task<long> third = limit.AcquireAsync(default).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        limit.Release(held, LoadSignal.None);
        long permit = await first;
        Assert.False(third.IsCompleted);
        limit.Release(permit, LoadSignal.None);
        limit.Release(await third, LoadSignal.None);
        Assert.Equal(0, limit.Held);
    }

    [Fact]
    public async Task Cancelled_before_asking_is_cancelled()
    {
        var limit = new AdaptiveLimit(1);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await limit.AcquireAsync(new CancellationToken(canceled: true)));
        Assert.Equal(0, limit.Held);
    }

    /// <summary>Any sequence of asking, leaving and giving back: no permit too many, none lost, and order kept.</summary>
    [Fact]
    public void Any_sequence_keeps_the_books() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 99].Array[1, 300]).Sample((maximum, steps) =>
        {
            var limit = new AdaptiveLimit(maximum);
            var held = new List<long>();
            var waiting = new List<(Task<long> Turn, CancellationTokenSource Leave)>();
            foreach (int step in steps)
            {
                if (step < 50)
                {
                    var leave = new CancellationTokenSource();
                    waiting.Add((limit.AcquireAsync(leave.Token).AsTask(), leave));
                }
                else if (step < 60 && waiting.Count > 0)
                {
                    // Completed synchronously, so the book-keeping below sees it.
                    waiting[step % waiting.Count].Leave.Cancel();
                }
                else if (held.Count > 0)
                {
                    int which = step % held.Count;
                    limit.Release(held[which], (LoadSignal)(step % 3));
                    held.RemoveAt(which);
                }

                SpinWait.SpinUntil(() => held.Count + waiting.Count(static w => w.Turn.IsCompletedSuccessfully) >= limit.Held, TimeSpan.FromMinutes(2));
                bool stillWaiting = false;
                foreach ((Task<long> turn, CancellationTokenSource leave) in waiting.ToArray())
                {
                    if (turn.IsCompletedSuccessfully)
                    {
                        // Nobody overtakes one who came earlier and is still there.
                        Assert.False(stillWaiting);
                        held.Add(turn.Result);
                        waiting.Remove((turn, leave));
                    }
                    else if (leave.IsCancellationRequested)
                    {
                        waiting.Remove((turn, leave));
                    }
                    else
                    {
                        stillWaiting = true;
                    }
                }

                Assert.Equal(limit.Held, held.Count);
                Assert.InRange(limit.Current, 1, maximum);
                Assert.True(held.Count <= maximum);
                Assert.True(waiting.Count == 0 || held.Count >= limit.Current);
            }

            Assert.Equal(held.Count, held.Distinct().Count());
        }, iter: 300);

    private static async Task Round(AdaptiveLimit limit, LoadSignal signal)
    {
        var permits = new List<long>();
        for (int i = limit.Current; i > 0; i--)
        {
            permits.Add(await limit.AcquireAsync(default));
        }

        // What comes back makes room for the next, as under load.
        for (int i = 0; i < permits.Count; i++)
        {
            limit.Release(permits[i], signal);
            if (signal == LoadSignal.Answered)
            {
                permits[i] = await limit.AcquireAsync(default);
            }
        }

        foreach (long permit in signal == LoadSignal.Answered ? permits : [])
        {
            limit.Release(permit, LoadSignal.None);
        }
    }
}
