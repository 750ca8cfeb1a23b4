using System.Runtime.CompilerServices;
using Tribunal.Cli.Output;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Runs.Resuming;
using Tribunal.Runs;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Recorded;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Voting;
using Tribunal.Runs.Labels;

namespace Tribunal.Cli.Inputs;

/// <summary>Ledgers that a command line names: runs' folders, or files of recorded judgements.</summary>
internal sealed class LedgerInputs
{
    private readonly IReadOnlyList<string> _paths;
    private readonly string? _run;

    private LedgerInputs(IReadOnlyList<string> paths, IReadOnlyList<RunManifest> manifests, bool recorded)
    {
        (_paths, Manifests, _run) = (paths, manifests, paths is [var only] ? only : null);
        Protocol = !recorded && manifests.Select(static m => m.Protocol).Distinct(StringComparer.Ordinal).Count() == 1 ? manifests[0].Protocol : null;
        Panel = !recorded && manifests is [{ Members: not null } run] ? run : null;
    }

    /// <summary>Whether nothing was named.</summary>
    public bool IsEmpty => _paths.Count == 0;

    /// <summary>Lines of runs under way that could not be read: they are drawn again when these go on.</summary>
    public long Unreadable { get; private set; }

    /// <summary>The manifests of the runs among the inputs.</summary>
    public IReadOnlyList<RunManifest> Manifests { get; }

    /// <summary>The protocol that all runs share; null where they differ or where files of any origin are among the inputs.</summary>
    public string? Protocol { get; }

    /// <summary>The run whose panel is voted on again; null where the input is no single run of a panel.</summary>
    public RunManifest? Panel { get; }

    /// <summary>How judgements of several judges are put on one footing: as the run's panel did.</summary>
    public MemberVotes Footing => Panel?.Footing ?? MemberVotes.Apart;

    /// <summary>Whether the simulated judge made any of the runs.</summary>
    public bool Simulated => Manifests.Any(static manifest => manifest.Simulated);

    /// <summary>Whether all of it was imported, so that scores may be on any scale.</summary>
    public bool Imported => Manifests.Count == _paths.Count && Manifests.All(static manifest => manifest.Origin == RunOrigin.Imported);

    /// <summary>Whether a folder, or a file in it, is read.</summary>
    public bool Reads(string folder) => _paths.Any(path => path == folder || Path.GetDirectoryName(path) == folder);

