using System.Globalization;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>
/// What this process may still spend of a run's limits. All processes that draw for the run take shares of what is left, one after the
/// other, and draw while theirs lasts; so together they pass a limit by no more than what is in flight. A share that a killed process
/// had not used stays given away until the next attempt, which counts the ledger. Safe for concurrent use.
/// </summary>
/// <param name="attempt">The attempt, whose shares are its own.</param>
/// <param name="prices">The judges'; null where no cost can be kept.</param>
/// <param name="inFlight">Judgements that this process draws at once: shares cover so many at least, where so much is left.</param>
internal sealed class RunAllowance(IRunStore store, long attempt, SpendLimits limits, PriceList? prices, int inFlight) : IDisposable
{
    // Large enough that shares are few, and small enough that what is left goes to those who draw.
    private const double Share = 1.0 / 8;
    private readonly SemaphoreSlim _taking = new(1);
    private readonly Lock _gate = new();
    private Spending _given = Spending.None;
    private Spending _used = Spending.None;
    private long _judgements;
    private Spending _shared = Spending.None;
    private int _next;

    private bool Unlimited => limits.Tokens is null && (limits.Cost is null || prices is null);

    private bool IsUsedUp
    {
        get
        {
            lock (_gate)
            {
                return (limits.Tokens is not null && _used.Tokens >= _given.Tokens) || (limits.Cost is not null && prices is not null && _used.Cost >= _given.Cost);
            }
        }
    }

    /// <summary>Notes what was spent before the attempt, which is where its shares begin; the first to say so is right.</summary>
    public Task BeginAsync(IReadOnlyDictionary<string, Usage> spent, CancellationToken cancellationToken) => Unlimited
        ? Task.CompletedTask
        : store.TryCreateDocumentAsync(NameOf(0), Document(Of(spent)), cancellationToken);

    /// <summary>Before a judgement is drawn: why none may be, if a limit is reached.</summary>
    public async Task<Halt?> EnterAsync(CancellationToken cancellationToken)
    {
        if (Unlimited || !IsUsedUp)
        {
            return null;
        }

        await _taking.WaitAsync(cancellationToken);
        try
        {
            return IsUsedUp ? await TakeShareAsync(cancellationToken) : null;
        }
        finally
        {
            _taking.Release();
        }
    }

    /// <summary>After one was drawn: counts it, and says whether a limit is reached.</summary>
    public Task<Halt?> CountAsync(Judgement judgement, CancellationToken cancellationToken)
    {
        if (Unlimited)
        {
            return Task.FromResult<Halt?>(null);
        }

        lock (_gate)
        {
            _used += Of(new Dictionary<string, Usage>(StringComparer.Ordinal) { [judgement.Judge] = judgement.Usage });
            _judgements++;
        }

        return EnterAsync(cancellationToken);
    }

    public void Dispose() => _taking.Dispose();

    private static byte[] Document(Spending given) => JsonSerializer.SerializeToUtf8Bytes(given, RunsJson.Default.Spending);

    // Whoever makes the next document has the share: each says what all of them together have been given.
    private async Task<Halt?> TakeShareAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (await StoredDocument.TryReadAsync(store, NameOf(_next), RunsJson.Default.Spending, cancellationToken) is { } known)
            {
                (_shared, _next) = (known, _next + 1);
            }

            if (_next == 0)
            {
                await BeginAsync(await RunSpending.OfPartsAsync(store, cancellationToken), cancellationToken);
                continue;
            }

            if (Reached(_shared) is { } reached)
            {
                return reached;
            }

            Spending share = ShareOf(_shared);
            if (await store.TryCreateDocumentAsync(NameOf(_next), Document(_shared + share), cancellationToken))
            {
                lock (_gate)
                {
                    _given += share;
                }

                (_shared, _next) = (_shared + share, _next + 1);
                return null;
            }
        }
    }

    private Halt? Reached(Spending spent) =>
        limits.Tokens is long tokens && spent.Tokens >= tokens ? new Halt(HaltKind.Limit, $"the limit of {tokens} tokens is reached")
        : limits.Cost is double cost && prices is not null && spent.Cost >= cost ? new Halt(HaltKind.Limit, $"the cost limit of {cost} is reached")
        : null;

    private Spending ShareOf(Spending spent)
    {
        lock (_gate)
        {
            return new Spending(Part(limits.Tokens - spent.Tokens, _used.Tokens), Part(limits.Cost - spent.Cost, _used.Cost));
        }

        double Part(double? left, double used) => left is { } rest ? Math.Min(rest, Math.Max(rest * Share, _judgements == 0 ? 0 : used / _judgements * inFlight)) : 0;
    }

    private Spending Of(IReadOnlyDictionary<string, Usage> byJudge) => new(byJudge.Values.Sum(static usage => usage.Total), prices?.Of(byJudge) ?? 0);

    private string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{RunFiles.SpendingPrefix}{attempt}-{number:D6}.json");
}
