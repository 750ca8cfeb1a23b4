namespace Tribunal.Protocols;

/// <summary>A judge whose endpoint also takes chat requests as a client wrote them.</summary>
public interface IPassThrough
{
    /// <summary>Sends a request on, once; whatever is answered is the client's.</summary>
    /// <param name="body">A chat completion request.</param>
    /// <param name="cancellationToken">The client is gone.</param>
    /// <exception cref="JudgeException">Nothing answers.</exception>
    Task<PassedAnswer> PassAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken);
}

/// <summary>An answer on its way through. Dispose it to free its connection.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="contentType">Its type; null where the endpoint says none.</param>
/// <param name="retryAfter">The header <c>Retry-After</c>; null where there is none.</param>
/// <param name="body">What is still to be read.</param>
/// <param name="owner">Freed with it.</param>
public sealed class PassedAnswer(int status, string? contentType, string? retryAfter, Stream body, IDisposable owner) : IDisposable
{
    /// <summary>The HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>Its type.</summary>
    public string? ContentType { get; } = contentType;

    /// <summary>The header <c>Retry-After</c>.</summary>
    public string? RetryAfter { get; } = retryAfter;

    /// <summary>What is still to be read.</summary>
    public Stream Body { get; } = body;

    /// <inheritdoc/>
    public void Dispose() => owner.Dispose();
}
