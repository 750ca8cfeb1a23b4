using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Tribunal.Simulator.Serving;

/// <summary>Reads requests and writes answers.</summary>
internal static class Exchange
{
    public static Task WarmingAsync(HttpContext context) => ErrorAsync(context, 503, "The model is still loading.");

    /// <summary>Answers with an error in the form of the servers that are played.</summary>
    public static Task ErrorAsync(HttpContext context, int status, string message) =>
        SendAsync(context, status, "application/json", Bodies.Error(message, ErrorType(status), status));

    private static string ErrorType(int status) => status switch
    {
        401 => "AuthenticationError",
        404 => "NotFoundError",
        429 => "RateLimitError",
        >= 500 => "ServiceUnavailableError",
        _ => "BadRequestError",
    };

    /// <summary>Answers with a body in one piece.</summary>
    public static async Task SendAsync(HttpContext context, int status, string? type, ReadOnlyMemory<byte> body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        context.Response.BodyWriter.Write(body.Span);
        await context.Response.BodyWriter.FlushAsync(CancellationToken.None);
    }

    /// <summary>Reads a request's body to its end.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }

    /// <summary>Whether a request presents a key, in either header.</summary>
    public static bool Presents(HttpRequest request, string key)
    {
        string sent = request.Headers.Authorization.ToString();
        return Same(sent.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? sent[7..] : "", key) || Same(request.Headers["api-key"].ToString(), key);
    }

    private static bool Same(string sent, string key) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), Encoding.UTF8.GetBytes(key));
}
