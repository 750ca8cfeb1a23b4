using System.Text.RegularExpressions;
using System.Xml.Linq;
using Tribunal.Testing;

namespace Tribunal.Cli.Tests;

/// <summary>What a release is made of, told from the files that make it: none of it can be made where the tests run.</summary>
public sealed partial class ReleaseTests
{
    private static readonly string Release = Read(".github/workflows/release.yml");

    [Theory]
    [InlineData("linux-x64", "ubuntu-22.04")]
    [InlineData("linux-arm64", "ubuntu-22.04-arm")]
    [InlineData("osx-arm64", "macos-14")]
    [InlineData("win-x64", "windows-2022")]
    public void A_platform_has_its_archive_made_on_itself_and_tried_there(string rid, string runner)
    {
        Assert.Contains($"rid: {rid}, runner: {runner} ", Release, StringComparison.Ordinal);
        Assert.Contains("tar -czf \"tribunal-${GITHUB_REF_NAME#v}-${{ matrix.rid }}.tar.gz\"", Release, StringComparison.Ordinal);
        Assert.Contains("tribunal/tribunal score samples/rollouts.jsonl -o out", Release, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-p:Version=\"${GITHUB_REF_NAME#v}\"")]
    [InlineData("sha256sum * > SHA256SUMS")]
    [InlineData("sbom-tool generate")]
    [InlineData("actions/attest-build-provenance@")]
    [InlineData("attestations: write")]
    [InlineData("dotnet pack src/Tribunal.Cli")]
    [InlineData("docker build -t \"$image\" .")]
    [InlineData("bash .ci/run")]
    public void A_release_has_its_version_from_the_tag_checksums_a_bill_of_materials_and_its_provenance(string part) =>
        Assert.Contains(part, Release, StringComparison.Ordinal);

    [Fact]
    public void The_checksums_come_after_everything_that_they_are_of()
    {
        int sums = Release.IndexOf("SHA256SUMS", StringComparison.Ordinal);
        Assert.All((string[])["dotnet pack", "download-artifact@", "spdx.json"], made => Assert.InRange(Release.IndexOf(made, StringComparison.Ordinal), 0, sums));
        Assert.True(Release.IndexOf("attest-build-provenance@", StringComparison.Ordinal) > sums);
    }

    [Fact]
    public void Actions_are_pinned_by_commit()
    {
        string[] used = [.. Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Root(), ".github", "workflows"), "*.yml").SelectMany(static file => Uses().Matches(File.ReadAllText(file))).Select(static match => match.Groups[1].Value)];
        Assert.NotEmpty(used);
        Assert.All(used, static action => Assert.Matches("@[0-9a-f]{40}$", action));
    }

    [Fact]
    public void The_image_is_made_of_what_is_there_without_native_code_so_that_the_worker_is_in_it()
    {
        string image = Read("Dockerfile");
        foreach (string named in Sources().Matches(image).Select(static match => match.Groups[1].Value))
        {
            Assert.True(Path.Exists(Path.Combine(RepositoryFolder.Root(), named)), $"the Dockerfile names {named}");
        }

        Assert.Contains("-p:PublishAot=false", image, StringComparison.Ordinal);
        Assert.Contains("USER $APP_UID", image, StringComparison.Ordinal);
        XDocument tool = XDocument.Parse(Read("src/Tribunal.Cli/Tribunal.Cli.csproj"));
        XElement worker = Assert.Single(tool.Descendants("ProjectReference"), static reference => reference.Attribute("Include")!.Value.Contains("Tribunal.Worker", StringComparison.Ordinal));
        Assert.Equal("'$(PublishAot)' != 'true'", worker.Parent!.Attribute("Condition")!.Value);

        // The entry point is the assembly's own executable.
        Assert.Contains("\"/app/Tribunal.Cli\"", image, StringComparison.Ordinal);
        Assert.DoesNotContain(File.ReadAllLines(Path.Combine(RepositoryFolder.Root(), ".dockerignore")), static line => line.Trim() is "src" or "LICENSE" or "Directory.Build.props" or "Directory.Packages.props");
    }

    [Fact]
    public void Packages_are_audited_and_each_has_one_pinned_version()
    {
        string props = Read("Directory.Build.props");
        Assert.Contains("<NuGetAudit>true</NuGetAudit>", props, StringComparison.Ordinal);
        Assert.Contains("<NuGetAuditMode>all</NuGetAuditMode>", props, StringComparison.Ordinal);
        Assert.All(XDocument.Parse(Read("Directory.Packages.props")).Descendants("PackageVersion"), static package => Assert.Matches(@"^\d+\.\d+\.\d+", package.Attribute("Version")!.Value));
        IEnumerable<string> projects = ((string[])["src", "functions", "tests"]).SelectMany(static folder => Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Root(), folder), "*.csproj", SearchOption.AllDirectories))
            .Where(static project => !project.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal));
        Assert.All(projects, static project => Assert.Empty(XDocument.Load(project).Descendants("PackageReference").Attributes("Version")));
    }

    [Fact]
    public void The_tool_brings_the_licences_of_the_prompts_that_it_sends()
    {
        string protocols = Path.Combine(RepositoryFolder.Root(), "src", "Tribunal", "Protocols");
        string[] notices = [.. Directory.EnumerateFiles(protocols, "NOTICE.md", SearchOption.AllDirectories), .. Directory.EnumerateFiles(protocols, "LICENSE*")];
        Assert.True(notices.Length >= 4);
        Assert.All(notices, notice => Assert.Equal(File.ReadAllText(notice), File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "notices", Path.GetRelativePath(protocols, notice)))));
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(RepositoryFolder.Root(), path));

    [GeneratedRegex(@"uses: (\S+)")]
    private static partial Regex Uses();

    [GeneratedRegex(@"(?:dotnet publish|^COPY(?! --from)) (?<path>[\w./]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Sources();
}