    /// <summary>Finds what was named.</summary>
    /// <exception cref="CommandException">A path is neither, or stands twice.</exception>
    public static async Task<LedgerInputs> OpenAsync(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var manifests = new List<RunManifest>();
        string[] full = [.. paths.Select(static path => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)))];
        foreach (string path in full.Where(static path => !File.Exists(path)))
        {
            // Opening a store makes its folder: look first.
            manifests.Add(File.Exists(Path.Combine(path, RunFiles.Manifest)) && await StoredManifest.ShownAsync(new LocalRunStore(path), cancellationToken) is { } manifest
                ? manifest
                : throw new CommandException(ExitCodes.Usage, Directory.Exists(path) ? $"there is no run in {path}" : $"there is no run and no ledger at {path}"));
            if (!File.Exists(Path.Combine(path, RunFiles.Judgements)) && !Directory.Exists(Path.Combine(path, RunFiles.PartsPrefix)))
            {
                throw new CommandException(ExitCodes.Usage, $"{path} has no ledger: {RunFiles.Judgements} is not there; put it back from a copy, or go on with the run");
            }
        }

        IEnumerable<string> files = full.Select(static path => File.Exists(path) ? path : Path.Combine(path, RunFiles.Judgements));
        return files.Distinct(StringComparer.Ordinal).Count() == full.Length
            ? new LedgerInputs(full, manifests, recorded: full.Any(File.Exists))
            : throw new CommandException(ExitCodes.Usage, "a ledger is named twice: its judgements would count twice");
    }

    /// <summary>The batch: the one named, or the one that all runs scored.</summary>
    /// <exception cref="CommandException">There is none, or the runs scored different ones.</exception>
    public string BatchOf(FileInfo? named)
    {
        // What can't be read in ranges, or by the names of its fields, a run has copied; and a server keeps what it was sent.
        string[] copies = [.. _paths.Select(static path => Path.Combine(path, RunFiles.Batch)).Where(File.Exists)];
        if (named is null && copies.Length > 0 && copies.Length == _paths.Count && Manifests.Select(static manifest => manifest.Request.Batch).Distinct(StringComparer.Ordinal).Count() == 1)
        {
            return copies[0];
        }

        string[] batches = [.. Manifests.Select(static manifest => manifest.Request.Batch).Distinct(StringComparer.Ordinal)];
        string batch = named?.FullName ?? batches switch
        {
            [var only] => only,
            [] => throw new CommandException(ExitCodes.Usage, "--batch is needed: only runs know what they judge"),
            _ => throw new CommandException(ExitCodes.Usage, $"the runs scored different batches ({string.Join(", ", batches)}): name one with --batch"),
        };
        return File.Exists(batch) ? batch : throw new CommandException(ExitCodes.Usage, $"there is no batch at {batch}: name it with --batch");
    }

    /// <summary>Reads the ledgers.</summary>
    /// <param name="traits">Whether to keep what the texts look like.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="LedgerException">A line is not a judgement, or a finished run's ledger is not whole; the message names the file.</exception>
    public async Task<LedgerVote> ReadAsync(bool traits, CancellationToken cancellationToken)
    {
        var ledger = new LedgerVote(traits) { OnlyJudged = Manifests.Any(static manifest => manifest.Request.Selection is not null) };
        Unreadable = 0;
        await ledger.ReadAsync(JudgementsAsync(ledger.Line, cancellationToken), cancellationToken);
        foreach (string run in _paths.Where(static path => !File.Exists(path)))
        {
            ledger.Labels.Merge(await RunLabels.ReadAsync(new LocalRunStore(run), cancellationToken));
        }

        if (Unreadable > 0)
        {
            await Console.Error.WriteLineAsync($"warning: {Unreadable:N0} lines of a run under way can't be read and were passed over; the run draws them again when it goes on");
        }

        return ledger;
    }

    /// <summary>The lines of all inputs, as they stand.</summary>
    public async IAsyncEnumerable<NamedLine> LinesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string path in _paths)
        {
            await using FileStream? file = File.Exists(path) ? File.OpenRead(path) : null;
            IAsyncEnumerable<NamedLine> lines = file is null
                ? RunLedger.LinesAsync(new LocalRunStore(path), cancellationToken)
                : LedgerReader.ReadWithHintedAsync(file, NamedLine.Read, path, cancellationToken: cancellationToken);
            await foreach (NamedLine line in lines.WithCancellation(cancellationToken))
            {
                yield return line;
            }
        }
    }

    /// <summary>What the members of the run's panel weighed; null where they all weighed the same.</summary>
    public PanelWeights? WeightsOfRun() => Panel is null ? null
        : Panel.Request.Panel
            ?? (_run is { } run && File.Exists(Path.Combine(run, RunFiles.PanelWeights)) ? PanelFiles.Read(Path.Combine(run, RunFiles.PanelWeights)) : null)
            ?? Schemes.ByHand(Panel.Request.Judges!, [.. Panel.Members!.Select(static member => (member.Judge, member.Protocol))]);

    /// <summary>The protocol files that the run keeps, by the names of their protocols.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ProtocolTextsAsync(CancellationToken cancellationToken) => _run is { } run && Manifests is [var manifest]
        ? await RecordedOptions.KeptFilesAsync(new LocalRunStore(run), manifest, cancellationToken)
        : new Dictionary<string, string>();

    /// <summary>Copies the protocol files that the run keeps, where there is one run.</summary>
    public async Task KeepProtocolsAsync(string folder, CancellationToken cancellationToken)
    {
        foreach (string name in _run is null || Manifests is [] ? [] : (Manifests[0].ProtocolFiles ?? new Dictionary<string, string>()).Values.Select(RunFiles.Protocol))
        {
            if (File.Exists(Path.Combine(_run!, name)))
            {
                await new LocalRunStore(folder).WriteDocumentAsync(name, await File.ReadAllBytesAsync(Path.Combine(_run!, name), cancellationToken), cancellationToken);
            }
        }
    }

    /// <summary>Rollouts with their judgements, in memory.</summary>
    /// <exception cref="CommandException">There is no batch.</exception>
    public async Task<List<RolloutLedger>> JoinAsync(FileInfo? batch, bool traits, CancellationToken cancellationToken)
    {
        string path = BatchOf(batch);
        return await JoinAsync(await ReadAsync(traits, cancellationToken), path, cancellationToken);
    }

    /// <summary>Rollouts with what a ledger holds of them, in memory.</summary>
    /// <exception cref="BatchFormatException">The batch can't be read.</exception>
    public static async Task<List<RolloutLedger>> JoinAsync(LedgerVote ledger, string batch, CancellationToken cancellationToken)
    {
        var joined = new List<RolloutLedger>();
        await using FileStream rollouts = File.OpenRead(batch);
        await foreach (RolloutLedger rollout in ledger.JoinAsync(rollouts, cancellationToken))
        {
            joined.Add(rollout);
        }

        return joined;
    }

    // All inputs, one after the other.
    private async IAsyncEnumerable<Judgement> JudgementsAsync(ReadJudgement<Judgement> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string path in _paths)
        {
            if (!File.Exists(path))
            {
                var store = new LocalRunStore(path);
                RunSummary? summary = await StoredDocument.TryReadAsync(store, RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken);
                await foreach (Judgement judgement in RunLedger.ReadAsync(store, path, summary, read, () => Unreadable++, cancellationToken))
                {
                    yield return judgement;
                }

                continue;
            }

            await using FileStream stream = File.OpenRead(path);
            await foreach (Judgement judgement in LedgerReader.ReadAsync(stream, read, path, cancellationToken: cancellationToken))
            {
                yield return judgement;
            }
        }
    }
}
