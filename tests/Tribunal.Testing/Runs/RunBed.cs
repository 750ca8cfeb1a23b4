using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Reports;
using Tribunal.Rollouts;
using Tribunal.Runs;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;

namespace Tribunal.Testing.Runs;

/// <summary>A temporary folder with a batch, and runs over it.</summary>
internal sealed class RunBed : IDisposable
{
    public RunBed(int rollouts, int responses = 3)
    {
        Folder = Directory.CreateTempSubdirectory("tribunal-").FullName;
        Batch = Path.Combine(Folder, "batch.jsonl");
        File.WriteAllLines(Batch, Enumerable.Range(0, rollouts).Select(i => JsonSerializer.Serialize(
            new Rollout
            {
                Id = $"r{i}",
                Prompt = [new Message("user", $"Question {i}?")],
                Responses = [.. Enumerable.Range(0, responses).Select(j => new Response($"answer {j} of {i}"))],
                Best = [i % responses],
                Domain = i % 2 == 0 ? "even" : "odd",
            },
            TribunalJson.Default.Rollout)));
    }

    public string Folder { get; }

    public string Batch { get; }

    public ScriptedJudge Judge { get; } = new();

    /// <summary>The judge of requests that name it.</summary>
    public ScriptedJudge Second { get; } = new("second");

    public ActivityOptions Options { get; set; } = new() { DrawsPerChunk = 16, DrawsPerShard = 40 };

    public string Protocol { get; set; } = "grm";

    public LearnedMetaModel? LearnedMeta { get; set; }

    public IMetaRewardModel? Meta { get; set; }

    /// <summary>What a million tokens of the judge, and of the second one, cost; null where that is unknown.</summary>
    public (double Judge, double Second)? Prices { get; set; }

    /// <summary>Requests to a judge under way at once.</summary>
    public const int Concurrency = 8;

    public RunMonitors Monitors { get; private set; } = new();

    /// <summary>What runs resolve their names by.</summary>
    public JudgeRegistry Judges => KnownJudges.Of([NewJudge(Judge, Prices?.Judge), NewJudge(Second, Prices?.Second)], Meta is null ? [] : [Meta], LearnedMeta is null ? [] : [LearnedMeta]);

    /// <summary>Runs as a fresh process would.</summary>
    public Task<RunOutcome> RunAsync(string runId = "run", EvaluationRequest? request = null, Action<RunProgress>? onProgress = null, int window = 4, double patienceMinutes = 30)
    {
        Monitors = new RunMonitors();
        RunSteps steps = NewProcess(Monitors);
        request ??= new EvaluationRequest { Batch = Batch, Policy = new() { Samples = 4 } };
        return new InProcessHost(steps, TimeProvider.System, onProgress).RunAsync(new BatchRun(runId, request, window, patienceMinutes), CancellationToken.None);
    }

    /// <summary>Activities that share nothing with others but the folder.</summary>
    public RunSteps NewProcess(RunMonitors? monitors = null) =>
        new(new LocalRunStores(Folder), Judges, monitors ?? new RunMonitors(), Options, TimeProvider.System, NullLogger<RunSteps>.Instance, new ReportWriter());

    public string PathOf(string name, string runId = "run") => Path.Combine(Folder, runId, name);

    public async Task<List<TracedJudgement>> LedgerAsync(string runId = "run")
    {
        await using FileStream stream = File.OpenRead(PathOf(RunFiles.Judgements, runId));
        var judgements = new List<TracedJudgement>();
        await foreach (TracedJudgement judgement in LedgerReader.ReadAsync(stream, JudgementLine.ReadTraced))
        {
            judgements.Add(judgement);
        }

        return judgements;
    }

    public RunSummary Summary(string runId = "run") =>
        JsonSerializer.Deserialize(File.ReadAllBytes(PathOf(RunFiles.Summary, runId)), RunsJson.Default.RunSummary)!;

    private global::Tribunal.Runs.Judges.Judge NewJudge(ScriptedJudge judge, double? price) =>
        global::Tribunal.Runs.Judges.Judge.Of(judge, "m", Protocol) with { Concurrency = Concurrency, Price = price is { } million ? new TokenPrice(million, million) : null };

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
