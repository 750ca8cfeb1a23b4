using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Tribunal.Functions.Triggers;

/// <summary>Bodies of requests, under limits of our own: the server's would end larger ones at 30,000,000 bytes without an answer of ours.</summary>
internal static class RequestBody
{
    /// <summary>Lets a body be as long as <paramref name="most"/> bytes, or of any length.</summary>
    public static void Allow(HttpRequest request, long? most)
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = most;
        }
    }

    /// <summary>Reads a body of at most <paramref name="most"/> bytes; null when it is larger.</summary>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int most, CancellationToken cancellationToken)
    {
        Allow(request, null);
        if (request.ContentLength > most)
        {
            return null;
        }

        using MemoryStream body = new();
        byte[] buffer = new byte[64 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await body.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            if (body.Length > most)
            {
                return null;
            }
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
