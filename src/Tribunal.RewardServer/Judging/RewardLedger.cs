using System.Security.Cryptography;
using System.Text.Json;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// What the server was asked and what it said, append-only: <c>rollouts.jsonl</c> (a batch), <c>judgements.jsonl</c> (a
/// ledger) and <c>verdicts.jsonl</c>. The other commands read them: vote again, report, export training data. Beside them
/// stand what clients have spent, and the answers to chat questions. Several instances share a store, each with parts of its own, and
/// read what the others add.
/// </summary>
public sealed class RewardLedger : IAsyncDisposable
{
    private const string Configuration = "serve.json";
    private readonly IRunStore _store;
    private readonly IAsyncDisposable? _ownership;
    private readonly List<ILedgerPart> _parts = [];
    private readonly HashSet<string> _own = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _read = new(StringComparer.Ordinal);
    private bool _opened;

    private RewardLedger(IRunStore store, IRunStore answers, IAsyncDisposable? ownership, string? instance)
    {
        _store = store;
        _ownership = ownership;
        Answers = answers;
        Claims = new Claims(store, instance);
        Instance = instance;
    }

    /// <summary>This server's name among those that share the record; null where it has it alone.</summary>
    internal string? Instance { get; }

    /// <summary>Who judges what.</summary>
    internal Claims Claims { get; }

    /// <summary>Chat questions and their answers.</summary>
    internal IRunStore Answers { get; }

    internal PartLineWriter<Rollout> Rollouts { get; private set; } = null!;

    internal PartLineWriter<TracedJudgement> Judgements { get; private set; } = null!;

    internal PartLineWriter<Verdict> Verdicts { get; private set; } = null!;

    internal PartLineWriter<ClientSpent> Spendings { get; private set; } = null!;

    /// <summary>Responses on their way to groups; null where nobody else could read of them.</summary>
    internal PartLineWriter<Arrival>? Arrivals { get; private set; }

