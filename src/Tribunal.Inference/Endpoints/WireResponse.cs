using Tribunal.Inference.Chat;

namespace Tribunal.Inference.Endpoints;

/// <summary>An answer whose body is still to be read. Dispose it to free its connection.</summary>
internal sealed class WireResponse(int status, Stream? body, IDisposable owner, string? contentType, string? retryAfter, long? length) : IDisposable
{
    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>The body.</summary>
    public Stream Body => body ?? Stream.Null;

    /// <summary>Its type.</summary>
    public string? ContentType => contentType;

    /// <summary>The header <c>Retry-After</c>.</summary>
    public string? RetryAfter => retryAfter;

    /// <summary>The header <c>retry-after-ms</c>, which OpenAI and Azure send beside it.</summary>
    public string? RetryAfterMs { get; init; }

    /// <summary>The header <c>Location</c>.</summary>
    public string? Location { get; init; }

    /// <summary>The body's length, where the header gives it.</summary>
    public long? Length => length;

    /// <inheritdoc/>
    public void Dispose()
    {
        body?.Dispose();
        owner.Dispose();
    }
}
