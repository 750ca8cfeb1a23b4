using System.Text.RegularExpressions;

namespace Tribunal.Infra.Tests;

/// <summary>
/// What a piece of the code asks of storage, read from its calls of Azure's SDK, and what a role allows, by Azure's own
/// definitions of the roles. Azurite knows no roles: nothing else here would see a command that its users may not run.
/// </summary>
internal static partial class StorageOperations
{
    /// <summary>Calls by method, with what they do. A call that does different things in different services is told by its file.</summary>
    private static readonly Dictionary<string, string[]> Calls = new(StringComparer.Ordinal)
    {
        ["UploadAsync"] = ["blob rollouts: write"],
        ["SendMessageAsync"] = ["queue evaluations: add"],
        ["AddEntityAsync"] = ["table runs: write"],
        ["UpdateEntityAsync"] = ["table runs: write"],
        ["UpsertEntityAsync"] = ["table runs: write"],
        ["GetEntityIfExistsAsync"] = ["table runs: read"],
        ["OpenReadAsync"] = ["blob runs: read"],
        ["DownloadContentAsync"] = ["blob runs: read"],
        ["CreateIfNotExistsAsync"] = ["blob rollouts: create", "blob runs: create", "queue evaluations: create"],
        ["CreateTableIfNotExistsAsync"] = ["table runs: create"],
        ["GetPropertiesAsync"] = ["queue evaluations: read", "queue uploads: read"],
    };

    /// <summary>A file's own meaning of a call.</summary>
    private static readonly Dictionary<(string File, string Call), string[]> InFile = new()
    {
        [("TableRunCatalog", "QueryAsync")] = ["table runs: read"],
        [("SubmitCommand", "ExistsAsync")] = ["blob rollouts: read"],
        [("StorageChecks", "UploadAsync")] = ["blob runs: write"],
        [("StorageChecks", "DeleteAsync")] = ["blob runs: write"],
        [("StorageChecks", "ExistsAsync")] = ["blob rollouts: read", "blob runs: read", "queue evaluations: read", "queue uploads: read"],
        [("StorageChecks", "QueryAsync")] = ["table runs: list"],
    };

    /// <summary>Everything that a role lets do, as <c>service: actions</c>.</summary>
    private static readonly Dictionary<string, string> Roles = new(StringComparer.Ordinal)
    {
        ["Storage Blob Data Contributor"] = "blob read write create",
        ["Storage Blob Data Reader"] = "blob read",
        ["Storage Queue Data Contributor"] = "queue read add create",
        ["Storage Queue Data Message Sender"] = "queue add",
        ["Storage Table Data Contributor"] = "table read write list create",
    };

    /// <summary>What the calls of a source file need.</summary>
    /// <param name="file">Its name, without the ending.</param>
    public static IEnumerable<string> Of(string file)
    {
        string path = Directory.EnumerateFiles(Path.Combine(Stacks.Root, "src"), $"{file}.cs", SearchOption.AllDirectories)
            .Single(found => !found.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        return Call().Matches(File.ReadAllText(path)).Select(match => match.Groups["call"].Value)
            .SelectMany(call => InFile.GetValueOrDefault((file, call)) ?? Calls.GetValueOrDefault(call) ?? []);
    }

    /// <summary>What a grant allows: on a container, queue or table that one; on the account all of them, with making and listing.</summary>
    /// <param name="grant"><c>who: role on kind name</c>.</param>
    public static IEnumerable<string> AllowedBy(string grant)
    {
        string[] parts = grant[(grant.IndexOf(": ", StringComparison.Ordinal) + 2)..].Split(" on ");
        if (!Roles.TryGetValue(parts[0], out string? allows))
        {
            yield break;
        }

        string[] words = allows.Split(' ');
        bool account = parts[1].StartsWith("StorageAccount", StringComparison.Ordinal);
        string[] names = account ? ["rollouts", "runs", "evaluations", "uploads"] : [parts[1][(parts[1].LastIndexOf('-') + 1)..]];
        foreach (string name in names)
        {
            // Listing tables, and making anything, is asked of the service above them.
            foreach (string action in words[1..].Where(action => account || action is not ("list" or "create")))
            {
                yield return $"{words[0]} {name}: {action}";
            }
        }
    }

    [GeneratedRegex(@"\.(?<call>\w+Async)(?:<\w+>)?\(")]
    private static partial Regex Call();
}
