using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using System.Text.RegularExpressions;
using Tribunal.Cli.Commands;
using Tribunal.Simulator.Serving;
using Tribunal.Testing;

namespace Tribunal.Cli.Tests;

/// <summary>
/// The commands of README and docs. Each of their lines that calls the tool is parsed by the tool itself, so that no page names an
/// option or a value that there is not; and each of their blocks is run, in one folder for a page. A judge's address stands for a
/// simulated one on this machine, large batches and many repetitions are made small, and servers end when they are up. What can't be
/// run here says why in its fence (<c>```sh not-run: …</c>), and there are few of these. The guide of a deployment is run by the tests
/// of <c>./deploy</c>, against recorded answers.
/// </summary>
public sealed partial class DocsCommandsTests(DocsCommandsTests.Readers readers) : IClassFixture<DocsCommandsTests.Readers>
{
    /// <summary>README keeps its fences plain.</summary>
    private static readonly Dictionary<string, string> NotRunInReadme = new(StringComparer.Ordinal)
    {
        ["./test"] = "it runs these very tests",
        ["dotnet pack"] = "CI publishes the native tool in a job of its own and runs these tests with it",
    };

    public static TheoryData<string> Pages => [.. Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Root(), "docs"), "*.md").Append(Path.Combine(RepositoryFolder.Root(), "README.md")).Append(Path.Combine(RepositoryFolder.Root(), "samples", "README.md")).Select(static path => Path.GetRelativePath(RepositoryFolder.Root(), path)).Order(StringComparer.Ordinal)];

    public static TheoryData<string> PagesThatRun => [.. Pages.Select(static page => page.Data).Where(static page => BlocksOf(page).Any(static block => block.WhyNot is null))];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_command_line_of_a_page_is_one_that_the_tool_takes(string page)
    {
        foreach (string line in BlocksOf(page, all: true).SelectMany(static block => CommandLines(block.Text)))
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

    [Fact]
    public void No_command_stands_in_a_block_that_nobody_runs()
    {
        foreach (string page in Pages.Select(static page => page.Data))
        {
            string text = File.ReadAllText(Path.Combine(RepositoryFolder.Root(), page));
            Assert.Empty(Fences().Matches(text).Where(static fence => fence.Groups["info"].Value.Trim() is "" or "text" or "console" && CommandStart().IsMatch(fence.Groups["text"].Value)).Select(fence => $"{page}: {fence.Groups["text"].Value}"));
        }
    }

    [Fact]
    public void Few_blocks_are_not_run_and_each_says_why()
    {
        Block[] all = [.. Pages.SelectMany(static page => BlocksOf(page.Data))];
        Block[] left = [.. all.Where(static block => block.WhyNot is not null)];
        Assert.All(left, static block => Assert.True(block.WhyNot!.Length > 10, block.Text));
        Assert.True(left.Length <= 6, string.Join('\n', left.Select(static block => block.Text)));
        Assert.True(all.Length - left.Length >= 25);
    }

    [Theory]
    [MemberData(nameof(PagesThatRun))]
    public async Task What_a_page_says_can_be_run(string page)
    {
        Block[] blocks = [.. BlocksOf(page).Where(static block => block.WhyNot is null)];
        string[] models = [.. blocks.SelectMany(static block => ModelNames().Matches(block.Text)).Select(static match => match.Groups[1].Value).Append("DeepSeek-GRM-27B").Distinct(StringComparer.Ordinal)];
        await using SimulatorServer judge = await SimulatorServer.StartAsync(new SimulatorOptions { Models = models });
        string folder = Directory.CreateTempSubdirectory("tribunal-docs-").FullName;
        try
        {
            ToolResult given = await ToolProcess.BashAsync(folder, $"cp -a '{readers.Folder}/.' .");
            Assert.True(given.ExitCode == 0, given.Errors);
            foreach (Block block in blocks)
            {
                ToolResult result = await ToolProcess.BashAsync(folder, $"{Tool()}\n{OnThisMachine(block.Text, judge)}");
                Assert.True(result.ExitCode == 0, $"{page}:\n{block.Text}\n{result.Errors}{result.Output}");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string OnThisMachine(string block, SimulatorServer judge)
    {
        string text = block.Replace("--judge …", $"--judge {judge.ApiBase}", StringComparison.Ordinal).Replace("--model …", "--model DeepSeek-GRM-27B", StringComparison.Ordinal);
        text = Addresses().Replace(text, $"$1 {judge.ApiBase}");
        text = Large().Replace(text, static match => match.Groups[1].Value + (match.Groups[1].Value.StartsWith("--generate", StringComparison.Ordinal) ? "60" : "2"));
        return text.Replace("dotnet run --project src/Tribunal.Cli -- ", "tribunal ", StringComparison.Ordinal);
    }

    private static IEnumerable<Block> BlocksOf(string page, bool all = false)
    {
        // Its blocks are the steps of ./deploy.
        bool deployed = page.EndsWith("deploy.md", StringComparison.Ordinal);
        foreach (Match fence in Fences().Matches(File.ReadAllText(Path.Combine(RepositoryFolder.Root(), page))))
        {
            string info = fence.Groups["info"].Value.Trim();
            string text = fence.Groups["text"].Value;
            if (info.Split(' ')[0] is "sh" or "bash" && (all || !deployed || !info.Contains('{', StringComparison.Ordinal)))
            {
                int mark = info.IndexOf("not-run:", StringComparison.Ordinal);
                yield return new Block(text, mark >= 0 ? info[(mark + 8)..].Trim() : page == "README.md" ? NotRunInReadme.FirstOrDefault(left => text.StartsWith(left.Key, StringComparison.Ordinal)).Value : null);
            }
        }
    }

    // The words after the tool's name, as a shell would be given them.
    private static IEnumerable<string> CommandLines(string block) =>
        block.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n').SelectMany(static line => Call().Matches(line.Trim())).Select(static call => call.Groups[1].Value.Trim());

    // A block's commands stand beside each other: what one leaves is not in the next one's way. Exit code 1 says that something of a batch has no verdict.
    private static string Tool() => $$"""
        set -eo pipefail
        export OPENAI_API_KEY=key OPENROUTER_API_KEY=key AZURE_OPENAI_API_KEY=key
        tool=({{string.Join(' ', ToolProcess.Command.Select(static word => $"'{word}'"))}})
        tribunal() {
          local code=0 i
          case "$1" in
            score|vote|import) for ((i = 1; i <= $#; i++)); do [ "${!i}" != -o ] || { i=$((i + 1)); rm -rf "./${!i}"; }; done; case " $* " in *" -o "*) ;; *) rm -rf ./*-run ;; esac ;;
            serve) case " $* " in *" -o "*|*" --storage "*) ;; *) set -- "$@" -o "./served-$RANDOM" ;; esac; server "$@" --listen http://127.0.0.1:0; return ;;
            view) server "$@" --port 0; return ;;
            simulate) case " $* " in *" --generate "*) ;; *) server "$@" --port 0; return ;; esac ;;
          esac
          "${tool[@]}" "$@" < /dev/null || code=$?
          [ "$code" -le 1 ]
        }
        server() {
          "${tool[@]}" "$@" > server.log 2>&1 & local pid=$!
          until grep -q '^tribunal [a-z]*:\|^simulated judge' server.log; do kill -0 $pid || { cat server.log >&2; return 9; }; sleep 0.1; done
          kill -TERM $pid; wait $pid || true
        }
        """;

    /// <summary>What a reader has: batches and runs under the names that the pages use. Each page is given a copy.</summary>
    public sealed class Readers : IAsyncLifetime
    {
        public string Folder { get; } = Directory.CreateTempSubdirectory("tribunal-readers-").FullName;

        public async ValueTask InitializeAsync()
        {
            Directory.CreateSymbolicLink(Path.Combine(Folder, "samples"), Path.Combine(RepositoryFolder.Root(), "samples"));
            foreach (string file in Directory.EnumerateFiles(Path.Combine(RepositoryFolder.Root(), "tests", "Tribunal.Cli.Tests", "Docs")))
            {
                File.Copy(file, Path.Combine(Folder, Path.GetFileName(file)));
            }

            ToolResult furnished = await ToolProcess.BashAsync(Folder, $$"""
                {{Tool()}}
                set -e
                tribunal simulate --generate 60 --max-responses 3 --seed 1 -o rollouts.jsonl -q
                for name in labelled b batch new; do cp rollouts.jsonl $name.jsonl; done
                seed=1
                for run in out run other-run old-run run-a run-b run-c new-a new-b new-c tribunal-serve; do
                  tribunal score rollouts.jsonl -o $run -k 2 --protocol grm --meta simulated --seed $((seed += 1)) --simulator-seed $((1 + seed % 3)) --no-report -q
                done
                tribunal score rollouts.jsonl -o recorded -k 4 --protocol grm --meta simulated --no-report -q
                cp recorded/judgements.jsonl .
                """);
            Assert.True(furnished.ExitCode == 0, furnished.Errors + furnished.Output);
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }

    private sealed record Block(string Text, string? WhyNot);

    [GeneratedRegex(@"^ *```(?<info>[^\n`]*)\n(?<text>.*?)^ *```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fences();

    [GeneratedRegex(@"^(?:[A-Z_]+=\S+ )*(?:tribunal|dotnet run --project src/Tribunal\.Cli --) [a-z]+(?: |$)(?!─)", RegexOptions.Multiline)]
    private static partial Regex CommandStart();

    // Up to what ends a command of a shell, or begins a comment.
    [GeneratedRegex(@"(?:^|&& |\$\(|<\(|; do )(?:[A-Z_]+=\S+ )*(?:tribunal|dotnet run --project src/Tribunal\.Cli --) ((?:'[^']*'|""[^""]*""|[^'""|&;#<>()]|(?<=\S)[#])+)")]
    private static partial Regex Call();

    [GeneratedRegex(@"(--judge|--meta) https?://\S+")]
    private static partial Regex Addresses();

    [GeneratedRegex(@"--model (\S+)")]
    private static partial Regex ModelNames();

    [GeneratedRegex(@"(--(?:generate|splits|resamples) )\d+")]
    private static partial Regex Large();
}
