using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Recorded;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Runs.BatchApi;

/// <summary>How far a run through a batch API is.</summary>
public sealed record OpenAiBatchState
{
    /// <summary>Rollouts judged or to judge.</summary>
    public required long Rollouts { get; init; }

    /// <summary>Refused lines of the batch.</summary>
    public required long Invalid { get; init; }

    /// <summary>Answers that stand in the ledger.</summary>
    public required long Answers { get; init; }

    /// <summary>Answers that could not be used, each with its file, line and reason; the first hundred.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>Answers that could not be used, in all.</summary>
    public required long Unusable { get; init; }

    /// <summary>Requests to hand to the batch API now; 0 when the run is complete.</summary>
    public required long Requests { get; init; }

    /// <summary>The files that hold them.</summary>
    public required IReadOnlyList<string> RequestFiles { get; init; }

    /// <summary>The summary, when the run is complete.</summary>
    public RunSummary? Summary { get; init; }
}

/// <summary>
/// A run whose judgements come from a batch API, in a local folder. Every step starts from what is there: it takes in all answers, asks
/// what is missing, and writes that as request files; or, when nothing is, votes and publishes as any run does. Seeds and presentation
/// orders are those of any run, so a request asked twice is the same request.
/// </summary>
/// <param name="folder">The run's folder; its last segment is the run's id.</param>
/// <param name="request">What to evaluate; its batch is a local path.</param>
/// <param name="judge">Who judges; its endpoint is not asked.</param>
/// <param name="time">The clock.</param>
/// <param name="reports">Renders the report; null writes none.</param>
/// <param name="omit">Request fields that the model doesn't take: <c>temperature</c>, <c>top_p</c>, <c>max_tokens</c>, <c>seed</c>.</param>
public sealed class OpenAiBatchRun(
    string folder, EvaluationRequest request, Judge judge, TimeProvider time, IReportWriter? reports = null, IReadOnlyList<string>? omit = null)
{
    /// <summary>Where request files are written, below the run's folder.</summary>
    public const string RequestsFolder = RunFiles.BatchApiPrefix + "requests";

    /// <summary>Where the API's output and error files belong, below the run's folder; their names do not matter.</summary>
    public const string AnswersFolder = RunFiles.BatchApiPrefix + "answers";

    private const int ProblemsKept = 100;
    private readonly string _requests = Path.Combine(folder, RequestsFolder);
    private readonly string _answers = Path.Combine(folder, AnswersFolder);
    private readonly List<string> _problems = [];

    /// <summary>Takes the next step.</summary>
    /// <exception cref="RunMismatchException">The folder holds a run that was started for something else.</exception>
    /// <exception cref="RunDamagedException">A file of the run is not whole and can't be made again.</exception>
    /// <exception cref="BatchFormatException">The batch or an answer file is broken as a whole.</exception>
    /// <exception cref="FileNotFoundException">There is no such batch.</exception>
    public async Task<OpenAiBatchState> AdvanceAsync(CancellationToken cancellationToken = default)
    {
        _problems.Clear();
        Directory.CreateDirectory(_answers);
        string root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        var store = new LocalRunStore(root);
        var steps = new RunSteps(
            new LocalRunStores(Path.GetDirectoryName(root)!), new JudgeRegistry(_ => judge with { Endpoint = new BatchApi(judge.Model) }, (_, _) => throw new NotSupportedException()), new RunMonitors(), new ActivityOptions(), time,
            NullLogger<RunSteps>.Instance, reports);
        RunPlan plan = await steps.CallAsync(Names.PlanBatch, new BatchRun(store.RunId, request), cancellationToken);
        if (Directory.Exists(_requests))
        {
            Directory.Delete(_requests, recursive: true);
        }

        var state = new OpenAiBatchState
        {
            Rollouts = plan.Rollouts,
            Invalid = plan.Invalid,
            Answers = plan.Complete?.Judgements ?? 0,
            Problems = _problems,
            Unusable = 0,
            Requests = 0,
            RequestFiles = [],
        };
        if (plan.Complete is null)
        {
            RunContext context = await steps.Runs.OpenAsync(store.RunId, attempt: 0);
            (long answers, long unusable) = await TakeInAsync(context, cancellationToken);
            state = state with { Answers = answers, Unusable = unusable };
            int wave = 0;

            // A file of answers takes hours: where a first wave is learned from, it is everybody's first round.
            context.PilotsAll = true;
            if (plan.Pilots)
            {
                state = await AskAsync(context, state, wave++, cancellationToken);
                if (state.Requests > 0)
                {
                    return state;
                }

                await steps.CallAsync(Names.FitJudge, new RunReference(store.RunId), cancellationToken);
            }

            state = await AskAsync(context, state, wave, cancellationToken);
            if (state.Requests > 0)
            {
                return state;
            }

            foreach (Shard shard in context.Shards)
            {
                await steps.CallAsync(Names.CastShard, new ShardRun(store.RunId, shard.Index, wave, LastWave: true), cancellationToken);
            }

            await steps.CallAsync(Names.Publish, new PublishRequest(store.RunId, Halt: null), cancellationToken);
        }

        return state with { Summary = await StoredDocument.TryReadAsync(store, RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken) };
    }

    // Answers go into the ledger of their rollout's shard, each once: the first of a name stands.
    private async Task<(long Answers, long Unusable)> TakeInAsync(RunContext context, CancellationToken cancellationToken)
    {
        var places = new Dictionary<string, Place>(StringComparer.Ordinal);
        var standing = new HashSet<(string, int)>();
        foreach (Shard shard in context.Shards)
        {
            IReadOnlyList<Rollout> rollouts = await context.RolloutsAsync(shard.Index);
            LedgerContents ledger = await context.LedgerOf(shard.Index).ReadAsync(rollouts, static _ => false, cancellationToken);
            foreach (Rollout rollout in rollouts)
            {
                places.Add(rollout.Id, new Place(shard.Index, rollout.Responses.Count, TagOf(rollout)));
                standing.UnionWith(ledger.Of(rollout.Id).Select(static judgement => (judgement.RolloutId, judgement.Sample)));
            }
        }

        var options = new ImportOptions { Format = RecordedFormat.OpenAiBatch, Grammar = judge.Protocol, Judge = judge.Model };
        long unusable = 0;
        foreach (string file in Directory.EnumerateFiles(_answers).Order(StringComparer.Ordinal))
        {
            var lines = new SortedDictionary<int, ArrayBufferWriter<byte>>();
            await foreach (RecordedLine line in ReadAsync(file, options, cancellationToken))
            {
                if (WhyNot(line, places) is { } why)
                {
                    unusable++;
                    Keep($"{Path.GetFileName(file)}, line {line.Line}: {why}");
                    continue;
                }

                TracedJudgement judgement = line.Judgements[0] with { Seed = SampleSeed.Of(request.Seed, line.Judgements[0].RolloutId, line.Judgements[0].Sample), Judge = judge.Model };
                if (standing.Add((judgement.RolloutId, judgement.Sample)))
                {
                    int shard = places[judgement.RolloutId].Shard;
                    if (!lines.TryGetValue(shard, out ArrayBufferWriter<byte>? own))
                    {
                        lines.Add(shard, own = new ArrayBufferWriter<byte>());
                    }

                    JudgementLine.Write(own, judgement);
                }
            }

            foreach ((int shard, ArrayBufferWriter<byte> own) in lines)
            {
                await using ILedgerPart part = await context.Store.OpenPartAsync(RunFiles.Kept(shard), cancellationToken);
                await part.AppendAsync(own.WrittenMemory, cancellationToken);
            }
        }

        return (standing.Count, unusable);
    }

    // A folder holds many files: what one of them is not is said with its name.
    private static async IAsyncEnumerable<RecordedLine> ReadAsync(string file, ImportOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using FileStream stream = File.OpenRead(file);
        await using IAsyncEnumerator<RecordedLine> lines = LedgerImport.ReadAsync(stream, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await lines.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (BatchFormatException exception)
            {
                throw new BatchFormatException($"{file}: {exception.Message}", exception);
            }

            yield return lines.Current;
        }
    }

    // Other runs' answers may lie in the folder, of other batches with the same ids too: what this run doesn't ask it doesn't take.
    private string? WhyNot(RecordedLine line, Dictionary<string, Place> places)
    {
        if (line.Error is not null || line.MayAskAgain)
        {
            return line.Error ?? line.Judgements[0].Why;
        }

        Judgement judgement = line.Judgements[0];
        return !places.TryGetValue(judgement.RolloutId, out Place? place) ? $"the batch has no rollout {judgement.RolloutId}"
            : line.Tag is not null && line.Tag != place.Tag ? $"sample {judgement.Sample} of {judgement.RolloutId} was asked by a run of another batch, judge, prompt or seed"
            : !Asks(judgement, place.Responses)
                ? $"this run has no sample {judgement.Sample} of {judgement.RolloutId} that shows its responses as {string.Join('.', judgement.Order)}: it answers another run's request"
            : null;
    }

    // The same for every step of a run, and another for whatever else may be asked under the same names.
    private string TagOf(Rollout rollout)
    {
        SamplingDefaults sampling = judge.Sampling;
        string settings = string.Create(CultureInfo.InvariantCulture, $"{judge.Model}|{sampling.Temperature}|{sampling.TopP}|{sampling.MaxTokens}");
        ulong hash = StableHash.Of((ulong)request.Seed, settings, PromptFingerprint.Of(judge.Protocol), JsonSerializer.Serialize(rollout, TribunalJson.Default.Rollout));
        return hash.ToString("x16", CultureInfo.InvariantCulture)[..8];
    }

    private bool Asks(Judgement answer, int responses)
    {
        bool exists = judge.Protocol.Kind != JudgingKind.Pairwise || (responses > 1 && answer.Sample - Hints.FirstSample < PairIndex.Count(responses));
        return exists && SampleDraw.Of(judge.Protocol.Kind, request.Seed, answer.RolloutId, responses, answer.Sample).Order.SequenceEqual(answer.Order);
    }

    private async Task<OpenAiBatchState> AskAsync(RunContext context, OpenAiBatchState state, int wave, CancellationToken cancellationToken)
    {
        var files = new List<string>();
        await using var writer = new OpenAiBatchWriter(number => OpenRequests(number, files));
        foreach (Shard shard in context.Shards)
        {
            IReadOnlyList<Rollout> rollouts = await context.RolloutsAsync(shard.Index);
            var round = new ShardRound(context.Manifest.RunId, shard.Index, wave, Round: 0, LastWave: true);
            foreach (PlannedDraw planned in await PlanRound.DrawsAsync(context, round, rollouts, cancellationToken))
            {
                Rollout rollout = rollouts[planned.Rollout];
                Draw draw = SampleDraw.Of(judge.Protocol.Kind, request.Seed, rollout.Id, rollout.Responses.Count, planned.Sample);
                JudgePrompt prompt = judge.Protocol.Compose(judge.View.Of(rollout), draw.Order);
                if (prompt is { Parts.Count: > 1 } or { Scalar: true })
                {
                    Keep($"{rollout.Id}, sample {draw.Sample}: {judge.Protocol.Name} asks about one response at a time, or for a reward; a batch API answers one chat request per judgement");
                    continue;
                }

                string? refused = await writer.WriteAsync(
                    new OpenAiBatchRequest
                    {
                        RolloutId = rollout.Id,
                        Sample = draw.Sample,
                        Tag = TagOf(rollout),
                        Order = draw.Order,
                        Messages = prompt.Messages,
                        Fields = prompt.Fields,
                        Model = judge.Model,
                        Temperature = Takes("temperature", prompt) ? judge.Sampling.Temperature : null,
                        TopP = Takes("top_p", prompt) ? judge.Sampling.TopP : null,
                        MaxTokens = Takes("max_tokens", prompt) ? judge.Sampling.MaxTokens : null,
                        Seed = Takes("seed", prompt) ? SampleSeed.Of(request.Seed, rollout.Id, draw.Sample) : null,
                    },
                    cancellationToken);
                if (refused is not null)
                {
                    Keep($"{rollout.Id}, sample {draw.Sample}: {refused}");
                }
            }
        }

        return state with { Requests = writer.Requests, RequestFiles = files };
    }

    private FileStream OpenRequests(int number, List<string> files)
    {
        Directory.CreateDirectory(_requests);
        string path = Path.Combine(_requests, $"requests-{number:D3}.jsonl");
        files.Add(path);
        return new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 64 * 1024, FileOptions.Asynchronous);
    }

    private void Keep(string problem)
    {
        if (_problems.Count < ProblemsKept)
        {
            _problems.Add(problem);
        }
    }

    private bool Takes(string field, JudgePrompt prompt) => omit?.Contains(field, StringComparer.Ordinal) != true && prompt.Fields?.LeaveOut.Contains(field, StringComparer.Ordinal) != true;

    /// <summary>What an answer about a rollout must fit.</summary>
    private sealed record Place(int Shard, int Responses, string Tag);

    /// <summary>What stands for the batch API, which is asked by files.</summary>
    private sealed class BatchApi(string model) : IJudge
    {
        public string Name => model;

        public Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken) => throw new NotSupportedException("a batch API is asked by files");

        public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => Task.FromResult(new JudgeHealth(true, "asked by files"));
    }
}
