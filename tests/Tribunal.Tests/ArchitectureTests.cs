using System.Reflection;
using System.Xml.Linq;

namespace Tribunal.Tests;

/// <summary>Arrows run one way, and the domain does no I/O.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Arrows = new(StringComparer.Ordinal)
    {
        ["Tribunal"] = [],
        ["Tribunal.Inference"] = ["Tribunal"],
        ["Tribunal.Pipeline"] = ["Tribunal", "Tribunal.Inference"],
        ["Tribunal.Simulator"] = ["Tribunal", "Tribunal.Inference", "Tribunal.Pipeline"],
        ["Tribunal.RewardServer"] = ["Tribunal", "Tribunal.Inference", "Tribunal.Pipeline"],
        ["Tribunal.Learning"] = ["Tribunal"],
        ["Tribunal.Cli"] = ["Tribunal", "Tribunal.Learning", "Tribunal.Inference", "Tribunal.Pipeline", "Tribunal.Simulator", "Tribunal.RewardServer"],
    };

    public static TheoryData<string> Projects => [.. Directory.EnumerateDirectories(Path.Combine(Root(), "src")).Select(static path => Path.GetFileName(path)!)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_refers_only_to_what_stands_before_it(string project)
    {
        XDocument file = XDocument.Load(Path.Combine(Root(), "src", project, project + ".csproj"));
        IEnumerable<string> references = file.Descendants("ProjectReference").Select(static r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));
        Assert.True(Arrows.ContainsKey(project), $"{project} has no place among the arrows");
        Assert.Subset(Arrows[project].ToHashSet(StringComparer.Ordinal), references.ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public void The_domain_refers_to_no_network_no_Azure_and_no_host()
    {
        string[] forbidden = ["System.Net", "Azure", "OpenAI", "Microsoft.Extensions", "Microsoft.AspNetCore", "System.IO.FileSystem", "Parquet"];
        AssemblyName[] references = typeof(Tribunal.Rollouts.Rollout).Assembly.GetReferencedAssemblies();
        Assert.DoesNotContain(references, reference => forbidden.Any(name => reference.Name!.StartsWith(name, StringComparison.Ordinal)));
    }

    [Fact]
    public void The_domain_opens_no_file()
    {
        string[] offenders = [.. Directory.EnumerateFiles(Path.Combine(Root(), "src", "Tribunal"), "*.cs", SearchOption.AllDirectories)
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal))
            .Where(static path => File.ReadAllText(path) is var text
                && (text.Contains("FileStream", StringComparison.Ordinal) || text.Contains("File.Read", StringComparison.Ordinal) || text.Contains("File.Open", StringComparison.Ordinal)))];
        Assert.Empty(offenders);
    }

    [Fact]
    public void Only_the_commands_that_train_touch_what_loads_a_learning_library()
    {
        // Everything else starts without ML.NET: a model file is evaluated by the domain.
        string[] users = [.. Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.cs", SearchOption.AllDirectories)
            .Where(static path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/Tribunal.Learning/", StringComparison.Ordinal))
            .Where(static path => File.ReadAllText(path) is var text && (text.Contains("Tribunal.Learning", StringComparison.Ordinal) || text.Contains("Microsoft.ML", StringComparison.Ordinal)))
            .Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
        Assert.Equal(["CliJson.cs", "TrainMetaCommand.cs", "TrainPanelCommand.cs"], users);
    }

    private static string Root()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Pipeline.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("the tests run outside the repository");
    }
}
