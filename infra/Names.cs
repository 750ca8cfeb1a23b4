using System.Security.Cryptography;
using System.Text;

namespace Tribunal.Infra;

/// <summary>
/// Names of resources: valid for any stack name, and another stack's or subscription's are others. They are derived, not
/// random, so that a stack that is destroyed and made again keeps its addresses.
/// </summary>
/// <param name="stack">The stack's name: any text.</param>
/// <param name="subscription">The subscription's id: names of storage, vault, registry and function app are unique in the world.</param>
/// <param name="vaultGeneration">0 to 999: a deleted vault holds its name for days, and for good where it is protected against purging; another generation is another name.</param>
public sealed class Names(string stack, string subscription, int vaultGeneration = 0)
{
    private const int SlugLength = 6;

    /// <summary>What a person recognises: the first letters and digits of the stack's name, at most 6.</summary>
    private string Slug { get; } = SlugOf(stack);

    /// <summary>What makes it unique: 40 bits of a digest, as 10 hex digits.</summary>
    private string Digest { get; } =
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{subscription}/tribunal/{stack}")).AsSpan(0, 5));

    /// <summary>Storage accounts: 3 to 24 lower-case letters and digits, unique in the world.</summary>
    public string DataAccount => $"tbdata{Slug}{Digest}";

    /// <summary>The account of the model weights, by the same rule.</summary>
    public string WeightsAccount => $"tbmod{Slug}{Digest}";

    /// <summary>The account of the model weights in a further region, by the same rule.</summary>
    /// <param name="number">Which: 1 to 9.</param>
    public string WeightsAccountOf(int number) => $"tbmo{number}{Slug}{Digest}";

    /// <summary>Key Vault: 3 to 24 letters, digits and single hyphens, unique in the world.</summary>
    public string Vault => $"kv-{Slug}-{Digest}{(vaultGeneration == 0 ? "" : $"{vaultGeneration}")}";

    /// <summary>Container registry: 5 to 50 letters and digits, unique in the world.</summary>
    public string Registry => $"tbcr{Slug}{Digest}";

    /// <summary>Function app: up to 60 letters, digits and hyphens, unique in the world. Durable hubs are named apart.</summary>
    public string FunctionApp => $"func-tribunal-{Slug}-{Digest}";

    /// <summary>Durable Task Scheduler: 3 to 64 letters, digits and hyphens.</summary>
    public string Scheduler => $"dts-{Slug}-{Digest}";

    /// <summary>Everything that needs to be unique inside the subscription or the group only: <c>kind-slug-digest</c>.</summary>
    /// <param name="kind">A short lower-case word, such as <c>rg</c> or <c>vnet</c>.</param>
    public string Of(string kind) => $"{kind}-{Slug}-{Digest}";

    private static string SlugOf(string stack)
    {
        string kept = new([.. stack.ToLowerInvariant().Where(char.IsAsciiLetterOrDigit).Take(SlugLength)]);
        return kept.Length == 0 ? "stack" : kept;
    }
}
