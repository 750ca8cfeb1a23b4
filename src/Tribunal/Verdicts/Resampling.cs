using Tribunal.Judgements;
using Tribunal.Calibration;
using Tribunal.JudgeModels;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>What to resample.</summary>
public sealed record ResampleRequest
{
    /// <summary>Random draw orders, 1 or more; default 1,000.</summary>
    public int Resamples { get; init; } = 1000;

    /// <summary>Of the draw orders and tie breaks.</summary>
    public long Seed { get; init; }

    /// <summary>Fixed numbers of judgements to try; those above what a rollout has take all it has.</summary>
    public IReadOnlyList<int> Samples { get; init; } = [1, 2, 4, 8, 16, 32];

    /// <summary>Further policies to try, each as <see cref="RecordedReplay"/> replays it.</summary>
    public IReadOnlyList<PolicyOptions> Policies { get; init; } = [];

    /// <summary>Rules to try.</summary>
    public IReadOnlyList<VotingRule> Rules { get; init; } = [VotingRule.Auto];

    /// <summary>Shares that a meta filter keeps; empty tries that of <see cref="Options"/> alone.</summary>
    public IReadOnlyList<double> Keeps { get; init; } = [];

    /// <summary>
    /// Tournaments to play on the recorded pairs besides, each with every number of votes of <see cref="Samples"/> and every policy
    /// per match; they need a record of every pair. Empty for none.
    /// </summary>
    public IReadOnlyList<TournamentOptions> Tournaments { get; init; } = [];

    /// <summary>The meta reward, score range, panel and kind in force; its policy and rule are replaced.</summary>
    public required SchemeOptions Options { get; init; }
}

