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
        ReadOnlySpan<char> file = path.AsSpan(path.LastIndexOf('/') + 1);
        int dot = file.IndexOf('.');
        StringBuilder stem = new(StemLength);
        foreach (char c in dot > 0 ? file[..dot] : file)
        {
            if (stem.Length < StemLength && (char.IsAsciiLetterOrDigit(c) || (stem.Length > 0 && c is '-' or '_')))
            {
                stem.Append(c);
            }
        }

        return $"{(stem.Length > 0 ? stem : "run")}-{Convert.ToHexStringLower(SHA256.HashData(identity).AsSpan(0, 6))}";
    }
}
