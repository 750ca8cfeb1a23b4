using System.Text.Json;
using Tribunal.Formats;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Formats.TrainingSets;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Training;
using Tribunal.Runs.Labels;

namespace Tribunal.Runs.Exports;

/// <summary>
/// Training data from a run whose batch is labelled. Streams the batch and reads the ledger a rollout at a time. Prompts are
/// composed again from rollout and order, by the template whose fingerprint the run recorded.
/// </summary>
public static class TrainingExport
{
    /// <summary>The report's name.</summary>
    public const string ReportFile = "training.json";

    /// <summary>Writes the set and its report; both appear whole or not at all.</summary>
    /// <exception cref="TrainingExportException">The run, its batch, its template or the form can't be used.</exception>
    /// <exception cref="LedgerException">A line of the ledger is not a judgement.</exception>
    /// <exception cref="BatchFormatException">The batch is broken as a whole.</exception>
    /// <exception cref="IOException">A file can't be read or written.</exception>
    public static async Task<TrainingReport> WriteAsync(TrainingExportOptions options, CancellationToken cancellationToken = default)
    {
        RunManifest manifest = await ManifestAsync(options.Run, cancellationToken);
        if (manifest.Simulated && !options.AllowSimulated)
        {
            throw new TrainingExportException(new SimulatedRewardsException().Message);
        }

        if (manifest.Request.Routing is not null)
        {
            throw new TrainingExportException("a run with a routing table holds answers to several prompts; training data comes from a run of one");
        }

        (string batch, bool unverified) = await BatchAsync(options, manifest, cancellationToken);
        IReadOnlyDictionary<string, string> kept = await KeptAsync(options.Run, manifest, cancellationToken);
        IProtocol protocol = ProtocolOf(manifest, options.Template ?? KeptProtocol(manifest, kept), RubricsOf(manifest, kept));
        Refuse(protocol, options.Form);
        var example = new ExampleComposer(protocol, manifest.Request.Trajectories is { } view ? options with { View = view } : options, manifest.Simulated);
        TrainingSelection selection;
        try
        {
            selection = new TrainingSelection(new TrainingOptions { Form = options.Form, Protocol = manifest.Protocol, Trajectories = options.Trajectories, OneByOne = protocol is DeclaredProtocol { OneByOne: true }, ExcludedDomains = options.ExcludedDomains });
        }
        catch (ArgumentException exception)
        {
            throw new TrainingExportException(exception.Message, exception);
        }

        Directory.CreateDirectory(options.Output);
        string name = options.Format == TrainingFileFormat.Parquet ? "train.parquet" : "train.jsonl";
        string path = Path.Combine(options.Output, name);
        RunLabels labels = await RunLabels.ReadAsync(new LocalRunStore(options.Run), cancellationToken);
        (IReadOnlyList<string> files, bool underWay) = LedgersOf(options.Run);
        using LedgerIndex ledger = await LedgerIndex.BuildAsync(files, underWay, cancellationToken);
        if (!underWay)
        {
            await RunLedger.RequireAllAsync(new LocalRunStore(options.Run), options.Run, ledger.Lines, cancellationToken);
        }

        var sums = new TrainingSums(options.Form);
        sums.Examples = await WholeFile.WriteAsync(path, async output =>
        {
            await using FileStream rollouts = File.OpenRead(batch);
            ExampleWriter writer = ExampleWriter.Open(options, example, output);
            await foreach (Rollout rollout in RolloutReader.RolloutsAsync(rollouts, cancellationToken).Select(labels.Apply))
            {
                IReadOnlyList<Trajectory> decided = selection.Select(rollout, ledger.Take(rollout.Id));
                sums.Add(rollout, decided);
                await writer.WriteAsync(rollout, decided, cancellationToken);
            }

            await writer.CompleteAsync(cancellationToken);
            return writer.Examples;
        });
        sums.NotInBatch(ledger.Left);
        TrainingReport report = sums.ToReport(options, manifest, name, ledger.Lines, Notes(manifest, unverified, example, ledger.Unreadable));
        await WholeFile.WriteAsync(Path.Combine(options.Output, ReportFile), JsonSerializer.SerializeToUtf8Bytes(report, FormatsJson.Readable.TrainingReport), cancellationToken);
        return report;
    }

    private static IEnumerable<string> Notes(RunManifest manifest, bool unverified, ExampleComposer example, long unreadable)
    {
        if (unreadable > 0)
        {
            yield return $"{unreadable:N0} lines of the run, which is under way, could not be read and were passed over: it draws them again when it goes on.";
        }

        if (manifest.Prompt is null)
        {
            yield return "The run is of an older version and recorded no fingerprint of its prompt: that the prompts are those the judge got can't be checked.";
        }

        if (unverified)
        {
            yield return "The batch is not the file that was judged, by its fingerprint: prompts are what the judge got only where its texts are the same.";
        }

        if (example.Changed > 0)
        {
            yield return $"{example.Changed:N0} examples hold another number of neutralised strings than the ledger recorded: their prompts are not quite what the judge got.";
        }
    }

