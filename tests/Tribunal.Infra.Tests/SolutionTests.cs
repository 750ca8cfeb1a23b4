using System.Xml.Linq;

namespace Tribunal.Infra.Tests;

/// <summary>The solution with the Azure parts has everything.</summary>
public sealed class SolutionTests
{
    [Fact]
    public void Every_project_of_the_repository_is_in_the_azure_solution()
    {
        HashSet<string> listed =
        [
            .. XDocument.Load(Path.Combine(Stacks.Root, "Pipeline.Azure.slnx")).Descendants("Project").Select(project => project.Attribute("Path")!.Value),
        ];
        string[] missing =
        [
            .. ((string[])["src", "tests", "functions", "infra"]).Select(folder => Path.Combine(Stacks.Root, folder)).Where(Directory.Exists)
                .SelectMany(folder => Directory.EnumerateFiles(folder, "*.csproj", SearchOption.AllDirectories))
                .Select(path => Path.GetRelativePath(Stacks.Root, path).Replace('\\', '/'))
                .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal) && !listed.Contains(path)),
        ];
        Assert.Empty(missing);
    }
}
