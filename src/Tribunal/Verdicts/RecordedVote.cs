using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Votes on recorded judgements: a policy other than fixed is replayed over each record, a tournament is played on its pairs.</summary>
public sealed class RecordedVote
{
    private readonly SchemeOptions _options;
    private readonly int? _samples;
    private readonly IJudgingScheme _scheme;
    private readonly RecordedTournament? _tournament;

    /// <summary>Creates it.</summary>
    /// <param name="options">The vote.</param>
    /// <param name="samples">The first so many judgements of each rollout; null takes all. A tournament goes by its policy instead.</param>
    /// <exception cref="ArgumentException">Options are wrong; the message names each.</exception>
    public RecordedVote(SchemeOptions options, int? samples = null)
    {
        (_options, _samples) = (options, samples);
        _scheme = JudgingSchemes.ForRecorded(options);
        _tournament = options.Tournament.Kind == TournamentKind.None ? null : new RecordedTournament(options);
    }

    /// <summary>How confidences become probabilities of being right; null gives none.</summary>
    public StoredCalibration? Calibration { get; init; }

    /// <summary>The rounds of a knockout or Swiss tournament as the judgements that were drawn for it decided them; null for other votes.</summary>
    public IReadOnlyList<IReadOnlyList<PlayedMatch>>? Rounds(Rollout rollout, IReadOnlyList<Judgement> ledger) =>
        _options.Tournament.Kind is TournamentKind.Knockout or TournamentKind.Swiss ? _tournament!.Rounds(rollout, ledger) : null;

    /// <summary>The verdict, and the judgements that it is over.</summary>
    public (Verdict Verdict, IReadOnlyList<Judgement> Voting) Cast(Rollout rollout, IReadOnlyList<Judgement> ledger)
    {
        IReadOnlyList<Judgement> recorded = RecordedScores.Checked(ledger, _options.ScoreRange);
        if (_tournament is not null)
        {
            PlayedTournament played = _tournament.Play(rollout, recorded);
            return (Whole(_tournament.Cast(rollout, played), rollout, played.Ledger), played.Ledger);
        }

        if (_samples < recorded.Count)
        {
            recorded = [.. recorded.Take(_samples.Value)];
        }

        StopReason? stop = recorded.Count > 0 ? StopReason.Fixed : null;
        if (_options.Policy.Kind != PolicyKind.Fixed && recorded.Count > 0)
        {
            RecordedReplay replayed = RecordedReplay.Run(_options, rollout, recorded);
            (recorded, stop) = ([.. recorded.Take(replayed.Used)], replayed.Stop);
        }

        return (Whole(_scheme.Cast(rollout, recorded, stop), rollout, recorded), recorded);
    }

    private Verdict Whole(Verdict verdict, Rollout rollout, IReadOnlyList<Judgement> voting)
    {
        if (Calibration is { } calibration)
        {
            verdict = verdict with { Correctness = verdict.CorrectnessBy(calibration) };
        }

        return verdict.Graded(rollout, voting);
    }
}
