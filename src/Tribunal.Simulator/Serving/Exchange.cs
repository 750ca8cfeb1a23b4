using System.Buffers;
using System.IO.Hashing;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tribunal.Simulator.Serving;

/// <summary>Reads requests and writes answers.</summary>
internal static class Exchange
{
    [ThreadStatic]
    private static ArrayBufferWriter<byte>? t_buffer;

    public static Task WarmingAsync(HttpContext context) => ErrorAsync(context, 503, "The model is still loading.");

    /// <summary>Answers with an error in the form of the servers that are played.</summary>
    public static Task ErrorAsync(HttpContext context, int status, string message) =>
        SendAsync(context, status, "application/json", to => Bodies.Error(to, message, ErrorType(status), status));

    private static string ErrorType(int status) => status switch
    {
        401 => "AuthenticationError",
        404 => "NotFoundError",
        429 => "RateLimitError",
        >= 500 => "ServiceUnavailableError",
        _ => "BadRequestError",
    };

    /// <summary>Answers with a body in one piece.</summary>
    public static async Task SendAsync(HttpContext context, int status, string? type, Action<IBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> body = Buffer();
        write(body);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.WrittenCount;
        context.Response.BodyWriter.Write(body.WrittenSpan);
        await context.Response.BodyWriter.FlushAsync(CancellationToken.None);
    }

    /// <summary>A buffer that is this thread's until the next await.</summary>
    public static ArrayBufferWriter<byte> Buffer()
    {
        ArrayBufferWriter<byte> buffer = t_buffer ??= new ArrayBufferWriter<byte>(8192);
        buffer.ResetWrittenCount();
        return buffer;
    }

    /// <summary>Reads a request's body to its end.</summary>
    public static async ValueTask<ReadResult> ReadBodyAsync(HttpContext context)
    {
        PipeReader reader = context.Request.BodyReader;
        while (true)
        {
            ReadResult body = await reader.ReadAsync(context.RequestAborted);
            if (body.IsCompleted)
            {
                return body;
            }

            reader.AdvanceTo(body.Buffer.Start, body.Buffer.End);
        }
    }

    /// <summary>Tells bodies apart.</summary>
    public static ulong Hash(ReadOnlySequence<byte> body)
    {
        var hash = new XxHash64();
        foreach (ReadOnlyMemory<byte> part in body)
        {
            hash.Append(part.Span);
        }

        return hash.GetCurrentHashAsUInt64();
    }

    /// <summary>Whether a request presents a key, in either header.</summary>
    public static bool Presents(HttpRequest request, string key)
    {
        string sent = request.Headers.Authorization.ToString();
        return Same(sent.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? sent[7..] : "", key) || Same(request.Headers["api-key"].ToString(), key);
    }

    private static bool Same(string sent, string key) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), Encoding.UTF8.GetBytes(key));
}
