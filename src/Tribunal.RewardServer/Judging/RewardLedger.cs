using System.Buffers;
using System.Security.Cryptography;
using System.Text;
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
/// ledger) and <c>verdicts.jsonl</c>. The other commands read them: vote again, report, export training data. Several
/// instances share a store, each with parts of its own.
/// </summary>
public sealed class RewardLedger : IAsyncDisposable
{
    private const string Configuration = "serve.json";
    private readonly IRunStore _store;
    private readonly IAsyncDisposable? _ownership;
    private readonly List<ILedgerPart> _parts = [];

    private RewardLedger(IRunStore store, IAsyncDisposable? ownership)
    {
        _store = store;
        _ownership = ownership;
    }

    internal PartLineWriter<Rollout> Rollouts { get; private set; } = null!;

    internal PartLineWriter<TracedJudgement> Judgements { get; private set; } = null!;

    internal PartLineWriter<Verdict> Verdicts { get; private set; } = null!;

    /// <summary>Opens a ledger in a folder that this server has alone, or makes one.</summary>
    /// <inheritdoc cref="OpenAsync(IRunStore, string, ReadOnlyMemory{byte}, CancellationToken)"/>
    public static Task<RewardLedger> OpenAsync(LocalRunStore folder, ReadOnlyMemory<byte> configuration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(folder);
        IAsyncDisposable ownership = folder.TryOwn() ?? throw new InvalidOperationException($"another server works on {folder.RunId}");
        return OpenAsync(new RewardLedger(folder, ownership), suffix: "", configuration, cancellationToken);
    }

    /// <summary>Opens a ledger, or makes one.</summary>
    /// <param name="store">Where it lives.</param>
    /// <param name="instance">This server's name among those that share the store.</param>
    /// <param name="configuration">What all of it was judged with; rewards of different configurations are not comparable.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">Another process has it, or it was judged with something else.</exception>
    public static Task<RewardLedger> OpenAsync(IRunStore store, string instance, ReadOnlyMemory<byte> configuration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        return OpenAsync(new RewardLedger(store, ownership: null), $"-{instance}", configuration, cancellationToken);
    }

    private static async Task<RewardLedger> OpenAsync(RewardLedger ledger, string suffix, ReadOnlyMemory<byte> configuration, CancellationToken cancellationToken)
    {
        IRunStore store = ledger._store;
        try
        {
            if (!await store.TryCreateDocumentAsync(Configuration, configuration, cancellationToken)
                && await store.ReadDocumentAsync(Configuration, cancellationToken) is { } recorded && !recorded.AsSpan().SequenceEqual(configuration.Span))
            {
                throw new InvalidOperationException($"{store.RunId} was judged with other options (see its {Configuration}): choose another folder");
            }

            ledger.Rollouts = new PartLineWriter<Rollout>(await ledger.PartAsync($"rollouts{suffix}.jsonl", cancellationToken), static (output, rollout) => Write(output, rollout, TribunalJson.Default.Rollout));
            ledger.Judgements = new PartLineWriter<TracedJudgement>(await ledger.PartAsync($"judgements{suffix}.jsonl", cancellationToken), JudgementLine.Write);
            ledger.Verdicts = new PartLineWriter<Verdict>(await ledger.PartAsync($"verdicts{suffix}.jsonl", cancellationToken), static (output, verdict) => Write(output, verdict, TribunalJson.Default.Verdict));
            return ledger;
        }
        catch
        {
            await ledger.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens this instance's part of a record that several instances share, which is named by what it was judged with.</summary>
    /// <param name="stores">The runs' storage.</param>
    /// <param name="configuration">What all of it is judged with.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<RewardLedger> OpenSharedAsync(IRunStores stores, ReadOnlyMemory<byte> configuration, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(stores);
        ArgumentNullException.ThrowIfNull(time);
        string record = $"rewards-{Convert.ToHexStringLower(SHA256.HashData(configuration.Span))[..16]}";
        string instance = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Environment.MachineName}/{Environment.ProcessId}/{time.GetUtcNow():O}")))[..16];
        return OpenAsync(stores.OpenRun(record), instance, configuration, cancellationToken);
    }

    /// <summary>Everything recorded, by all instances.</summary>
    internal async Task ReadAsync(Action<Rollout> rollout, Action<Judgement> judgement, Action<Verdict> verdict, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (string name in _store.ListAsync("", cancellationToken))
        {
            names.Add(name);
        }

        foreach (string name in names.Where(static name => name.StartsWith("rollouts", StringComparison.Ordinal)))
        {
            await LinesAsync(name, line => rollout(JsonSerializer.Deserialize(line, TribunalJson.Default.Rollout)!), cancellationToken);
        }

        foreach (string name in names.Where(static name => name.StartsWith("judgements", StringComparison.Ordinal)))
        {
            await LinesAsync(name, line => judgement(JudgementLine.Read(line)), cancellationToken);
        }

        foreach (string name in names.Where(static name => name.StartsWith("verdicts", StringComparison.Ordinal)))
        {
            await LinesAsync(name, line => verdict(JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable? writer in (IAsyncDisposable?[])[Rollouts, Judgements, Verdicts])
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

        if (_ownership is not null)
        {
            await _ownership.DisposeAsync();
        }
    }

    private delegate void LineAction(ReadOnlySpan<byte> line);

    private async Task LinesAsync(string name, LineAction read, CancellationToken cancellationToken)
    {
        await using Stream? stream = await _store.OpenReadAsync(name, cancellationToken);
        if (stream is null)
        {
            return;
        }

        using var lines = new LineReader(stream);
        while (await lines.FillAsync(cancellationToken))
        {
            while (lines.TryNext(out ReadOnlySpan<byte> line))
            {
                read(line);
            }
        }
    }

    private async Task<ILedgerPart> PartAsync(string name, CancellationToken cancellationToken)
    {
        ILedgerPart part = await _store.OpenPartAsync(name, cancellationToken);
        _parts.Add(part);
        return part;
    }

    private static void Write<T>(IBufferWriter<byte> output, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
    {
        using (Utf8JsonWriter writer = new(output, new JsonWriterOptions { SkipValidation = true, Encoder = LedgerEncoding.Encoder }))
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        output.Write("\n"u8);
    }
}
