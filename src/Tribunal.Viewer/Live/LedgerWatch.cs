using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Viewer.Forms;

namespace Tribunal.Viewer.Live;

/// <summary>What a run's ledger holds and how fast it grows, by reading each part on from where it was read to.</summary>
/// <param name="store">The run.</param>
/// <param name="time">The clock.</param>
/// <param name="far">Whether the run is in an account, where each look costs requests.</param>
internal sealed class LedgerWatch(IRunStore store, TimeProvider time, bool far) : IDisposable
{
    private const int MostFailures = 20;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);
    private readonly TimeSpan _lookAgain = far ? TimeSpan.FromSeconds(5) : TimeSpan.FromMilliseconds(900);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(15);
    private readonly SemaphoreSlim _one = new(1);
    private readonly Dictionary<string, long> _read = new(StringComparer.Ordinal);
    private readonly HashSet<(string Rollout, int Sample)> _standing = [];
    private readonly Queue<(long At, long Drawn)> _looks = new();
    private readonly LinkedList<FailureForm> _failures = new();
    private long _grew;
    private long _looked;

    /// <summary>Judgements that stand in the parts.</summary>
    public OutcomeCounts Judgements { get; private set; }

    /// <summary>Their tokens.</summary>
    public Usage Usage { get; private set; }

    /// <summary>Shards whose verdicts are there.</summary>
    public int ShardsDone { get; private set; }

    /// <summary>Whether there are parts: results have not been published, or somebody went on since.</summary>
    public bool HasParts { get; private set; }

    /// <summary>The newest without a verdict, newest first.</summary>
    public IReadOnlyList<FailureForm> Failures
    {
        get
        {
            lock (_failures)
            {
                return [.. _failures];
            }
        }
    }

    /// <summary>Whether the ledger grew a moment ago.</summary>
    public bool IsGrowing => HasParts && QuietFor is { } quiet && quiet < Quiet;

    /// <summary>How long ago the ledger grew last; null where it was not seen to grow.</summary>
    public TimeSpan? QuietFor => _grew == 0 ? null : time.GetElapsedTime(_grew);

    /// <summary>Judgements a second over the last minute that was watched; null before two looks.</summary>
    public double? Rate
    {
        get
        {
            lock (_looks)
            {
                if (_looks.Count < 2)
                {
                    return null;
                }

                (long At, long Drawn) first = _looks.Peek();
                (long At, long Drawn) last = _looks.Last();
                double seconds = time.GetElapsedTime(first.At, last.At).TotalSeconds;
                return seconds <= 0 ? null : (last.Drawn - first.Drawn) / seconds;
            }
        }
    }

    /// <summary>Reads what was added since the last look, at most once a second, and every five from an account.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_looked != 0 && time.GetElapsedTime(_looked) < _lookAgain)
            {
                return;
            }

            long before = Judgements.Drawn;
            bool first = _looked == 0;
            await ReadAsync(cancellationToken);
            _looked = time.GetTimestamp();
            if (Judgements.Drawn > before && !first)
            {
                _grew = _looked;
            }

            lock (_looks)
            {
                _looks.Enqueue((_looked, Judgements.Drawn));
                while (time.GetElapsedTime(_looks.Peek().At, _looked) > Window)
                {
                    _looks.Dequeue();
                }
            }
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        List<string> ledgers = [];
        int done = 0;
        await foreach (string name in store.ListAsync(RunFiles.PartsPrefix, cancellationToken))
        {
            if (RunFiles.IsLedgerPart(name))
            {
                ledgers.Add(name);
            }

            done += name.EndsWith("/" + RunFiles.Summary, StringComparison.Ordinal) ? 1 : 0;
        }

        (ShardsDone, HasParts) = (done, ledgers.Count > 0);
        foreach (string name in ledgers)
        {
            await ReadAsync(name, cancellationToken);
        }
    }

    private async Task ReadAsync(string name, CancellationToken cancellationToken)
    {
        long offset = _read.GetValueOrDefault(name);
        if (await store.OpenReadAsync(name, offset, cancellationToken) is not { } stream)
        {
            return;
        }

        await using (stream)
        {
            using var lines = new LineReader(stream);
            while (await lines.FillAsync(cancellationToken))
            {
                while (lines.TryNext(out ReadOnlySpan<byte> line))
                {
                    offset += line.Length + 1;
                    if (line.Length > 1 && StoredLedger.TryRead(line, JudgementLine.Read) is { Hinted: false } judgement && _standing.Add((judgement.RolloutId, judgement.Sample)))
                    {
                        Add(judgement);
                    }
                }
            }
        }

        _read[name] = offset;
    }

    private void Add(Judgement judgement)
    {
        Judgements += OutcomeCounts.Of(judgement);
        Usage += judgement.Usage;
        if (judgement.Outcome == JudgementOutcome.Valid)
        {
            return;
        }

        lock (_failures)
        {
            _failures.AddFirst(new FailureForm(judgement.RolloutId, judgement.Sample, judgement.Outcome.ToString().ToLowerInvariant(), judgement.Why));
            if (_failures.Count > MostFailures)
            {
                _failures.RemoveLast();
            }
        }
    }
}
