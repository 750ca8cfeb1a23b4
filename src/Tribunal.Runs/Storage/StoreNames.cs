using System.Buffers;

namespace Tribunal.Runs.Storage;

/// <summary>The rule for names inside a run: what a rollout or a message says can never leave the run's folder.</summary>
public static class StoreNames
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>Whether a relative name keeps the rule of <see cref="IRunStore"/>.</summary>
    public static bool IsValid(string name)
    {
        if (name.Length is 0 or > 512)
        {
            return false;
        }

        foreach (Range range in name.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> segment = name.AsSpan(range);
            if (segment.Length == 0 || segment is "." or ".." || segment.ContainsAnyExcept(Allowed))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether a run id keeps the rule: one segment of at most 128 characters that does not start with a dot.</summary>
    public static bool IsValidRunId(string runId) =>
        runId.Length is > 0 and <= 128 && runId[0] != '.' && !runId.Contains('/', StringComparison.Ordinal) && IsValid(runId);

    /// <exception cref="ArgumentException">The name breaks the rule.</exception>
    internal static void Require(string name)
    {
        if (!IsValid(name))
        {
            throw new ArgumentException("a name inside a run has segments of letters, digits, '.', '_' and '-' only", nameof(name));
        }
    }
}
