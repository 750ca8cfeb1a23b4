using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Reports;
using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Viewer.Forms;

namespace Tribunal.Viewer.Index;

/// <summary>Reads a run's files once, verdicts first: rows can be shown before the ledger, most of the bytes, is through.</summary>
internal sealed class IndexBuilder(RunSource source, RunIndex index)
{
    // What the passes take of the work, about, where the ledger's length isn't known.
    private const double VerdictShare = 0.1;
    private const double BatchShare = 0.3;
    private readonly Dictionary<int, Rollout> _sameTexts = [];
    private readonly Dictionary<string, int> _domains = new(StringComparer.Ordinal);
    private readonly PlaceList _places = new();
    private readonly Sweep _sweep = new();

    /// <summary>Reads the run.</summary>
    /// <returns>The places by row.</returns>
    public async Task<PlaceList> BuildAsync(CancellationToken cancellationToken)
    {
        await ReadVerdictsAsync(cancellationToken);
        await ReadBatchAsync(cancellationToken);
        await ReadLedgersAsync(cancellationToken);
        _places.Order(index, _sameTexts);
        index.Place(_places);
        index.Judgements = _places.Count;
        index.Progress = new ProgressForm("", 1);
        index.Changed();
        return _places;
    }

    private async Task ReadVerdictsAsync(CancellationToken cancellationToken)
    {
        index.Progress = new ProgressForm("verdicts", 0);
        index.Rewards = new Histogram(Steps());
        if (await source.Store.OpenReadAsync(RunFiles.Verdicts, cancellationToken) is not { } stream)
        {
            return;
        }

        double all = source.Summary?.Rollouts ?? 0;
        await using (stream)
        {
            using var lines = new LineReader(stream);
            long offset = 0;
            while (await lines.FillAsync(cancellationToken))
            {
                while (lines.TryNext(out ReadOnlySpan<byte> line))
                {
                    if (line.Length > 1 && JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict) is { } verdict)
                    {
                        Add(verdict, offset, line.Length);
                    }

                    offset += line.Length + 1;
                }

                _sweep.Up();
                index.Progress = new ProgressForm("verdicts", all > 0 ? Math.Min(VerdictShare, VerdictShare * index.Count / all) : 0);
                index.Changed();
            }
        }
    }

    private void Add(Verdict verdict, long offset, int length)
    {
        int row = index.Add(verdict.Id);
        ref IndexRow known = ref index[row];
        (known.Verdict, known.VerdictLength) = (offset, length);
        (known.Input, known.Output) = (verdict.Usage.Input, verdict.Usage.Output);
        known.Confidence = verdict.Confidence ?? double.NaN;
        known.Margin = verdict.Margin ?? double.NaN;
        known.Responses = verdict.Rewards?.Count ?? 0;
        known.Best = verdict.Best ?? -1;
        known.Kept = verdict.Votes.Kept;
        known.Neutralised = verdict.Neutralised ?? 0;
        known.Status = verdict.Status == VerdictStatus.Scored ? (byte)1 : (byte)2;
        foreach (double reward in verdict.Rewards ?? [])
        {
            index.Rewards.Add(reward);
        }
    }

    private async Task ReadBatchAsync(CancellationToken cancellationToken)
    {
        if (await source.Batch.OpenAsync(0, cancellationToken) is not { } stream)
        {
            return;
        }

        index.HasBatch = true;
        double all = Math.Max(1, source.Manifest?.Rollouts ?? index.Count);
        int seen = 0;
        await using (stream)
        {
            var validator = new RolloutValidator();
            await foreach (BatchLine line in RolloutReader.ReadAsync(stream, cancellationToken: cancellationToken))
            {
                if (line.Rollout is not { } rollout || validator.Check(rollout) is not null)
                {
                    continue;
                }

                Add(rollout, line);
                if (++seen % 1000 == 0)
                {
                    _sweep.Up();
                    index.Progress = new ProgressForm("batch", VerdictShare + ((BatchShare - VerdictShare) * Math.Min(1, seen / all)));
                    index.Changed();
                }
            }
        }
    }

    private void Add(Rollout rollout, BatchLine line)
    {
        int row = index.Add(rollout.Id);
        ref IndexRow known = ref index[row];
        (known.Batch, known.BatchLength, known.BatchLine) = (line.Offset, (int)line.Length, line.Line);
        known.Responses = rollout.Responses.Count;
        known.Right = Rightness.Of(known.Best, rollout);
        known.Chance = Rightness.ChanceOf(rollout);
        index.Bytes += line.Length;
        if (rollout.Domain is { } domain)
        {
            if (!_domains.TryGetValue(domain, out int number))
            {
                _domains.Add(domain, number = index.Domains.Count);
                index.Domains.Add(domain);
            }

            known.Domain = number;
        }

        if (Candidates.Of(rollout).Count < rollout.Responses.Count)
        {
            _sameTexts[row] = rollout.WithoutTexts();
        }
    }

    private async Task ReadLedgersAsync(CancellationToken cancellationToken)
    {
        double all = Math.Max(1, source.Summary?.Judgements.Drawn ?? 0);
        var standing = new HashSet<(int Row, int Sample)>();
        await foreach (string name in LedgersAsync(cancellationToken))
        {
            if (await source.Store.OpenReadAsync(name, cancellationToken) is not { } stream)
            {
                continue;
            }

            index.Files.Add(name);
            await using (stream)
            {
                using var lines = new LineReader(stream);
                long offset = 0;
                while (await lines.FillAsync(cancellationToken))
                {
                    while (lines.TryNext(out ReadOnlySpan<byte> line))
                    {
                        // In parts of a run that was killed a judgement may stand twice.
                        if (line.Length > 1 && StoredLedger.TryRead(line, JudgementLine.Read) is { Hinted: false } judgement)
                        {
                            Add(judgement, offset, line.Length, name == RunFiles.Judgements ? null : standing);
                        }

                        offset += line.Length + 1;
                    }

                    _sweep.Up();
                    index.Progress = new ProgressForm("judgements", BatchShare + ((1 - BatchShare) * Math.Min(0.99, _places.Count / all)));
                    index.Changed();
                }

                index.Bytes += offset;
            }
        }
    }

    private async IAsyncEnumerable<string> LedgersAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await source.Store.OpenReadAsync(RunFiles.Judgements, cancellationToken) is { } whole)
        {
            await whole.DisposeAsync();
            yield return RunFiles.Judgements;
            yield break;
        }

        await foreach (string part in source.Store.ListAsync(RunFiles.PartsPrefix, cancellationToken))
        {
            if (RunFiles.IsLedgerPart(part))
            {
                yield return part;
            }
        }
    }

    private void Add(Judgement judgement, long offset, int length, HashSet<(int, int)>? standing)
    {
        int row = index.Add(judgement.RolloutId);
        if (standing?.Add((row, judgement.Sample)) == false)
        {
            return;
        }

        ref IndexRow known = ref index[row];
        known.Drawn++;
        _ = judgement.Outcome switch
        {
            JudgementOutcome.Valid => known.Valid++,
            JudgementOutcome.Truncated => known.Truncated++,
            JudgementOutcome.Refused => known.Refused++,
            JudgementOutcome.Failed => known.Failed++,
            _ => known.Unparsable++,
        };
        known.SlowestMs = Math.Max(known.SlowestMs, judgement.LatencyMs);
        if (known.Verdict < 0)
        {
            known.Input = Usage.Sum(known.Input, judgement.Usage.Input);
            known.Output = Usage.Sum(known.Output, judgement.Usage.Output);
        }

        _places.Add(row, new IndexPlace { Offset = offset, Length = length, Sample = judgement.Sample, File = index.Files.Count - 1, Pair = PlaceList.PairOf(judgement) });
    }

    // A mean of k scores on a grid lies on a grid k times as fine: bins that don't fit it show combs that are not there.
    private int Steps() => source.Manifest?.Request is { Policy: { Kind: PolicyKind.Fixed, Samples: var samples } } request ? ScoreGrid.StepsOf(source.Manifest.Protocol, source.Manifest.Model, request, samples) : Histogram.Usual;
}

/// <summary>Whether a choice is right.</summary>
internal static class Rightness
{
    /// <summary>1 where the best response is a labelled one, 0 where it is not, −1 where there is no label, no choice or nothing to choose from.</summary>
    public static sbyte Of(int best, Rollout rollout) =>
        best < 0 || rollout.Responses.Count < 2 || rollout.KnownBest() is not { } known ? (sbyte)-1 : known.Contains(best) ? (sbyte)1 : (sbyte)0;

    /// <summary>What guessing gives.</summary>
    public static double ChanceOf(Rollout rollout) => rollout.Responses.Count > 1 && rollout.KnownBest() is { } known ? (double)known.Count / rollout.Responses.Count : 0;
}
