using Tribunal.Calibration;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Reports;

/// <summary>
/// Reads a run for a report in four streaming passes (ledger without texts, verdicts, batch, ledger with texts), holding
/// only sums and the few rollouts that are shown or resampled.
/// </summary>
internal sealed class ReportCollector(RunContents run, string? given)
{
    /// <summary>Of the samples and resamples.</summary>
    public const long Seed = 1;

    // Rollouts shown as slowest, as most contested and as wrong, judgements of each, and examples of each outcome without a verdict.
    private const int Cases = 6;
    private const int JudgementsPerCase = 4;
    private const int Examples = 3;

    // Labelled rollouts that accuracy against k is resampled on, drawn at random, and draw orders, fewer where they would take long.
    private const int ResampledRollouts = 500;
    private const int Resamples = 200;

    // Work that resampling may take: tallies × judgements, a few seconds on one core.
    private const double ResamplingWork = 2e7;
    private const int JudgementsPerResampledRollout = 256;

    private readonly ReportData _data = new()
    {
        Run = run,
        Rewards = new Histogram(run.Manifest.Request.Policy is { Kind: PolicyKind.Fixed, Samples: var samples } ? ScoreGrid.StepsOf(run.Manifest.Protocol, run.Manifest.Model, run.Manifest.Request, samples) : Histogram.Usual),
    };

    private readonly Dictionary<string, Case> _cases = new(StringComparer.Ordinal);
    private readonly List<RolloutLedger> _labelled = [];
    private readonly Dictionary<string, List<Judgement>> _resampled = new(StringComparer.Ordinal);

    public async Task<ReportData> CollectAsync(CancellationToken cancellationToken)
    {
        _data.Invalid = await run.InvalidLinesAsync(10, cancellationToken);
        await ReadLedgerAsync(cancellationToken);
        await ReadVerdictsAsync(cancellationToken);
        await ReadBatchAsync(cancellationToken);
        await ReadTextsAsync(cancellationToken);
        Resample(cancellationToken);
        return _data;
    }

    private async Task ReadLedgerAsync(CancellationToken cancellationToken)
    {
        var slowest = new Leaders<string>(Cases);
        await foreach (Judgement judgement in run.JudgementsAsync(JudgementLine.Read, cancellationToken))
        {
            _data.Judgements++;
            _data.Metas += judgement.Meta is null ? 0 : 1;
            slowest.Offer(judgement.RolloutId, judgement.LatencyMs);
            int power = judgement.LatencyMs < 1 ? 0 : (int)Math.Log2(judgement.LatencyMs);
            _data.Latencies[power] = _data.Latencies.GetValueOrDefault(power) + 1;
            if (judgement.Outcome == JudgementOutcome.Valid)
            {
                AddPosition(judgement);
            }
        }

        foreach ((string id, double ms) in slowest.Ordered())
        {
            var slow = new Case(id) { SlowestMs = ms };
            _cases.Add(id, slow);
            _data.Slowest.Add(slow);
        }
    }

    private void AddPosition(Judgement judgement)
    {
        int shown = judgement.Order.Count;
        if (shown is < 2 or > 16)
        {
            return;
        }

        Span<bool> won = stackalloc bool[shown];
        int winners = 0;
        double best = double.NegativeInfinity;
        if (judgement.Scores is { } scores)
        {
            foreach (int original in judgement.Order)
            {
                best = original < scores.Count ? Math.Max(best, scores[original]) : best;
            }
        }

        for (int position = 0; position < shown; position++)
        {
            int original = judgement.Order[position];
            won[position] = judgement.Scores is { } s ? original < s.Count && s[original] == best : judgement.Winner is null || judgement.Winner == original;
            winners += won[position] ? 1 : 0;
        }

        (double[] wins, long of) = _data.Positions.GetValueOrDefault(shown, (new double[shown], 0));
        for (int position = 0; position < shown; position++)
        {
            wins[position] += won[position] ? 1.0 / winners : 0;
        }

        _data.Positions[shown] = (wins, of + 1);
    }

    private async Task ReadVerdictsAsync(CancellationToken cancellationToken)
    {
        var contested = new Leaders<Verdict>(Cases);
        await foreach (Verdict verdict in run.VerdictsAsync(cancellationToken))
        {
            foreach (double reward in verdict.Rewards ?? [])
            {
                _data.Rewards.Add(reward);
            }

            if (_cases.TryGetValue(verdict.Id, out Case? slow))
            {
                slow.Verdict = verdict;
            }

            if (verdict.Rewards is not { Count: > 1 })
            {
                continue;
            }

            if (verdict.Margin is double margin)
            {
                _data.Margins.Add(margin);
            }

            if (verdict.Confidence is double confidence)
            {
                _data.Confidences.Add(confidence);
                contested.Offer(verdict, -confidence - (1e-6 * (verdict.Margin ?? 0)));
            }
        }

        foreach ((Verdict verdict, _) in contested.Ordered())
        {
            if (!_cases.TryGetValue(verdict.Id, out Case? close))
            {
                _cases.Add(verdict.Id, close = new Case(verdict.Id) { Verdict = verdict });
            }

            _data.Contested.Add(close);
        }
    }

