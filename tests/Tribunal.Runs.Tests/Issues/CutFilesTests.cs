using System.Text;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Reports;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>Reported: a cut last line of a finished run's judgements.jsonl is dropped in silence, and the error of a cut verdicts.jsonl names no file.</summary>
public sealed class CutFilesTests : IDisposable
{
    private readonly RunBed _bed = new(10);

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(RunFiles.Judgements, "cut"), InlineData(RunFiles.Judgements, "a line lost"), InlineData(RunFiles.Judgements, "a line doubled"), InlineData(RunFiles.Judgements, "garbage"), InlineData(RunFiles.Judgements, "emptied")]
    [InlineData(RunFiles.Verdicts, "cut"), InlineData(RunFiles.Verdicts, "a line lost"), InlineData(RunFiles.Verdicts, "a line doubled"), InlineData(RunFiles.Verdicts, "garbage"), InlineData(RunFiles.Verdicts, "emptied")]
    public async Task Whoever_reads_a_finished_run_is_told_which_file_is_not_whole_and_what_to_do(string name, string damage)
    {
        await _bed.RunAsync();
        string path = _bed.PathOf(name);
        List<string> lines = [.. await File.ReadAllLinesAsync(path)];
        switch (damage)
        {
            case "cut":
                lines[^1] = lines[^1][..^20];
                break;
            case "a line lost":
                lines.RemoveAt(3);
                break;
            case "a line doubled":
                lines.Insert(3, lines[3]);
                break;
            case "garbage":
                lines[3] = "\0\0\0";
                break;
            default:
                lines.Clear();
                break;
        }

        await File.WriteAllTextAsync(path, string.Join('\n', lines) + (damage == "cut" || lines.Count == 0 ? "" : "\n"));
        Exception exception = await Assert.ThrowsAnyAsync<Exception>(() => ReportFile.WriteAsync(_bed.PathOf("").TrimEnd('/'), cancellationToken: TestContext.Current.CancellationToken));
        Assert.True(exception is LedgerException or BatchFormatException or ReportException, exception.ToString());
        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        if (damage is not "garbage")
        {
            Assert.Contains("whole", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_a_run_under_way_can_not_read_is_passed_over_and_counted()
    {
        _bed.Judge.On = (call, _) =>
        {
            if (call == 20)
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return null;
        };
        await _bed.RunAsync();
        string[] parts = [.. Directory.EnumerateFiles(_bed.PathOf("parts"), "ledger-*", SearchOption.AllDirectories).Where(static path => new FileInfo(path).Length > 0)];
        long lines = parts.Sum(static path => File.ReadLines(path).Count());
        await File.AppendAllTextAsync(parts[0], "nonsense\n{\"rolloutId\":\"r0\",");
        RunContents contents = await RunContents.OpenFolderAsync(_bed.PathOf("").TrimEnd('/'), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(lines, await contents.JudgementsAsync(JudgementLine.Read, TestContext.Current.CancellationToken).CountAsync(TestContext.Current.CancellationToken));
        Assert.Equal(2, contents.Unreadable);
        string page = await File.ReadAllTextAsync(await ReportFile.WriteAsync(_bed.PathOf("").TrimEnd('/'), _bed.PathOf("page.html"), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("2 lines of the ledger", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ledger_of_ones_own_may_end_without_a_line_feed()
    {
        await _bed.RunAsync();
        string ledger = (await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Judgements))).TrimEnd('\n');
        Assert.Equal(40, await Read(ledger).CountAsync());
        LedgerException cut = await Assert.ThrowsAsync<LedgerException>(async () => await Read(ledger[..^5]).CountAsync());
        Assert.Contains("line 40 of mine.jsonl, the last, is cut off", cut.Message, StringComparison.Ordinal);

        static IAsyncEnumerable<Judgement> Read(string text) =>
            LedgerReader.ReadAsync(new MemoryStream(Encoding.UTF8.GetBytes(text)), JudgementLine.Read, "mine.jsonl");
    }
}