/// <summary>A mean over draw orders and the range that 95 % of them fall in.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Low">2.5 % lie below.</param>
/// <param name="High">2.5 % lie above.</param>
public readonly record struct Spread(double Mean, double Low, double High)
{
    /// <summary>The mean of values, one at least, and the range that 95 % of them fall in, interpolated.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new Spread(sorted.Average(), At(0.025), At(0.975));

        double At(double quantile)
        {
            double at = quantile * (sorted.Length - 1);
            int below = (int)at;
            return below + 1 < sorted.Length ? sorted[below] + ((at - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
        }
    }
}

/// <summary>How one rule and policy did.</summary>
public sealed record ResampleResult
{
    /// <summary>The rule.</summary>
    public required VotingRule Rule { get; init; }

    /// <summary>The share that the meta filter kept; null where meta rewards were not used as a filter.</summary>
    public double? Keep { get; init; }

    /// <summary>The tournament; null for one vote over the rollout's record.</summary>
    public TournamentOptions? Tournament { get; init; }

    /// <summary>The policy, per match in a tournament; for fixed numbers its samples.</summary>
    public required PolicyOptions Policy { get; init; }

    /// <summary>The share of labelled rollouts whose best response was found, in [0, 1]. Unscorable rollouts count as not found.</summary>
    public required Spread Accuracy { get; init; }

    /// <summary>Judgements per rollout.</summary>
    public required Spread Judgements { get; init; }

    /// <summary>
    /// Expected calibration error of the confidences, in ten bins over all draw orders, against what the whole record chooses; null for
    /// tournaments.
    /// </summary>
    public double? PoolError { get; init; }

    /// <summary>The same against the labels.</summary>
    public double? LabelError { get; init; }

    /// <summary>The share of rollouts on which the verdict is that of the whole record; null for tournaments.</summary>
    public double? PoolAgreement { get; init; }

    /// <summary>Labelled rollouts.</summary>
    public required int Rollouts { get; init; }

    /// <summary>Draw orders.</summary>
    public required int Resamples { get; init; }
}

/// <summary>
/// Accuracy against judgements spent, from recorded judgements: every resample shuffles the record of each rollout, and replays each
/// rule and policy on it as if it had been drawn in that order, without replacement. The spread is over draw orders, not over
/// rollouts.
/// </summary>
public static class Resampling
{
    /// <summary>Runs the grid: rules × shares kept × (no tournament, then tournaments) × (fixed samples, then policies), in that order.</summary>
    /// <param name="request">What to try.</param>
    /// <param name="rollouts">Rollouts with their judgements; those without <see cref="Rollout.Best"/> or judgements are passed over.</param>
    /// <param name="parallelism">Threads to use; the results don't depend on it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ArgumentException">Options are wrong, a policy is a budget, no rollout is labelled, or a tournament lacks pairs.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static IReadOnlyList<ResampleResult> Run(
        ResampleRequest request, IEnumerable<RolloutLedger> rollouts, int parallelism = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Resamples, 1);
        RolloutLedger[] labelled = [.. rollouts.Where(static r => r.Ledger.Count > 0 && r.Rollout.KnownBest() is not null)];
        if (labelled.Length == 0)
        {
            throw new ProblemsException([new Problem("", "No rollout has both a known best response and judgements.")]);
        }

        IReadOnlyList<PolicyOptions> policies = [.. request.Samples.Select(static k => new PolicyOptions { Samples = k }), .. request.Policies];
        bool metas = labelled.Any(static r => r.Ledger.Any(static j => j.Meta is not null));
        IReadOnlyList<double> keeps = request.Keeps.Count > 0 && metas ? request.Keeps : [request.Options.Meta.Keep];
        Point[] points =
        [
            .. from rule in request.Rules
               from keep in keeps
               from tournament in request.Tournaments.Prepend(null)
               where tournament is null || rule == request.Rules[0] || (tournament.Kind != TournamentKind.Knockout && tournament.Rating == RatingKind.Votes)
               from policy in policies
               select Point.Of(request.Options with { Rule = rule, Policy = policy, Meta = request.Options.Meta with { Keep = keep } }, tournament),
        ];
        if (request.Tournaments.Count > 0)
        {
            RequirePairs(labelled);
        }

        Record[] records = Array.ConvertAll(labelled, rollout => Record.Of(rollout, request.Options));
        int[,] right = new int[points.Length, request.Resamples];
        int[,] spent = new int[points.Length, request.Resamples];
        var believed = new Believed[points.Length, request.Resamples];
        Parallel.For(
            0,
            request.Resamples,
            new ParallelOptions { MaxDegreeOfParallelism = parallelism, CancellationToken = cancellationToken },
            resample => Resample(request, resample, records, points, right, spent, believed));
        var results = new ResampleResult[points.Length];
        for (int p = 0; p < points.Length; p++)
        {
            results[p] = new ResampleResult
            {
                Rule = points[p].Options.Rule,
                Keep = metas && points[p].Options.Meta is { Use: MetaUse.Filter } meta && MetaWeights.Active(meta) ? meta.Keep : null,
                Tournament = points[p].Tournament is null ? null : points[p].Options.Tournament,
                Policy = points[p].Options.Policy,
                Accuracy = Over(right, p, labelled.Length),
                Judgements = Over(spent, p, labelled.Length),
                PoolError = Believed.Error(believed, p, static of => of.Agreed),
                LabelError = Believed.Error(believed, p, static of => of.Right),
                PoolAgreement = Believed.Agreement(believed, p),
                Rollouts = labelled.Length,
                Resamples = request.Resamples,
            };
        }

        return results;
    }

    private static void Resample(ResampleRequest request, int resample, Record[] records, Point[] points, int[,] right, int[,] spent, Believed[,] believed)
    {
        ulong[] seeds = Array.ConvertAll(records, record => StableHash.Mix(StableHash.Of((ulong)request.Seed, "resample", record.Rollout.Id), (ulong)resample));
        int[][] orders = [.. records.Select((record, r) => new SeededRandom(seeds[r]).Permutation(record.Ledger.Count))];
        VoteTable[] shuffled = [.. records.Select((record, r) => record.Votes.Shuffled(orders[r]))];
        var learned = new Dictionary<(VotingRule, TournamentOptions?), JudgeModel>();
        Judgement[]?[] reordered = new Judgement[records.Length][];
        for (int p = 0; p < points.Length; p++)
        {
            Point point = points[p].Learned(request.Options.Learned, records, shuffled, orders, learned);
            var sums = new Believed();
            for (int r = 0; r < records.Length; r++)
            {
                Record record = records[r];
                if (point.Tournament is { } tournament)
                {
                    Judgement[] ledger = reordered[r] ??= Array.ConvertAll(orders[r], position => record.Ledger[position]);
                    PlayedTournament played = tournament.Play(record.Rollout, ledger);
                    spent[p, resample] += played.Ledger.Count;
                    right[p, resample] += tournament.Cast(record.Rollout, played).Best is { } winner && record.Best.Contains(winner) ? 1 : 0;
                    continue;
                }

                int recorded = orders[r].Length;
                int used = RecordedReplay.Run(point.Stopping, shuffled[r], recorded).Used;
                spent[p, resample] += used;
                if (Best(shuffled[r], used, point.Options, seeds[r]) is { } best)
                {
                    bool isRight = record.Best.Contains(record.Candidates.First(best));
                    right[p, resample] += isRight ? 1 : 0;
                    sums.Add(ConfidenceOf(shuffled[r], used, recorded, point.Options, best), best == Best(shuffled[r], recorded, point.Options, seeds[r]), isRight);
                }
            }

            believed[p, resample] = sums;
        }
    }

    private static double ConfidenceOf(VoteTable votes, int used, int recorded, SchemeOptions options, int leader)
    {
        int rows = votes.Below(used);
        double[] weights = new double[rows];
        votes.Weights(0, rows, options.Meta, weights);
        Tally.Rewards(votes, rows, weights, options.Rule, out BradleyTerry? fit);
        votes.Soften(rows, options.Meta, weights);
        return options.Learned is { IsFitted: true } learned && options.Policy is { Kind: PolicyKind.Adaptive, Prior: PriorKind.Learned }
            ? JudgeOutlook.Of(learned, votes, rows, weights, options.Rule, leader, used, Math.Min(recorded, Math.Max(used, options.Policy.Max))).Pool
            : Tally.Confidence(votes, rows, weights, options.Rule, fit, leader);
    }

    private static int? Best(VoteTable votes, int used, SchemeOptions options, ulong tieSeed)
    {
        int rows = votes.Below(used);
        double[] weights = new double[rows];
        return votes.Weights(0, rows, options.Meta, weights) == 0
            ? null
            : RankedRewards.Of(Tally.Rewards(votes, rows, weights, options.Rule, out _), tieSeed).Best;
    }

    private static Spread Over(int[,] values, int point, int rollouts) => Spread.Of(Enumerable.Range(0, values.GetLength(1)).Select(r => (double)values[point, r] / rollouts));

    private static void RequirePairs(RolloutLedger[] labelled)
    {
        foreach (RolloutLedger rollout in labelled)
        {
            var texts = Candidates.Of(rollout.Rollout);
            int n = texts.Responses;
            int seen = rollout.Ledger
                .Where(static j => !j.Hinted)
                .Select(judgement => PairVerdict.TryReadPair(judgement, n, out int i, out int j) && texts[i] != texts[j] ? PairIndex.Of(texts[i], texts[j], texts.Count) : -1)
                .Where(static pair => pair >= 0).Distinct().Count();
            if (seen < PairIndex.Count(texts.Count))
            {
                throw new ProblemsException([new Problem("", $"A tournament needs a record of every pair; rollout {rollout.Rollout.Id} has {seen} of {PairIndex.Count(texts.Count)}.")]);
            }
        }
    }

    /// <summary>Confidences in ten bins, and what came of them.</summary>
    private sealed class Believed
    {
        private const int Bins = 10;
        private readonly double[] _confidence = new double[Bins];

        public long[] Counts { get; } = new long[Bins];

        public long[] Agreed { get; } = new long[Bins];

        public long[] Right { get; } = new long[Bins];

        public void Add(double confidence, bool agreed, bool right)
        {
            int bin = Math.Clamp((int)(confidence * Bins), 0, Bins - 1);
            _confidence[bin] += confidence;
            Counts[bin]++;
            Agreed[bin] += agreed ? 1 : 0;
            Right[bin] += right ? 1 : 0;
        }

        public static double? Error(Believed[,] all, int point, Func<Believed, long[]> hits)
        {
            double error = 0;
            long count = 0;
            for (int bin = 0; bin < Bins; bin++)
            {
                double off = 0;
                for (int r = 0; r < all.GetLength(1); r++)
                {
                    off += hits(all[point, r])[bin] - all[point, r]._confidence[bin];
                    count += all[point, r].Counts[bin];
                }

                error += Math.Abs(off);
            }

            return count > 0 ? error / count : null;
        }

        public static double? Agreement(Believed[,] all, int point)
        {
            long count = 0;
            long agreed = 0;
            for (int r = 0; r < all.GetLength(1); r++)
            {
                count += all[point, r].Counts.Sum();
                agreed += all[point, r].Agreed.Sum();
            }

            return count > 0 ? (double)agreed / count : null;
        }
    }

    /// <summary>A labelled rollout, and its judgements as votes.</summary>
    private sealed record Record(Rollout Rollout, IReadOnlyList<int> Best, IReadOnlyList<Judgement> Ledger, Candidates Candidates, VoteTable Votes)
    {
        public static Record Of(RolloutLedger rollout, SchemeOptions options)
        {
            IReadOnlyList<Judgement> ledger = LedgerView.Of(rollout.Ledger).Judgements;
            var candidates = Candidates.Of(rollout.Rollout);
            return new Record(rollout.Rollout, rollout.Rollout.KnownBest()!, ledger, candidates, RecordedScheme.Collect(candidates, ledger, options, domain: rollout.Rollout.Domain));
        }
    }

    private sealed record Point(SchemeOptions Options, StoppingRule Stopping, RecordedTournament? Tournament)
    {
        /// <summary>
        /// The point with what a run would have learned of its judge: from the first judgements of each rollout as they stand in this
        /// order, unless a prior is given.
        /// </summary>
        public Point Learned(JudgeModel? given, Record[] records, VoteTable[] shuffled, int[][] orders, Dictionary<(VotingRule, TournamentOptions?), JudgeModel> learned)
        {
            if (!Options.Policy.Learns || given is not null)
            {
                return this;
            }

            // What is learned is the same whatever the confidence asked for.
            (VotingRule, TournamentOptions?) key = (Options.Rule, Tournament is null ? null : Options.Tournament);
            if (!learned.TryGetValue(key, out JudgeModel? model))
            {
                learned.Add(key, model = Tournament is null
                ? JudgeLearning.Learn(Options, records.Select((record, r) => (record.Rollout, shuffled[r], PilotWave.Samples(Options.Seed, record.Rollout.Id, Options.Policy))))
                : JudgeLearning.Learn(Options, records.Select((record, r) => new RolloutLedger(record.Rollout, FirstOfPairs(record, orders[r])))));
            }

            return Of(Options with { Learned = model }, Tournament is null ? null : Options.Tournament);
        }

        // The first judgements of every pair, numbered by their positions.
        private Judgement[] FirstOfPairs(Record record, int[] order)
        {
            int most = PilotWave.Samples(Options.Seed, record.Rollout.Id, Options.Policy);
            int n = record.Candidates.Responses;
            var seen = new Dictionary<int, int>();
            var first = new List<Judgement>();
            foreach (int position in order)
            {
                if (PairVerdict.TryReadPair(record.Ledger[position], n, out int i, out int j) && PairIndex.Of(i, j, n) is var pair && seen.GetValueOrDefault(pair) is var votes && votes < most)
                {
                    seen[pair] = votes + 1;
                    first.Add(record.Ledger[position] with { Sample = PairIndex.Sample(votes, pair, n) });
                }
            }

            return [.. first];
        }

        public static Point Of(SchemeOptions options, TournamentOptions? tournament)
        {
            if (tournament is not null)
            {
                options = options with { Kind = JudgingKind.Pairwise, Tournament = tournament };
                return new Point(options, RecordedReplay.Rule(options), new RecordedTournament(options));
            }

            _ = JudgingSchemes.ForRecorded(options);
            return new Point(options, RecordedReplay.Rule(options), null);
        }
    }
}
