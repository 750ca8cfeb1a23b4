using Tribunal.Calibration;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Runs.Labels;

namespace Tribunal.Runs.Steps;

/// <summary>Votes again on recorded judgements, without any inference. Holds the ledger's numbers in memory, none of its texts; the batch is streamed.</summary>
/// <param name="traits">Whether to keep what the texts look like, for a learned meta reward model.</param>
public sealed class LedgerVote(bool traits = false)
{
    private readonly Dictionary<string, List<Judgement>> _ledger = new(StringComparer.Ordinal);

    /// <summary>How confidences become probabilities of being right; null gives none.</summary>
    public StoredCalibration? Calibration { get; set; }

    /// <summary>Judgements read, those included that stand twice.</summary>
    public long Judgements { get; private set; }

    /// <summary>Rollouts that have judgements.</summary>
    public int Rollouts => _ledger.Count;

    /// <summary>The most judgements that a rollout has.</summary>
    public int Most => _ledger.Count == 0 ? 0 : _ledger.Values.Max(static own => own.Count);

    /// <summary>The lowest and the highest score; null where there is none.</summary>
    public (double Min, double Max)? Scores
    {
        get
        {
            (double min, double max) = (double.PositiveInfinity, double.NegativeInfinity);
            foreach (double score in _ledger.Values.SelectMany(static own => own).SelectMany(static judgement => judgement.Scores ?? []).Where(double.IsFinite))
            {
                (min, max) = (Math.Min(min, score), Math.Max(max, score));
            }

            return min < max ? (min, max) : null;
        }
    }

    /// <summary>Whether all of it is of one protocol.</summary>
    public bool OneProtocol => _ledger.Values.SelectMany(static own => own).All(judgement => judgement.Protocol == First?.Protocol);

    /// <summary>Rollouts voted on that the meta reward model or the panel's weights were trained on; their labels don't count in the summary.</summary>
    public long Seen { get; private set; }

    /// <summary>Judges, protocols and so on of what was read: the first judgement.</summary>
    public Judgement? First { get; private set; }

    /// <summary>What people say of the rollouts, in place of what the batch says.</summary>
    public RunLabels Labels { get; } = new();

    /// <summary>Whether rollouts without judgements are passed over: those that a run was told to leave out.</summary>
    public bool OnlyJudged { get; set; }

    /// <summary>How much is to be read of a ledger's lines.</summary>
    public ReadJudgement<Judgement> Line { get; } = traits ? JudgementLine.ReadWithTraits : JudgementLine.Read;

    /// <summary>Adds a ledger's judgements.</summary>
    public async Task ReadAsync(IAsyncEnumerable<Judgement> ledger, CancellationToken cancellationToken)
    {
        await foreach (Judgement judgement in ledger.WithCancellation(cancellationToken))
        {
            if (!_ledger.TryGetValue(judgement.RolloutId, out List<Judgement>? list))
            {
                _ledger.Add(judgement.RolloutId, list = []);
            }

            list.Add(judgement);
            First ??= judgement;
            Judgements++;
        }

        // Files hold judgements as they finished, and a name may stand twice.
        foreach (string id in _ledger.Keys)
        {
            _ledger[id] = [.. SortedLedger.Of(_ledger[id])];
        }
    }

    /// <summary>The rollouts of a batch with what the ledger holds of each; bad lines and repeated ids are left out.</summary>
    public async IAsyncEnumerable<RolloutLedger> JoinAsync(Stream batch, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (Rollout rollout in RolloutReader.RolloutsAsync(batch, cancellationToken))
        {
            if (!OnlyJudged || _ledger.ContainsKey(rollout.Id))
            {
                yield return new RolloutLedger(Labels.Apply(rollout), Router.Voting(_ledger.GetValueOrDefault(rollout.Id) ?? []));
            }
        }
    }

