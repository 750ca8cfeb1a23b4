namespace Tribunal.Infra.Compute;

/// <summary>A container image's name, in its parts.</summary>
/// <param name="Host">The registry; null: the deployment's own.</param>
/// <param name="Repository">The path inside it.</param>
/// <param name="Tag">The tag; null: none is said.</param>
/// <param name="Digest">What is in it, <c>sha256:…</c>; null: whatever the tag points at when a replica starts.</param>
public sealed record ImageReference(string? Host, string Repository, string? Tag, string? Digest)
{
    /// <summary>Reads <c>[host/]repository[:tag][@digest]</c>.</summary>
    /// <exception cref="ArgumentException">It is no image's name.</exception>
    public static ImageReference Parse(string text)
    {
        string[] parts = text.Split('@', 2);
        int slash = parts[0].IndexOf('/', StringComparison.Ordinal);
        // A host has a dot or a port; `team/judge` has none and is a path.
        string? host = slash > 0 && parts[0][..slash].AsSpan().ContainsAny('.', ':') ? parts[0][..slash] : null;
        string rest = host is null ? parts[0] : parts[0][(slash + 1)..];
        int colon = rest.LastIndexOf(':');
        string repository = colon < 0 ? rest : rest[..colon];
        string? digest = parts.Length == 2 ? parts[1] : null;
        return repository.Length > 0 && !repository.Contains(' ', StringComparison.Ordinal) && (digest is null || digest is ['s', 'h', 'a', '2', '5', '6', ':', ..] && digest.Length == 71)
            ? new ImageReference(host, repository, colon < 0 ? null : rest[(colon + 1)..], digest)
            : throw new ArgumentException($"image: '{text}' is not [host/]repository[:tag][@sha256:…]");
    }

    /// <summary>The name with a host.</summary>
    /// <param name="host">Where it is pulled from.</param>
    public string On(string host) => $"{host}/{Repository}{(Digest is null ? $":{Tag ?? "latest"}" : $"@{Digest}")}";
}
