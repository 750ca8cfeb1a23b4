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
/// <param name="Status">The HTTP status.</param>
/// <param name="ContentType">Its type; null where the endpoint says none.</param>
/// <param name="RetryAfter">The header <c>Retry-After</c>; null where there is none.</param>
/// <param name="Body">What is still to be read.</param>
/// <param name="Owner">Freed with it.</param>
public sealed record PassedAnswer(int Status, string? ContentType, string? RetryAfter, Stream Body, IDisposable Owner) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Owner.Dispose();
}
