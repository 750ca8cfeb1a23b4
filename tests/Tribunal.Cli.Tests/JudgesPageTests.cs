using System.Text.RegularExpressions;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Testing;

namespace Tribunal.Cli.Tests;

/// <summary>What docs/judges.md says of the words that protocols send is what their files say.</summary>
public sealed class JudgesPageTests
{
    [Fact]
    public void The_page_lists_every_protocol_under_the_words_that_its_file_states()
    {
        string[] page = File.ReadAllLines(Path.Combine(RepositoryFolder.Root(), "docs", "judges.md"));
        int at = Array.IndexOf(page, "| words | files |");
        var listed = new Dictionary<string, Wording>(StringComparer.Ordinal);
        foreach (string row in page.Skip(at + 2).TakeWhile(static line => line.StartsWith('|')))
        {
            string[] cells = row.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            Wording wording = cells[0].Contains("authors', byte for byte", StringComparison.Ordinal) ? Wording.Authors : cells[0].Contains("template", StringComparison.Ordinal) ? Wording.Template : Wording.Own;
            foreach (string name in Regex.Matches(cells[1], "`([a-z0-9*-]+)`").Select(static match => match.Groups[1].Value))
            {
                string[] meant = name.EndsWith('*') ? [.. DeclaredCatalog.Names.Where(one => one.StartsWith(name[..^1], StringComparison.Ordinal))] : [name];
                Assert.NotEmpty(meant);
                Assert.All(meant, one => listed.Add(one, wording));
            }
        }

        Assert.All(DeclaredCatalog.Names, name => Assert.Equal((name, DeclaredCatalog.Of(name).Definition.Source.Wording), (name, listed.TryGetValue(name, out Wording wording) ? wording : null)));
        Assert.All(listed.Keys, static name => Assert.Contains(name, ProtocolCatalog.Names));
        Assert.All(listed.Where(static one => !DeclaredCatalog.Contains(one.Key)), static one => Assert.Equal(one.Key.EndsWith("-official", StringComparison.Ordinal) ? Wording.Authors : Wording.Own, one.Value));
    }

    [Fact]
    public void The_notice_names_every_file_that_sends_its_authors_words_with_its_repository_and_commit()
    {
        string notice = File.ReadAllText(Path.Combine(RepositoryFolder.Root(), "src", "Tribunal", "Protocols", "Catalog", "NOTICE.md"));
        foreach (ProtocolFile file in DeclaredCatalog.Names.Select(static name => DeclaredCatalog.Of(name).Definition).Where(static file => file.Source.Wording == Wording.Authors))
        {
            string line = Assert.Single(notice.Split('\n'), line => line.Contains($"`{file.Name}.yaml`", StringComparison.Ordinal));
            Assert.Contains($"{file.Source.Repository}, {file.Source.Commit![..7]}", line, StringComparison.Ordinal);
        }
    }
}