    private async Task ReadBatchAsync(CancellationToken cancellationToken)
    {
        if (await run.OpenBatchAsync(given, cancellationToken) is not { } batch)
        {
            await foreach (Verdict verdict in run.VerdictsAsync(cancellationToken))
            {
                _data.Table.Add(verdict, null, null);
            }

            return;
        }

        _data.HasBatch = true;
        var random = new SeededRandom((ulong)Seed);
        var sample = new List<Rollout>();
        RunLabels labels = await run.LabelsAsync(cancellationToken);
        var wrong = new Leaders<(string Id, Verdict Verdict)>(Cases);
        var shown = new Dictionary<string, Rollout>(StringComparer.Ordinal);
        await using var verdicts = new VerdictsInStep(run.VerdictsAsync(cancellationToken).GetAsyncEnumerator(cancellationToken));
        var validator = new RolloutValidator();
        await using Stream stream = batch;
        await foreach (BatchLine line in RolloutReader.ReadAsync(stream, cancellationToken: cancellationToken))
        {
            if (line.Rollout is not { } rollout)
            {
                continue;
            }

            rollout = labels.Apply(rollout);
            if (validator.Check(rollout) is null && await verdicts.TakeAsync(rollout.Id) is { } verdict)
            {
                Take(rollout, verdict);
            }

            if (_cases.TryGetValue(rollout.Id, out Case? known))
            {
                known.Rollout ??= rollout;
            }

            if (rollout.KnownBest() is null || rollout.Responses.Count < 2)
            {
                continue;
            }

            // Reservoir sampling; texts are not kept.
            _data.Labelled++;
            int slot = sample.Count < ResampledRollouts ? sample.Count : random.Next((int)Math.Min(_data.Labelled, int.MaxValue));
            if (slot < ResampledRollouts)
            {
                Rollout bare = rollout.WithoutTexts();
                if (slot == sample.Count)
                {
                    sample.Add(bare);
                }
                else
                {
                    sample[slot] = bare;
                }
            }
        }

        void Take(Rollout rollout, Verdict verdict)
        {
            bool? right = verdict.Best is { } best && rollout.Responses.Count > 1 && rollout.KnownBest() is { } labelled ? labelled.Contains(best) : null;
            _data.Table.Add(verdict, rollout, right);
            if (right == false && verdict.Confidence is { } confidence && wrong.Offer((rollout.Id, verdict), confidence))
            {
                shown[rollout.Id] = rollout;
            }
        }

        foreach (((string id, Verdict told), _) in wrong.Ordered())
        {
            if (!_cases.TryGetValue(id, out Case? sure))
            {
                _cases.Add(id, sure = new Case(id) { Verdict = told });
            }

            sure.Rollout ??= shown[id];
            _data.Wrong.Add(sure);
        }

        foreach (Rollout rollout in sample)
        {
            var ledger = new List<Judgement>();
            if (_resampled.TryAdd(rollout.Id, ledger))
            {
                _labelled.Add(new RolloutLedger(rollout, ledger));
            }
        }
    }

    private sealed class VerdictsInStep(IAsyncEnumerator<Verdict> next) : IAsyncDisposable
    {
        // Verdicts keep the batch's order, so this holds what is out of step alone.
        private readonly Dictionary<string, Verdict> _waiting = new(StringComparer.Ordinal);
        private bool _more = true;

        public async ValueTask<Verdict?> TakeAsync(string id)
        {
            Verdict? verdict;
            while (!_waiting.Remove(id, out verdict) && _more)
            {
                _more = await next.MoveNextAsync();
                if (_more)
                {
                    _waiting[next.Current.Id] = next.Current;
                }
            }

            return verdict;
        }

        public ValueTask DisposeAsync() => next.DisposeAsync();
    }