    // Opening a store makes its folder: look first.
    private static async Task<RunManifest> ManifestAsync(string run, CancellationToken cancellationToken) =>
        (File.Exists(Path.Combine(run, RunFiles.Manifest)) ? await StoredManifest.ShownAsync(new LocalRunStore(run), cancellationToken) : null)
            ?? throw new TrainingExportException($"{run} is no run: it has no {RunFiles.Manifest}");

    // A run that is still under way has its ledger in parts.
    private static (IReadOnlyList<string> Files, bool UnderWay) LedgersOf(string run)
    {
        string whole = Path.Combine(run, RunFiles.Judgements);
        string parts = Path.Combine(run, RunFiles.PartsPrefix);
        return File.Exists(whole) ? ([whole], false)
            : Directory.Exists(parts) ? ([.. Directory.EnumerateFiles(parts, "ledger-*.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal)], true)
            : throw new TrainingExportException($"{run} has no ledger");
    }

    private static async Task<(string Path, bool Unverified)> BatchAsync(TrainingExportOptions options, RunManifest manifest, CancellationToken cancellationToken)
    {
        string copy = Path.Combine(options.Run, RunFiles.Batch);
        if (options.Batch is null && File.Exists(copy))
        {
            return (copy, false);
        }

        string path = options.Batch ?? manifest.Request.Batch;
        if (!File.Exists(path))
        {
            throw new TrainingExportException(options.Batch is null ? $"the run's batch {path} is not there; give it with --batch" : $"there is no batch at {path}");
        }

        if (options.Batch is null && manifest.Origin == RunOrigin.Served)
        {
            return (Path.Combine(options.Run, RunFiles.Served), false);
        }

        bool same = await new LocalBatchFile(path).FingerprintAsync(cancellationToken) == manifest.Batch;
        return same || options.Batch is not null
            ? (path, !same)
            : throw new TrainingExportException($"{path} is no longer what was judged; give the batch with --batch");
    }

    private static async Task<IReadOnlyDictionary<string, string>> KeptAsync(string run, RunManifest manifest, CancellationToken cancellationToken)
    {
        try
        {
            return await ProtocolTexts.OfAsync(new LocalRunStore(run), manifest, cancellationToken);
        }
        catch (RunDamagedException exception)
        {
            throw new TrainingExportException(exception.Message, exception);
        }
    }

    // A run of a protocol file keeps it.
    private static string? KeptProtocol(RunManifest manifest, IReadOnlyDictionary<string, string> kept)
    {
        if (manifest.Members is { } members && members.Select(static member => member.Prompt).Distinct(StringComparer.Ordinal).Count() > 1)
        {
            throw new TrainingExportException("the run was judged by a panel whose members were asked by several prompts: training examples are of one; score the batch with that judge alone");
        }

        return kept.FirstOrDefault(file => file.Key != manifest.Request.RubricFile).Value;
    }

    private static RubricSet RubricsOf(RunManifest manifest, IReadOnlyDictionary<string, string> kept) =>
        manifest.Request.RubricFile is { } file && kept.GetValueOrDefault(file) is { } text ? RubricFileReader.Read(text) : RubricSet.None;

    private static void Refuse(IProtocol protocol, TrainingForm form)
    {
        if (protocol is DeclaredProtocol { Definition.Kind: ProtocolKind.Scalar })
        {
            throw new TrainingExportException($"{protocol.Name} is a classic reward model: it answers with a number and writes nothing to learn from; export preferences trains another one on its rewards");
        }

        if (protocol is DeclaredProtocol { Definition.Kind: ProtocolKind.Rubric } && form != TrainingForm.Spct)
        {
            throw new TrainingExportException($"{protocol.Name} grades criteria, and labels say which response is best and not how a criterion was met: spct takes the answers of judgements that were right");
        }
    }

    // The manifest names the protocol; which of its variants composed the prompts, their fingerprint says.
    private static IProtocol ProtocolOf(RunManifest manifest, string? template, RubricSet rubrics)
    {
        var candidates = new List<IProtocol>();
        string? fault = null;
        foreach (string name in (string[])[manifest.Request.Protocol, manifest.Protocol, .. ProtocolCatalog.Variants])
        {
            try
            {
                IProtocol candidate = ProtocolCatalog.Resolve(name, manifest.Model, template).Protocol;
                if (candidate.Name == manifest.Protocol)
                {
                    candidates.Add(candidate is DeclaredProtocol { ShowsRubric: true } declared ? declared.With(rubrics) : candidate);
                }
            }
            catch (Exception exception) when (exception is ArgumentException or PromptTemplateException)
            {
                fault = exception.Message;
            }
        }

        if (candidates.Count == 0)
        {
            throw new TrainingExportException(fault is not null && template is not null ? $"the template can't be used: {fault}" : $"the run's protocol, {manifest.Protocol}, is none whose prompts are known");
        }

        return manifest.Prompt is null ? candidates[0]
            : candidates.Find(candidate => PromptFingerprint.Of(candidate) == manifest.Prompt)
            ?? throw new TrainingExportException(template is null
                ? "the run's prompt is not a built-in one of this version; give its template with --template"
                : "the template is not the one that the run used");
    }
}
