using System.Globalization;

namespace Tribunal.Runs.Storage;

/// <summary>The rule for a batch's path inside the rollouts container: what a message says can't leave it or name a host.</summary>
public static class BatchPath
{
    private const int MaxLength = 1024;

    /// <summary>A file's name as a path may hold it: what it may not hold is '-'. The name is for people.</summary>
    public static string Cleaned(string name) => new([.. name.Select(static c => Fault($"a{c}") is null ? c : '-')]);

    /// <summary>Why a path is refused; null when it may be used. The message never repeats the path.</summary>
    public static string? Fault(string path)
    {
        if (path.Length is 0 or > MaxLength)
        {
            return $"a batch path has 1 to {MaxLength} characters";
        }

        if (path.Contains("://", StringComparison.Ordinal) || path.StartsWith("//", StringComparison.Ordinal))
        {
            return "a batch is named by its path inside the rollouts container, not by a URL";
        }

        if (path.Any(static c => c is '\\' or '?' or '#' or '%' or ':' || char.IsControl(c) || char.IsSurrogate(c)
            || char.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
        {
            return "a batch path can't hold '\\', '?', '#', '%', ':' or invisible characters";
        }

        foreach (Range range in path.AsSpan().Split('/'))
        {
            if (path.AsSpan(range) is "" or "." or "..")
            {
                return "a batch path can't start or end with '/', or hold '//', '.' or '..' as a segment";
            }
        }

        return null;
    }
}
