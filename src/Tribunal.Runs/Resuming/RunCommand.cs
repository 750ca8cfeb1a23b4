using Tribunal.Runs.Judges;

namespace Tribunal.Runs.Resuming;

/// <summary>
/// The command line that a run was last worked on with: <c>command.json</c> beside it. It holds names of environment variables, never
/// what they hold; an address that could hold a secret is not written at all.
/// </summary>
public sealed record RunCommand
{
    /// <summary>The arguments after the tool's own name, the command first.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The folder that relative paths start from.</summary>
    public required string Folder { get; init; }

    /// <summary>The judge's prices, where they were given.</summary>
    public TokenPrice? Price { get; init; }

    /// <summary>Whether any argument is an address with a user, a password or a query.</summary>
    public bool MayHoldSecret() => Arguments.Any(static argument =>
        Uri.TryCreate(argument[(argument.IndexOf('=', StringComparison.Ordinal) is var at && argument.StartsWith("--", StringComparison.Ordinal) && at > 0 ? at + 1 : 0)..], UriKind.Absolute, out Uri? address)
        && address.Scheme is "http" or "https" && (address.UserInfo.Length > 0 || address.Query.Length > 0));
}
