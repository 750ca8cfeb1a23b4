using System.Diagnostics;
using Azure.Core;
using Azure.Core.Pipeline;
using Tribunal.Protocols;

namespace Tribunal.Benchmarks.Azure;

internal sealed record Figures(TimeSpan Elapsed, long PeakMiB);

/// <summary>Measures work of this process.</summary>
internal static class Measured
{
    /// <summary>Its time, and the most managed memory while it lasts.</summary>
    public static async Task<Figures> RunAsync(Func<Task> work)
    {
        GC.Collect();
        long peak = 0;
        using CancellationTokenSource ended = new();
        Task watching = Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false));
                await Task.Delay(20);
            }
        });
        Stopwatch clock = Stopwatch.StartNew();
        await work();
        TimeSpan elapsed = clock.Elapsed;
        await ended.CancelAsync();
        await watching;
        return new Figures(elapsed, peak / (1024 * 1024));
    }
}

internal sealed class Slow(IJudge inner, TimeSpan latency) : IJudge
{
    public string Name => inner.Name;

    public async Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
    {
        if (latency > TimeSpan.Zero)
        {
            await Task.Delay(latency, cancellationToken);
        }

        return await inner.AskAsync(question, cancellationToken);
    }

    public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => inner.CheckHealthAsync(cancellationToken);
}

/// <summary>Counts what goes over the wire.</summary>
internal sealed class Counter : HttpPipelineSynchronousPolicy
{
    private readonly Dictionary<string, long> _kinds = new(StringComparer.Ordinal);

    public long Requests { get; private set; }

    public long Sent { get; private set; }

    public long Received { get; private set; }

    public IReadOnlyDictionary<string, long> Kinds => _kinds;

    public void Reset()
    {
        lock (_kinds)
        {
            (Requests, Sent, Received) = (0, 0, 0);
            _kinds.Clear();
        }
    }

    public override void OnReceivedResponse(HttpMessage message)
    {
        string query = message.Request.Uri.Query;
        int comp = query.IndexOf("comp=", StringComparison.Ordinal);
        string kind = $"{message.Request.Method.Method} {(comp >= 0 ? query[(comp + 5)..].Split('&')[0] : "blob")}";
        long sent = message.Request.Content?.TryComputeLength(out long length) == true ? length : 0;
        lock (_kinds)
        {
            Requests++;
            Sent += sent;
            Received += message.Response.Headers.ContentLength ?? 0;
            _kinds[kind] = _kinds.GetValueOrDefault(kind) + 1;
        }
    }
}
