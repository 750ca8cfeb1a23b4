using System.Text.RegularExpressions;
using Pulumi.Testing;

using Deployment = Pulumi.Deployment;

namespace Tribunal.Infra.Tests;

/// <summary>Runs the program with mocks, for the stacks' own files and for changes of them.</summary>
internal static partial class Stacks
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every stack that has a file.</summary>
    public static IEnumerable<string> All => Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "stacks"), "Pulumi.*.yaml")
        .Select(file => Path.GetFileName(file).Split('.')[1]).Order(StringComparer.Ordinal);

    public static DeploymentSettings Settings(string stack, params (string Key, string? Value)[] changes)
    {
        Dictionary<string, string?> values = Setting().Matches(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "stacks", $"Pulumi.{stack}.yaml")))
            .ToDictionary(match => match.Groups["key"].Value, match => (string?)match.Groups["value"].Value.Trim().Trim('"', '\''));
        foreach ((string key, string? value) in changes)
        {
            values[key] = value;
        }

        return DeploymentSettings.Read(key => values.GetValueOrDefault(key));
    }

    public static async Task<Deployed> DeployAsync(DeploymentSettings settings, string stack = "test")
    {
        RecordingMocks mocks = new();
        (_, IDictionary<string, object?> outputs) = await Deployment.TestAsync(
            mocks, new TestOptions { ProjectName = "tribunal", StackName = stack, IsPreview = false }, () => TribunalDeployment.CreateAsync(settings));
        return new Deployed([.. mocks.Resources], outputs);
    }

    public static Task<Deployed> DeployAsync(string stack, params (string Key, string? Value)[] changes) => DeployAsync(Settings(stack, changes), stack);

    [GeneratedRegex("^  tribunal:(?<key>\\w+): (?<value>.+)$", RegexOptions.Multiline)]
    private static partial Regex Setting();

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Directory.Packages.props")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("the tests run inside the repository");
    }
}

/// <summary>What a run declared.</summary>
public sealed record Deployed(IReadOnlyList<Declared> Resources, IDictionary<string, object?> Outputs)
{
    public IEnumerable<Declared> Of(string kind) => Resources.Where(resource => resource.Kind == kind && resource.Type.StartsWith("azure-native:", StringComparison.Ordinal));

    public Declared One(string kind, string? name = null) => Of(kind).Single(resource => name is null || resource.Name == name);

    public Dictionary<string, string> FunctionSettings => One("WebApp")["siteConfig.appSettings"]!.AsArray()
        .ToDictionary(setting => setting!["name"]!.ToString(), setting => setting!["value"]!.ToString(), StringComparer.Ordinal);
}
