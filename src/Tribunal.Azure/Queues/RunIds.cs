using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Azure.Queues;

/// <summary>Names of runs that nobody named: derived from what they are, so that the same request twice is one run.</summary>
public static class RunIds
{
    private const int StemLength = 40;

    /// <summary>The run of a request without one.</summary>
    public static string For(EvaluationRequest request) =>
        Named(request.Batch, JsonSerializer.SerializeToUtf8Bytes(request with { Output = null, RetryFailed = false }, AzureJson.Default.EvaluationRequest));

    /// <summary>The run of an upload: one per content.</summary>
    public static string ForUpload(string path, string url, string eTag) => Named(path, Encoding.UTF8.GetBytes($"{url}\n{eTag}"));

    private static string Named(string path, ReadOnlySpan<byte> identity)
    {
        string file = path[(path.LastIndexOf('/') + 1)..];
        int dot = file.IndexOf('.', StringComparison.Ordinal);
        string stem = new([.. (dot > 0 ? file[..dot] : file)
            .Where(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_').SkipWhile(static c => c is '-' or '_').Take(StemLength)]);
        return $"{(stem.Length > 0 ? stem : "run")}-{Convert.ToHexStringLower(SHA256.HashData(identity).AsSpan(0, 6))}";
    }
}
