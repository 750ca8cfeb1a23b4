using System.Text;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>
/// Reported: an empty plan file ended a run as complete with 305 of 720 judgements missing; an empty, cut or doubled shards.jsonl crashed;
/// a cut manifest, plan or ledger line blocked a run and named no file; a finished run without verdicts or ledger was called done.
/// </summary>
public sealed class DamagedFilesTests(DamagedFilesTests.Prepared prepared) : IClassFixture<DamagedFilesTests.Prepared>, IDisposable
{
    private static readonly string[] Damages = ["emptied", "cut", "a line doubled", "a line lost", "garbage", "removed"];

    private static readonly string[] UnderWay =
    [
        RunFiles.Manifest, RunFiles.Shards, RunFiles.Batch, RunFiles.Invalid, RunFiles.Summary, RunFiles.Verdicts,
        "parts/plan-*", "parts/ledger-*", "parts/verdicts.jsonl", "parts/summary.json", "parts/allowances-*",
    ];

    private static readonly string[] Finished = [RunFiles.Manifest, RunFiles.Shards, RunFiles.Batch, RunFiles.Invalid, RunFiles.Judgements, RunFiles.Verdicts, RunFiles.Summary, RunFiles.Report];

    public static TheoryData<bool, string, string> Cases()
    {
        var cases = new TheoryData<bool, string, string>();
        foreach (string damage in Damages)
        {
            foreach (string file in UnderWay)
            {
                cases.Add(false, file, damage);
            }

            foreach (string file in Finished)
            {
                cases.Add(true, file, damage);
            }
        }

        return cases;
    }

    private readonly RunBed _bed = prepared.Bed;

    public void Dispose() => _bed.Options = Prepared.Options;

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_run_whose_file_was_damaged_ends_as_if_it_had_not_been_or_says_which_file_it_is(bool finished, string file, string damage)
    {
        bool budget = file == "parts/allowances-*";
        EvaluationRequest request = Request(budget);
        await prepared.RestoreAsync(finished, budget);
        bool part = file.StartsWith("parts/", StringComparison.Ordinal);
        string damaged = Directory.EnumerateFiles(_bed.PathOf(part ? "parts" : ""), Path.GetFileName(file), part ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly)
            .Order(StringComparer.Ordinal).First();
        Damage(damaged, damage);

        RunOutcome outcome;
        try
        {
            outcome = await _bed.RunAsync("run", request);
        }
        catch (Exception exception) when (exception is RunDamagedException or RunFileLostException)
        {
            Assert.Contains(Path.GetFileName(damaged), exception.Message, StringComparison.Ordinal);
            Assert.Contains("begin anew in another folder", exception.Message, StringComparison.Ordinal);
            Assert.Equal(RunFiles.Manifest, file);
            return;
        }

        Assert.Equal(RunStatus.Complete, outcome.Status);
        await AssertAsWholeAsync(budget);
    }