    /// <summary>Opens a ledger in a folder that this server has alone, or makes one.</summary>
    /// <inheritdoc cref="OpenSharedAsync(IRunStore, IRunStore, string, ReadOnlyMemory{byte}, CancellationToken)"/>
    public static Task<RewardLedger> OpenAsync(LocalRunStore folder, ReadOnlyMemory<byte> configuration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folder);
        IAsyncDisposable ownership = folder.TryOwn() ?? throw new InvalidOperationException($"another server works on {folder.RunId}");
        return OpenAsync(new RewardLedger(folder, new LocalRunStore(Path.Combine(folder.Folder, "answers")), ownership, instance: null), configuration, cancellationToken);
    }

    /// <summary>Opens this instance's part of a record that several instances share, which is named by what it was judged with.</summary>
    /// <param name="stores">The runs' storage.</param>
    /// <param name="configuration">What all of it is judged with.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<RewardLedger> OpenSharedAsync(IRunStores stores, ReadOnlyMemory<byte> configuration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stores);
        string record = $"rewards-{Convert.ToHexStringLower(SHA256.HashData(configuration.Span))[..16]}";
        return OpenSharedAsync(stores.OpenRun(record), stores.OpenRun($"{record}-answers"), RandomNumberGenerator.GetHexString(16, lowercase: true), configuration, cancellationToken);
    }

    /// <summary>Opens a ledger, or makes one.</summary>
    /// <param name="store">Where it lives.</param>
    /// <param name="answers">Where chat questions and their answers live.</param>
    /// <param name="instance">This server's name among those that share the store: hexadecimal digits, new for every start.</param>
    /// <param name="configuration">What all of it was judged with; rewards of different configurations are not comparable.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">Another process has it, or it was judged with something else.</exception>
    public static Task<RewardLedger> OpenSharedAsync(IRunStore store, IRunStore answers, string instance, ReadOnlyMemory<byte> configuration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        return OpenAsync(new RewardLedger(store, answers, ownership: null, instance), configuration, cancellationToken);
    }

    /// <summary>Everything recorded by all instances; when it was read before, what the others have added since. One call at a time.</summary>
    internal async Task ReadAsync(RecordReader reader, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (string name in _store.ListAsync("", cancellationToken))
        {
            // An instance knows what it wrote itself, but for a record of its own that it goes on with.
            if (!name.Contains('/', StringComparison.Ordinal) && !(_own.Contains(name) && (_opened || Instance is not null)))
            {
                names.Add(name);
            }
        }

        foreach (string kind in (string[])[Parts.Rollouts, Parts.Judgements, Parts.Verdicts, Parts.Spendings, Parts.Arrivals])
        {
            foreach (string name in names.Where(name => Parts.IsOf(name, kind)))
            {
                await LinesAsync(name, line => reader.Read(kind, Parts.InstanceOf(name, kind), line, old: !_opened), cancellationToken);
            }
        }

        _opened = true;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable? writer in (IAsyncDisposable?[])[Rollouts, Judgements, Verdicts, Spendings, Arrivals])
        {
            if (writer is not null)
            {
                await writer.DisposeAsync();
            }
        }

        foreach (ILedgerPart part in _parts)
        {
            await part.DisposeAsync();
        }

        Claims.Dispose();
        if (Arrivals is not null)
        {
            // Nothing waits here any more.
            await _store.DeleteAsync(Parts.NameOf(Parts.Arrivals, Instance), CancellationToken.None);
        }

        if (_ownership is not null)
        {
            await _ownership.DisposeAsync();
        }
    }

    private delegate void LineAction(ReadOnlySpan<byte> line);

    private static async Task<RewardLedger> OpenAsync(RewardLedger ledger, ReadOnlyMemory<byte> configuration, CancellationToken cancellationToken)
    {
        IRunStore store = ledger._store;
        try
        {
            byte[]? recorded = await store.ReadDocumentAsync(Configuration, cancellationToken);
            if (recorded is null && await store.ReadDocumentAsync(RunFiles.Manifest, cancellationToken) is not null)
            {
                throw new InvalidOperationException($"{store.RunId} holds a run that is no server's record (it has no {Configuration}), and would lose its {RunFiles.Manifest}: choose another folder");
            }

            if (!await store.TryCreateDocumentAsync(Configuration, configuration, cancellationToken)
                && (recorded ?? await store.ReadDocumentAsync(Configuration, cancellationToken)) is { } known && !known.AsSpan().SequenceEqual(configuration.Span))
            {
                throw new InvalidOperationException($"{store.RunId} was judged with other options, or its {Configuration}, which says with which, is damaged: choose another folder");
            }

            ledger.Rollouts = new PartLineWriter<Rollout>(await ledger.PartAsync(Parts.Rollouts, cancellationToken), static (output, rollout) => Parts.Write(output, rollout, TribunalJson.Default.Rollout));
            ledger.Judgements = new PartLineWriter<TracedJudgement>(await ledger.PartAsync(Parts.Judgements, cancellationToken), JudgementLine.Write);
            ledger.Verdicts = new PartLineWriter<Verdict>(await ledger.PartAsync(Parts.Verdicts, cancellationToken), static (output, verdict) => Parts.Write(output, verdict, TribunalJson.Default.Verdict));
            ledger.Spendings = new PartLineWriter<ClientSpent>(await ledger.PartAsync(Parts.Spendings, cancellationToken), static (output, spent) => Parts.Write(output, spent, ServeLines.Default.ClientSpent));
            if (ledger.Instance is not null)
            {
                ledger.Arrivals = new PartLineWriter<Arrival>(await ledger.PartAsync(Parts.Arrivals, cancellationToken), static (output, arrival) => Parts.Write(output, arrival, ServeLines.Default.Arrival));
            }

            return ledger;
        }
        catch
        {
            await ledger.DisposeAsync();
            throw;
        }
    }

    private async Task LinesAsync(string name, LineAction read, CancellationToken cancellationToken)
    {
        long at = _read.GetValueOrDefault(name);
        await using Stream? stream = await _store.OpenReadAsync(name, at, cancellationToken);
        if (stream is null)
        {
            return;
        }

        // A line that is still being written is left for the next time.
        using var lines = new LineReader(stream);
        while (await lines.FillAsync(cancellationToken))
        {
            while (lines.TryNext(out ReadOnlySpan<byte> line))
            {
                try
                {
                    read(line);
                }
                catch (JsonException exception)
                {
                    throw new RunDamagedException($"{name} of {_store.RunId} is damaged at byte {at:N0}: put it back from a copy, or choose another folder (what this one holds stays)", exception);
                }

                at += line.Length + 1;
            }
        }

        _read[name] = at;
    }

    private async Task<ILedgerPart> PartAsync(string kind, CancellationToken cancellationToken)
    {
        string name = Parts.NameOf(kind, Instance);
        ILedgerPart part = await _store.OpenPartAsync(name, cancellationToken);
        _own.Add(name);
        _parts.Add(part);
        return part;
    }
}