    private async Task ReadTextsAsync(CancellationToken cancellationToken)
    {
        await foreach (TracedJudgement judgement in run.JudgementsAsync(JudgementLine.ReadTraced, cancellationToken))
        {
            if (_resampled.TryGetValue(judgement.RolloutId, out List<Judgement>? ledger) && ledger.Count < JudgementsPerResampledRollout)
            {
                ledger.Add(judgement.WithoutTrace());
            }

            if (_cases.TryGetValue(judgement.RolloutId, out Case? shown))
            {
                shown.Drawn++;
                Choose(shown.Judgements, judgement);
            }

            if (judgement.Outcome != JudgementOutcome.Valid)
            {
                if (!_data.Examples.TryGetValue(judgement.Outcome, out List<TracedJudgement>? examples))
                {
                    _data.Examples.Add(judgement.Outcome, examples = []);
                }

                if (examples.Count < Examples)
                {
                    examples.Add(judgement);
                }
            }
        }
    }

    // The first judgements, but the slowest one always: it is why a slow rollout is shown.
    private static void Choose(List<TracedJudgement> chosen, TracedJudgement judgement)
    {
        if (chosen.Count < JudgementsPerCase)
        {
            chosen.Add(judgement);
        }
        else if (chosen.TrueForAll(c => c.LatencyMs < judgement.LatencyMs))
        {
            chosen[^1] = judgement;
        }
    }

    private void Resample(CancellationToken cancellationToken)
    {
        List<RolloutLedger> labelled = [.. _labelled.Where(static r => r.Ledger.Count > 0).Select(static r => r with { Ledger = Router.Voting(r.Ledger) })];
        if (labelled.Count == 0)
        {
            return;
        }

        int most = labelled.Max(static r => r.Ledger.Count);
        List<int> samples = [.. Enumerable.Range(0, 31).Select(static power => 1 << power).TakeWhile(k => k < most), most];
        JudgingKind kind = labelled.Exists(static r => r.Ledger[0].Pair is not null) ? JudgingKind.Pairwise : JudgingKind.Listwise;
        (double, double) range = ProtocolCatalog.Names.Contains(run.Manifest.Protocol, StringComparer.Ordinal)
            && ProtocolCatalog.Resolve(run.Manifest.Protocol, run.Manifest.Model).Protocol is { Kind: JudgingKind.Listwise } lists ? lists.ScoreRange : (1, 10);
        SchemeOptions scheme = Schemes.OptionsFor(run.Manifest.Request, kind, range) with { Tournament = new(), Members = run.Manifest.Footing };
        double pass = labelled.Sum(static r => (double)r.Ledger.Count) * samples.Count;

        // Bradley–Terry fits over many responses are iterative.
        double cost = kind == JudgingKind.Pairwise && labelled.Exists(static r => r.Rollout.Responses.Count > 2) ? 20 : 1;
        int resamples = (int)Math.Clamp(ResamplingWork / (pass * cost), 10, Resamples);
        var request = new ResampleRequest
        {
            Resamples = resamples,
            Seed = Seed,
            Samples = samples,
            Rules = [scheme.Rule],
            Options = scheme with { Meta = new MetaOptions { Keep = 1 } },
        };
        _data.Curves.Add(new ResampledCurve("all judgements", Run(request)));
        if (_data.Metas > 0)
        {
            MetaOptions meta = scheme.Meta.Use == MetaUse.Filter && scheme.Meta.Keep >= 1 ? scheme.Meta with { Keep = 0.5 } : scheme.Meta;
            string name = meta.Use == MetaUse.Weight ? "weighted by meta reward" : $"best {meta.Keep:P0} by meta reward";
            _data.Curves.Add(new ResampledCurve(name, Run(request with { Options = scheme with { Meta = meta } })));
        }

        IReadOnlyList<ResampleResult> Run(ResampleRequest asked) => Resampling.Run(asked, labelled, Environment.ProcessorCount, cancellationToken);
    }

    /// <summary>The keys with the highest values, a key's highest counting.</summary>
    private sealed class Leaders<T>(int most)
        where T : notnull
    {
        private readonly List<(T Key, double Value)> _items = [];

        /// <summary>Takes one in where it is among the highest so far.</summary>
        public bool Offer(T key, double value)
        {
            if (_items.Count == most && value <= _items[^1].Value)
            {
                return false;
            }

            int known = _items.FindIndex(i => EqualityComparer<T>.Default.Equals(i.Key, key));
            if (known >= 0)
            {
                if (_items[known].Value >= value)
                {
                    return false;
                }

                _items.RemoveAt(known);
            }
            else if (_items.Count == most)
            {
                _items.RemoveAt(most - 1);
            }

            int at = _items.FindIndex(i => i.Value < value);
            _items.Insert(at < 0 ? _items.Count : at, (key, value));
            return true;
        }

        public List<(T Key, double Value)> Ordered() => _items;
    }
}
