using System.Reflection;
using System.Text.RegularExpressions;
using Tribunal.Azure.Names;

namespace Tribunal.Testing.Azurite;

/// <summary>A role on a part of an account.</summary>
/// <param name="Role">Its name, without spaces.</param>
/// <param name="Service"><c>blob</c>, <c>queue</c> or <c>table</c>.</param>
/// <param name="Resource">The container, queue or table; null for the account.</param>
internal sealed record RoleGrant(string Role, string Service, string? Resource);

/// <summary>What Azure's built-in data roles allow, and what the deployment's program gives to whom.</summary>
internal static partial class RoleGrants
{
    /// <summary>Data actions by role, as Azure documents them; control actions on containers and queues among them.</summary>
    public static IReadOnlyDictionary<string, string[]> Actions { get; } = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        ["BlobDataOwner"] = ["containers/read", "containers/write", "containers/delete", "blobs/read", "blobs/write", "blobs/delete"],
        ["BlobDataContributor"] = ["containers/read", "containers/write", "containers/delete", "blobs/read", "blobs/write", "blobs/delete"],
        ["BlobDataReader"] = ["containers/read", "blobs/read"],
        ["QueueDataContributor"] = ["queues/read", "queues/write", "queues/delete", "messages/read", "messages/write", "messages/delete", "messages/process", "messages/add"],
        ["QueueDataMessageSender"] = ["messages/add"],
        ["TableDataContributor"] = ["tables/read", "tables/write", "tables/delete", "entities/read", "entities/write", "entities/delete"],
    };

    /// <summary>What a class of infra/ grants on parts of the storage account, read from its source: <c>Grant(BuiltInRole.X, storage.Container(…))</c>.</summary>
    public static RoleGrant[] Of(string file)
    {
        string text = File.ReadAllText(Path.Combine(RepositoryFolder.Root(), "infra", file));
        return [.. GrantForm().Matches(text).Select(static match => new RoleGrant(
            match.Groups["role"].Value,
            ServiceOf(match.Groups["role"].Value),
            match.Groups["name"].Success ? Named(match.Groups["name"].Value) + (match.Groups["poison"].Success ? ResourceNames.PoisonSuffix : "") : null))];
    }

    private static string ServiceOf(string role) => role.StartsWith("Blob", StringComparison.Ordinal) ? "blob" : role.StartsWith("Queue", StringComparison.Ordinal) ? "queue" : "table";

    private static string Named(string constant) => (string)typeof(ResourceNames).GetField(constant, BindingFlags.Public | BindingFlags.Static)!.GetRawConstantValue()!;

    [GeneratedRegex(@"Grant\(BuiltInRole\.(?<role>(Blob|Queue|Table)\w+), storage\.((Container|Queue|Table)\(ResourceNames\.(?<name>\w+)(?<poison> \+ ResourceNames\.PoisonSuffix)?\)|Id)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex GrantForm();
}
