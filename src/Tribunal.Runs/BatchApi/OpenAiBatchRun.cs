using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Recorded;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
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
/// A run whose judgements come from a batch API, in a local folder. Every step starts from what is there: it reads all
/// answers, asks the policy what is missing, and writes that as request files; or, when nothing is, the verdicts. Seeds and
/// presentation orders are those of any run, so a request asked twice is the same request.
/// </summary>
/// <param name="folder">The run's folder; its last segment is the run's id.</param>
/// <param name="batch">The batch.</param>
/// <param name="request">What to evaluate.</param>
/// <param name="protocol">How the judge is asked.</param>
/// <param name="model">The judge's model.</param>
/// <param name="sampling">Sampling parameters.</param>
/// <param name="time">The clock.</param>
/// <param name="price">Prices, where known.</param>
/// <param name="omit">Request fields that the model doesn't take: <c>temperature</c>, <c>top_p</c>, <c>max_tokens</c>, <c>seed</c>.</param>
public sealed class OpenAiBatchRun(
    string folder, IBatchFile batch, EvaluationRequest request, IProtocol protocol, string model, SamplingDefaults sampling, TimeProvider time, TokenPrice? price = null,
    IReadOnlyList<string>? omit = null)
{
    /// <summary>Where request files are written, below the run's folder.</summary>
    public const string RequestsFolder = "openai-batch/requests";

    /// <summary>Where the API's output and error files belong, below the run's folder; their names do not matter.</summary>
    public const string AnswersFolder = "openai-batch/answers";

    private const int ProblemsKept = 100;
    private readonly string _requests = Path.Combine(folder, RequestsFolder);
    private readonly string _answers = Path.Combine(folder, AnswersFolder);
    private readonly IJudgingScheme _scheme = Schemes.For(request, protocol);

    /// <summary>Takes the next step.</summary>
    /// <exception cref="RunMismatchException">The folder holds a run that was started for something else.</exception>
    /// <exception cref="BatchFormatException">The batch or an answer file is broken as a whole.</exception>
    /// <exception cref="FileNotFoundException">There is no such batch.</exception>
    public async Task<OpenAiBatchState> AdvanceAsync(CancellationToken cancellationToken = default)
    {
        var store = new LocalRunStore(folder);
        Directory.CreateDirectory(_answers);
        RunManifest manifest = await OpenAsync(store, cancellationToken);
        var ledger = new Dictionary<string, List<Judgement>>(StringComparer.Ordinal);
        var problems = new List<string>();
        (long answers, long unusable) = await ReadAnswersAsync(ledger, problems, cancellationToken);
        if (Directory.Exists(_requests))
        {
            Directory.Delete(_requests, recursive: true);
        }

        long rollouts = 0;
        long invalid = 0;
        var files = new List<string>();
        long requests;
        await using (var writer = new OpenAiBatchWriter(number => OpenRequests(number, files)))
        await using (FileStream refused = Create(RunFiles.Invalid))
        await using (var refusals = new LineWriter(refused))
        {
            await foreach ((Rollout? rollout, InvalidLine? line) in RolloutsAsync(manifest, cancellationToken))
            {
                if (rollout is null)
                {
                    invalid++;
                    await refusals.WriteAsync(line!, cancellationToken);
                    continue;
                }

                rollouts++;
                await AskAsync(writer, rollout, ledger.GetValueOrDefault(rollout.Id) ?? [], problems, cancellationToken);
            }

            requests = writer.Requests;
        }

        manifest = manifest with { Rollouts = rollouts, Invalid = invalid };
        await WriteManifestAsync(store, manifest, cancellationToken);
        RunSummary? summary = requests > 0 ? null : await PublishAsync(store, manifest, ledger, cancellationToken);
        return new OpenAiBatchState
        {
            Rollouts = rollouts,
            Invalid = invalid,
            Answers = answers,
            Unusable = unusable,
            Problems = problems,
            Requests = requests,
            RequestFiles = files,
            Summary = summary,
        };
    }

    private async Task<RunManifest> OpenAsync(LocalRunStore store, CancellationToken cancellationToken)
    {
        var wanted = new RunManifest
        {
            RunId = store.RunId,
            Request = request,
            Batch = await batch.FingerprintAsync(cancellationToken),
            Judge = model,
            Model = model,
            Protocol = protocol.Name,
            Prompt = PromptFingerprint.Of(protocol),
            Sampling = sampling,
            Created = time.GetUtcNow(),
        };
        if (await store.ReadDocumentAsync(RunFiles.Manifest, cancellationToken) is not { } known)
        {
            return wanted;
        }

        RunManifest manifest = ContractJson.Read(known, RunsJson.Default.RunManifest)!;
        return manifest.WhyNotResumable(wanted) is { } why ? throw new RunMismatchException($"{store.RunId} can't be resumed: {why}") : manifest;
    }

    private static Task WriteManifestAsync(LocalRunStore store, RunManifest manifest, CancellationToken cancellationToken) =>
        store.WriteDocumentAsync(RunFiles.Manifest, JsonSerializer.SerializeToUtf8Bytes(manifest, RunsJson.Readable.RunManifest), cancellationToken);

    private async Task<(long Answers, long Unusable)> ReadAnswersAsync(Dictionary<string, List<Judgement>> ledger, List<string> problems, CancellationToken cancellationToken)
    {
        var options = new ImportOptions { Format = RecordedFormat.OpenAiBatch, Grammar = protocol, Judge = model };
        var standing = new HashSet<(string, int)>();
        long unusable = 0;
        string temporary = Path.Combine(folder, RunFiles.Judgements + ".tmp~");
        await using (FileStream output = File.Create(temporary))
        await using (var writer = new LineWriter(output))
        {
            foreach (string file in Directory.EnumerateFiles(_answers).Order(StringComparer.Ordinal))
            {
                await using FileStream stream = File.OpenRead(file);
                await foreach (RecordedLine line in LedgerImport.ReadAsync(stream, options, cancellationToken))
                {
                    // Output files of an earlier round and its repetition may hold the same request: the first answer stands.
                    if (line.Error is not null || line.MayAskAgain)
                    {
                        unusable++;
                        Keep(problems, $"{Path.GetFileName(file)}, line {line.Line}: {line.Error ?? line.Judgements[0].Why}");
                        continue;
                    }

                    Judgement judgement = line.Judgements[0] with { Seed = SampleSeed.Of(request.Seed, line.Judgements[0].RolloutId, line.Judgements[0].Sample), Judge = model };
                    if (!standing.Add((judgement.RolloutId, judgement.Sample)))
                    {
                        continue;
                    }

                    await writer.WriteAsync(judgement, cancellationToken);
                    if (!ledger.TryGetValue(judgement.RolloutId, out List<Judgement>? own))
                    {
                        ledger.Add(judgement.RolloutId, own = []);
                    }

                    own.Add(judgement with { Text = null, Reasoning = null });
                }
            }
        }

        File.Move(temporary, Path.Combine(folder, RunFiles.Judgements), overwrite: true);
        return (standing.Count, unusable);
    }

    private async IAsyncEnumerable<(Rollout? Rollout, InvalidLine? Invalid)> RolloutsAsync(
        RunManifest manifest, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var validator = new RolloutValidator();
        await using Stream stream = await batch.OpenAsync(manifest.Batch, 0, null, cancellationToken);
        await foreach (BatchLine line in RolloutReader.ReadAsync(stream, cancellationToken: cancellationToken))
        {
            string? fault = line.Error ?? validator.Check(line.Rollout!);
            yield return fault is null ? (line.Rollout, null) : (null, new InvalidLine(line.Line, fault, line.Rollout?.Id));
        }
    }

    private bool Takes(string field) => omit?.Contains(field, StringComparer.Ordinal) != true;

    private async Task AskAsync(OpenAiBatchWriter writer, Rollout rollout, List<Judgement> drawn, List<string> problems, CancellationToken cancellationToken)
    {
        if (protocol.WhyNot(rollout) is not null)
        {
            return;
        }

        var held = drawn.Select(static j => j.Sample).ToHashSet();
        foreach (Draw draw in _scheme.Next(rollout, drawn).Draws.Where(d => !held.Contains(d.Sample)))
        {
            JudgePrompt prompt = protocol.Compose(rollout, draw.Order);
            if (prompt is { Parts.Count: > 1 } or { Scalar: true })
            {
                Keep(problems, $"{rollout.Id}, sample {draw.Sample}: {protocol.Name} asks about one response at a time, or for a reward; a batch API answers one chat request per judgement");
                return;
            }

            string? refused = await writer.WriteAsync(
                new OpenAiBatchRequest
                {
                    RolloutId = rollout.Id,
                    Sample = draw.Sample,
                    Order = draw.Order,
                    Messages = prompt.Messages,
                    Model = model,
                    Temperature = Takes("temperature") ? sampling.Temperature : null,
                    TopP = Takes("top_p") ? sampling.TopP : null,
                    MaxTokens = Takes("max_tokens") ? sampling.MaxTokens : null,
                    Seed = Takes("seed") ? SampleSeed.Of(request.Seed, rollout.Id, draw.Sample) : null,
                },
                cancellationToken);
            if (refused is not null)
            {
                Keep(problems, $"{rollout.Id}, sample {draw.Sample}: {refused}");
            }
        }
    }

    private async Task<RunSummary> PublishAsync(LocalRunStore store, RunManifest manifest, Dictionary<string, List<Judgement>> ledger, CancellationToken cancellationToken)
    {
        var sums = new SummaryPart();
        await using (FileStream output = Create(RunFiles.Verdicts))
        await using (var writer = new LineWriter(output))
        {
            await foreach ((Rollout? rollout, _) in RolloutsAsync(manifest, cancellationToken))
            {
                if (rollout is null)
                {
                    continue;
                }

                List<Judgement> drawn = ledger.GetValueOrDefault(rollout.Id) ?? [];
                Verdict verdict = VerdictCaster.Cast(rollout, drawn, new RoutedRollout(new Branch(null, _scheme, protocol), drawn, null), simulated: false, allowance: null);
                await writer.WriteAsync(verdict, cancellationToken);
                sums.Add(rollout, verdict, drawn);
            }
        }

        RunSummary summary = SummaryWriter.Write(manifest, sums, halt: null, price);
        await store.WriteDocumentAsync(RunFiles.Summary, JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Readable.RunSummary), cancellationToken);
        return summary;
    }

    private FileStream Create(string name) => new(Path.Combine(folder, name), FileMode.Create, FileAccess.Write, FileShare.Read, 64 * 1024, FileOptions.Asynchronous);

    private FileStream OpenRequests(int number, List<string> files)
    {
        Directory.CreateDirectory(_requests);
        string path = Path.Combine(_requests, $"requests-{number:D3}.jsonl");
        files.Add(path);
        return new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 64 * 1024, FileOptions.Asynchronous);
    }

    private static void Keep(List<string> problems, string problem)
    {
        if (problems.Count < ProblemsKept)
        {
            problems.Add(problem);
        }
    }
}