    [Fact]
    public async Task What_is_planned_again_is_cut_as_it_was_whatever_the_sizes_are_now()
    {
        await prepared.RestoreAsync(finished: true, budget: false);
        File.WriteAllText(_bed.PathOf(RunFiles.Shards), "");
        _bed.Options = _bed.Options with { DrawsPerShard = 7, DrawsPerChunk = 3 };
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync("run", Request(budget: false))).Status);
        await AssertAsWholeAsync(budget: false);
    }

    [Fact]
    public async Task A_part_that_vanishes_before_it_is_published_is_missed_by_name_and_drawn_again()
    {
        EvaluationRequest request = Request(budget: false);
        prepared.Clear();
        RunSteps steps = _bed.NewProcess();
        var run = new BatchRun("run", request);
        string? gone = null;
        var host = new VanishingContext(steps, () =>
        {
            gone = Directory.EnumerateFiles(_bed.PathOf("parts"), "ledger-*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
            File.Delete(gone);
        });
        RunFileLostException lost = await Assert.ThrowsAsync<RunFileLostException>(() => EvaluateBatch.RunAsync(host, run));
        Assert.Contains($"{Path.GetFileName(gone)} is gone", lost.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync("run", request)).Status);
        await AssertAsWholeAsync(budget: false);
    }

    [Fact]
    public async Task A_run_of_another_form_is_refused_for_that_reason()
    {
        await prepared.RestoreAsync(finished: true, budget: false);
        string manifest = await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Manifest));
        int digest = manifest.LastIndexOf(',');
        await File.WriteAllTextAsync(_bed.PathOf(RunFiles.Manifest), manifest[..digest].Replace("\"version\": 2", "\"version\": 1", StringComparison.Ordinal) + "\n}");
        RunMismatchException mismatch = await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync("run", Request(budget: false)));
        Assert.Contains("form 1", mismatch.Message, StringComparison.Ordinal);
    }

    private EvaluationRequest Request(bool budget) => prepared.Request(budget);

    private async Task AssertAsWholeAsync(bool budget)
    {
        string whole = Prepared.WholeOf(budget);
        Assert.Equal(await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts, whole)), await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(Names(await _bed.LedgerAsync(whole)), Names(await _bed.LedgerAsync()));
        foreach (string name in (string[])[RunFiles.Shards, RunFiles.Batch, RunFiles.Invalid])
        {
            Assert.Equal(await File.ReadAllTextAsync(_bed.PathOf(name, whole)), await File.ReadAllTextAsync(_bed.PathOf(name)));
        }

        Assert.EndsWith("</html>", (await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Report))).TrimEnd(), StringComparison.Ordinal);
        Assert.Equal(
            (await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Summary, whole))).Replace($"\"{whole}\"", "\"run\"", StringComparison.Ordinal),
            await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Summary)));
        Assert.False(Directory.Exists(_bed.PathOf("parts")));

        static IEnumerable<string> Names(List<TracedJudgement> ledger) => ledger.Select(static j => $"{j.RolloutId} {j.Sample} {j.Outcome}").Order(StringComparer.Ordinal);
    }

    private static void Damage(string path, string damage)
    {
        byte[] bytes = File.ReadAllBytes(path);
        List<string> lines = [.. Encoding.UTF8.GetString(bytes).Split('\n')];
        int middle = (lines.Count - 1) / 2;
        switch (damage)
        {
            case "emptied":
                bytes = [];
                break;
            case "cut":
                bytes = bytes[..^Math.Min(10, bytes.Length)];
                break;
            case "a line doubled":
                lines.Insert(middle, lines[middle]);
                bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines));
                break;
            case "a line lost":
                lines.RemoveAt(middle);
                bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines));
                break;
            case "garbage":
                lines[middle] = "\0\0\0\0";
                bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines));
                break;
            default:
                File.Delete(path);
                return;
        }

        File.WriteAllBytes(path, bytes);
    }

    /// <summary>One process, in which something happens before the run is published.</summary>
    private sealed class VanishingContext(RunSteps steps, Action beforePublishing) : IOrchestrationContext
    {
        public DateTimeOffset CurrentUtc => TimeProvider.System.GetUtcNow();

        public bool KeepsHistory => false;

        public async Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input)
        {
            if (input is PublishRequest)
            {
                beforePublishing();
            }

            return await steps.CallAsync(activity, input, CancellationToken.None);
        }

        public async Task<TOutput> CallSubOrchestratorAsync<TInput, TOutput>(OrchestratorName<TInput, TOutput> orchestrator, string instanceId, TInput input) =>
            (TOutput)(object)await ScoreShard.RunAsync(new VanishingContext(steps, static () => { }), (ShardRun)(object)input!);

        public Task CreateTimerAsync(TimeSpan delay) => Task.CompletedTask;

        public void SetCustomStatus(RunProgress status)
        {
        }
    }

    /// <summary>Runs that each case damages a copy of: finished ones, and ones that a limit stopped.</summary>
    public sealed class Prepared : IAsyncLifetime
    {
        private string Kept => Path.Combine(Bed.Folder, "kept");

        internal static ActivityOptions Options => new() { DrawsPerChunk = 16, DrawsPerShard = 40 };

        internal RunBed Bed { get; } = new(24);

        public async ValueTask InitializeAsync()
        {
            // An array with a line that can't be used makes a run keep its own copy of the batch, and a list of what it refused.
            string[] lines = await File.ReadAllLinesAsync(Bed.Batch);
            await File.WriteAllTextAsync(Bed.Batch, "[" + string.Join(",", lines.Skip(1)) + ",{\"id\":7}]");
            foreach (bool budget in (bool[])[false, true])
            {
                Bed.Judge.On = static (_, question) => Answer(question);
                await Bed.RunAsync(WholeOf(budget), Request(budget));
                await Bed.RunAsync("run", Request(budget));
                Move(finished: true, budget);
                int left = 61;
                Bed.Judge.On = (_, question) =>
                {
                    if (Interlocked.Decrement(ref left) == 0)
                    {
                        Bed.Monitors.Of("run").Stop(new Halt(HaltKind.Limit, "stop"));
                    }

                    return Answer(question);
                };
                await Bed.RunAsync("run", Request(budget));
                Move(finished: false, budget);
            }

            Bed.Judge.On = static (_, question) => Answer(question);
        }

        public ValueTask DisposeAsync()
        {
            Bed.Dispose();
            return ValueTask.CompletedTask;
        }

        internal static string WholeOf(bool budget) => budget ? "whole-budget" : "whole";

        internal EvaluationRequest Request(bool budget) => new()
        {
            Batch = Bed.Batch,
            Policy = budget ? new PolicyOptions { Kind = PolicyKind.Budget, Judgements = 150, Max = 16 } : new PolicyOptions { Kind = PolicyKind.Adaptive, Max = 12 },
        };

        internal void Clear()
        {
            if (Directory.Exists(Bed.PathOf("")))
            {
                Directory.Delete(Bed.PathOf(""), recursive: true);
            }
        }

        internal async Task RestoreAsync(bool finished, bool budget)
        {
            Clear();
            string from = KeptOf(finished, budget);
            foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
            {
                string to = Bed.PathOf(Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                await File.WriteAllBytesAsync(to, await File.ReadAllBytesAsync(file));
            }
        }

        private void Move(bool finished, bool budget)
        {
            Directory.CreateDirectory(Kept);
            Directory.Move(Bed.PathOf("").TrimEnd('/'), KeptOf(finished, budget));
        }

        private string KeptOf(bool finished, bool budget) => Path.Combine(Kept, $"{finished}-{budget}");

        private static JudgeReply? Answer(JudgeQuestion question) =>
            question.Seed % 7 == 0 ? new JudgeReply { Text = "Neither.", Finish = "stop", Usage = new Usage(10, 5) } : null;
    }
}
