using Azure.Core;
using Azure.Core.Pipeline;
using Tribunal.Protocols;

namespace Tribunal.Benchmarks.Azure;

internal sealed record Figures(TimeSpan Elapsed, long PeakMiB);

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