    /// <summary>Votes on every rollout of a batch and writes the verdicts.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="options">The vote. A policy other than fixed is replayed over each record; a tournament is played on its pairs.</param>
    /// <param name="samples">The first so many judgements of each rollout; null takes all. A tournament goes by its policy instead.</param>
    /// <param name="simulated">Whether the judgements are the simulated judge's.</param>
    /// <param name="verdicts">Where verdict lines go.</param>
    /// <param name="onVoting">Told of each rollout and the judgements that its verdict is over.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ArgumentException">Options are wrong; the message names each.</exception>
    public async Task<SummaryPart> CastAsync(
        Stream batch, SchemeOptions options, int? samples, bool simulated, Stream verdicts, Action<Rollout, IReadOnlyList<Judgement>>? onVoting, CancellationToken cancellationToken)
    {
        var vote = new RecordedVote(options, samples) { Calibration = Calibration };
        var sums = new SummaryPart();
        VerdictLines cast = Lines(options, sums);
        await foreach (RolloutLedger joined in JoinAsync(batch, cancellationToken))
        {
            (Verdict verdict, IReadOnlyList<Judgement> voting) = vote.Cast(joined.Rollout, joined.Ledger);
            onVoting?.Invoke(joined.Rollout, voting);
            Seen += cast.Add(joined.Rollout, simulated ? verdict with { Simulated = true } : verdict, voting) ? 0 : 1;
            if (cast.Lines.WrittenCount > 48 * 1024)
            {
                await verdicts.WriteAsync(cast.Lines.WrittenMemory, cancellationToken);
                cast.Lines.ResetWrittenCount();
            }
        }

        await verdicts.WriteAsync(cast.Lines.WrittenMemory, cancellationToken);
        return sums;
    }

    /// <summary>Votes on the rollouts of a batch that have judgements so far, of which more are to come.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="options">The vote.</param>
    /// <param name="simulated">Whether the judgements are the simulated judge's.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<(List<Verdict> Verdicts, SummaryPart Sums)> CastSoFarAsync(Stream batch, SchemeOptions options, bool simulated, CancellationToken cancellationToken)
    {
        var vote = new RecordedVote(options) { Calibration = Calibration };
        var sums = new SummaryPart();
        VerdictLines cast = Lines(options, sums);
        var verdicts = new List<Verdict>();
        await foreach (RolloutLedger joined in JoinAsync(batch, cancellationToken))
        {
            if (joined.Ledger.Count > 0)
            {
                (Verdict verdict, IReadOnlyList<Judgement> voting) = vote.Cast(joined.Rollout, joined.Ledger);
                verdicts.Add(verdict with { Stop = StopReason.Interrupted, Simulated = simulated ? true : null });
                cast.Add(joined.Rollout, verdicts[^1], voting);
                cast.Lines.ResetWrittenCount();
            }
        }

        return (verdicts, sums);
    }

    /// <summary>Adds up verdicts that were told already.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="options">The vote that they came of.</param>
    /// <param name="told">The verdicts.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<SummaryPart> SumAsync(Stream batch, SchemeOptions options, IAsyncEnumerable<Verdict> told, CancellationToken cancellationToken)
    {
        var sums = new SummaryPart();
        VerdictLines cast = Lines(options, sums);
        Dictionary<string, Verdict> verdicts = await told.ToDictionaryAsync(static verdict => verdict.Id, StringComparer.Ordinal, cancellationToken);
        await foreach (RolloutLedger joined in JoinAsync(batch, cancellationToken))
        {
            if (verdicts.TryGetValue(joined.Rollout.Id, out Verdict? verdict))
            {
                cast.Add(joined.Rollout, verdict, joined.Ledger);
                cast.Lines.ResetWrittenCount();
            }
        }

        return sums;
    }

    private VerdictLines Lines(SchemeOptions options, SummaryPart sums) => new(options, sums, members: options.Members != Voting.MemberVotes.Apart, Calibration);
}
