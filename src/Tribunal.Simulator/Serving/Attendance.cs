using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tribunal.Rollouts;

namespace Tribunal.Simulator.Serving;

/// <summary>What an attempt has drawn.</summary>
internal readonly record struct Turn(EndpointCounter Counter, Ending Fault, TimeSpan Latency, int Variant);

/// <summary>How requests are attended to: each attempt plays the fault that it has drawn, or takes its turn in the line for a slot.</summary>
internal sealed class Attendance(SimulatorOptions options, TimeProvider time, Counter counts) : IDisposable
{
    private const ulong FaultSeed = 1;
    private readonly SemaphoreSlim? _slots = options.Slots > 0 ? new SemaphoreSlim(options.Slots) : null;
    private readonly CancellationTokenSource _stopping = new();
    private int _waiting;

    /// <summary>Lets go of requests that hang.</summary>
    public Task ReleaseAsync() => _stopping.CancelAsync();

    public void Dispose()
    {
        _slots?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Plays the fault that this attempt has drawn, or gives it its turn.</summary>
    public async Task AttendAsync(HttpContext context, ulong key, bool meta, Func<Turn, Task> work)
    {
        EndpointCounter counter = counts.Of(meta);
        int attempt = counts.Attempt(key, meta);
        var random = new SeededRandom(StableHash.Mix(StableHash.Mix(key, FaultSeed), (ulong)attempt));
        var turn = new Turn(counter, Draw(random.NextDouble()), options.Latency + (options.Jitter * random.NextDouble()), random.Next(2));
        switch (turn.Fault)
        {
            case Ending.TooManyRequests:
                await ThrottleAsync(context, counter);
                return;
            case Ending.Unavailable:
                counter.End(Ending.Unavailable);
                await Exchange.ErrorAsync(context, 503, "Service Unavailable");
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
                await Task.Delay(options.HangTime, time, gone.Token);
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
        counts.Enter();
        try
        {
            await work(turn);
        }
        finally
        {
            counts.Leave();
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
            if (Interlocked.Increment(ref _waiting) > options.Queue && options.Queue > 0)
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

    /// <summary>Sends an answer, or half of it. Counted before the last byte leaves, so that a client that has it finds it counted.</summary>
    public static async Task DeliverAsync(HttpContext context, Turn turn, byte[] body, Action count)
    {
        if (turn.Fault != Ending.ResetMidBody)
        {
            context.RequestAborted.ThrowIfCancellationRequested();
            count();
            await Exchange.SendAsync(context, 200, "application/json", body);
            return;
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        context.Response.BodyWriter.Write(body.AsSpan(0, body.Length / 2));
        await BreakOffAsync(context, turn);
    }

    public static async Task BreakOffAsync(HttpContext context, Turn turn)
    {
        turn.Counter.End(Ending.ResetMidBody);
        await context.Response.BodyWriter.FlushAsync(CancellationToken.None);
        context.Abort();
    }

    /// <summary>200 with something that is no answer: a proxy's page, or half a JSON object.</summary>
    public static async Task<bool> GarbledAsync(HttpContext context, Turn turn)
    {
        if (turn.Fault != Ending.GarbageBody)
        {
            return false;
        }

        turn.Counter.End(Ending.GarbageBody);
        bool page = turn.Variant == 0;
        await Exchange.SendAsync(
            context,
            200,
            page ? "text/html" : "application/json",
            Encoding.UTF8.GetBytes(page ? "<html><body><h1>It works!</h1></body></html>" : "{\"id\":\"chatcmpl-0\",\"choices\":[{\"mess"));
        return true;
    }

    private async Task ThrottleAsync(HttpContext context, EndpointCounter counter)
    {
        counter.End(Ending.TooManyRequests);
        context.Response.Headers.RetryAfter = ((long)Math.Ceiling(options.RetryAfter.TotalSeconds)).ToString();
        context.Response.Headers["retry-after-ms"] = ((long)Math.Ceiling(options.RetryAfter.TotalMilliseconds)).ToString();
        await Exchange.ErrorAsync(context, 429, "Too Many Requests");
    }

    private Ending Draw(double roll)
    {
        TransportFaults faults = options.Faults;
        return (roll -= faults.TooManyRequests) < 0 ? Ending.TooManyRequests
            : (roll -= faults.Unavailable) < 0 ? Ending.Unavailable
            : (roll -= faults.Resets) < 0 ? Ending.Reset
            : (roll -= faults.ResetsMidBody) < 0 ? Ending.ResetMidBody
            : (roll -= faults.Hangs) < 0 ? Ending.Hung
            : roll - faults.GarbageBodies < 0 ? Ending.GarbageBody
            : Ending.Answered;
    }
}
