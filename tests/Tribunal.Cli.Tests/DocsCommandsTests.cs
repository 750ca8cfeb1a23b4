using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Tribunal.Cli.Commands;

namespace Tribunal.Cli.Tests;

/// <summary>
/// The commands of README and docs. Each of their lines that calls the tool is parsed by the tool itself, so that no page names an
/// option or a value that there is not; the lines of blocks marked <c>```sh run</c> are run, in one folder for a page, and have to end
/// well. Lines that take a place holder (capitals, <c>…</c>) or another machine are parsed only.
/// </summary>
public sealed partial class DocsCommandsTests
{
    public static TheoryData<string> Pages => [.. Directory.EnumerateFiles(Path.Combine(Root(), "docs"), "*.md").Append(Path.Combine(Root(), "README.md")).Append(Path.Combine(Root(), "samples", "README.md")).Select(static path => Path.GetRelativePath(Root(), path)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_command_line_of_a_page_is_one_that_the_tool_takes(string page)
    {
        foreach ((_, string line) in CommandLines(page))
        {
            string[] words = [.. CommandLineParser.SplitCommandLine(line)];
            ParseResult parsed = ToolCommand.Create().Parse(words);
            if (parsed.CommandResult.Command.Name == "bench")
            {
                Assert.Empty(Wrong(parsed).Select(error => $"{page}: {line}: {error}"));
                parsed = ScoreCommand.Create().Parse(["items.jsonl", .. parsed.UnmatchedTokens]);
            }

            Assert.Empty(Wrong(parsed).Select(error => $"{page}: {line}: {error}"));
        }

        // Files of the reader's own are not here.
        static IEnumerable<string> Wrong(ParseResult parsed) =>
            parsed.Errors.Select(static error => error.Message).Where(static message => !message.Contains("nor a file that is there", StringComparison.Ordinal));
    }

    [Fact]
    public void A_line_with_an_option_that_there_is_not_would_be_seen() =>
        Assert.NotEmpty(ToolCommand.Create().Parse([.. CommandLineParser.SplitCommandLine("score batch.jsonl --no-such-option 1")]).Errors);

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task What_a_page_says_can_be_run_can_be_run(string page)
    {
        string folder = Directory.CreateTempSubdirectory("tribunal-docs-").FullName;
        try
        {
            Directory.CreateSymbolicLink(Path.Combine(folder, "samples"), Path.Combine(Root(), "samples"));
            foreach ((string block, string line) in CommandLines(page).Where(static command => command.Block.Split(' ').Contains("run")))
            {
                ToolResult result = await ToolProcess.BashAsync(folder, $"{Tool()}\ntribunal {line}");
                Assert.True(result.ExitCode is 0 or 1, $"{page} ({block}): {line}\n{result.Errors}{result.Output}");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Some_pages_have_commands_that_are_run() =>
        Assert.True(Pages.SelectMany(static page => CommandLines(page.Data)).Count(static command => command.Block.Split(' ').Contains("run")) > 8);

    // The words after the tool's name, as a shell would be given them.
    private static IEnumerable<(string Block, string Line)> CommandLines(string page)
    {
        string? block = null;
        string begun = "";
        foreach (string raw in File.ReadLines(Path.Combine(Root(), page)))
        {
            if (raw.TrimStart().StartsWith("```", StringComparison.Ordinal))
            {
                block = block is null ? raw.Trim().TrimStart('`') : null;
                continue;
            }

            if (block is null || block.Split(' ')[0] is not ("sh" or "bash"))
            {
                continue;
            }

            string line = begun + raw.Trim();
            if (line.EndsWith('\\'))
            {
                begun = line[..^1];
                continue;
            }

            begun = "";
            foreach (Match call in Call().Matches(line))
            {
                yield return (block, call.Groups[1].Value.Trim());
            }
        }
    }

    private static string Tool() => $"tribunal() {{ {string.Join(' ', ToolProcess.Command.Select(static word => $"'{word}'"))} \"$@\"; }}";

    // Up to what ends a command of a shell, or begins a comment.
    [GeneratedRegex(@"(?:^|&& |\$\(|<\()(?:[A-Z_]+=\S+ )*(?:tribunal|dotnet run --project src/Tribunal\.Cli --) ((?:'[^']*'|""[^""]*""|[^'""|&;#<>()]|(?<=\S)[#])+)")]
    private static partial Regex Call();

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
