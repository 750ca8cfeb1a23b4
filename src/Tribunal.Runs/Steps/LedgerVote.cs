using Tribunal.Calibration;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Summary;
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

    /// <summary>Judgements read.</summary>
    public long Judgements { get; private set; }

    /// <summary>Rollouts voted on that the meta reward model or the panel's weights were trained on; their labels don't count in the summary.</summary>
    public long Seen { get; private set; }

    /// <summary>Judges, protocols and so on of what was read: the first judgement.</summary>
    public Judgement? First { get; private set; }

    /// <summary>What people say of the rollouts, in place of what the batch says.</summary>
    public RunLabels Labels { get; } = RunLabels.None();

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
        var validator = new RolloutValidator();
        await foreach (BatchLine line in RolloutReader.ReadAsync(batch, cancellationToken: cancellationToken))
        {
            if (line.Rollout is { } rollout && validator.Check(rollout) is null)
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
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ArgumentException">Options are wrong; the message names each.</exception>
    public async Task<SummaryPart> CastAsync(
        Stream batch, SchemeOptions options, int? samples, bool simulated, Stream verdicts, CancellationToken cancellationToken)
    {
        var vote = new RecordedVote(options, samples) { Calibration = Calibration };
        var sums = new SummaryPart();
        var cast = new VerdictLines(options, sums, members: options.Members != Voting.MemberVotes.Apart, Calibration);
        await foreach (RolloutLedger joined in JoinAsync(batch, cancellationToken))
        {
            (Verdict verdict, IReadOnlyList<Judgement> voting) = vote.Cast(joined.Rollout, joined.Ledger);
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
}
