using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;

namespace Tribunal.Verdicts;

/// <summary>A tournament played with recorded judgements.</summary>
/// <param name="Ledger">The judgements it used, numbered as if they had been drawn for it.</param>
/// <param name="Stop">Why it ended; null where the record did not reach its end.</param>
/// <param name="Missing">The pair that the record has no judgement of, where one was needed.</param>
internal sealed record PlayedTournament(IReadOnlyList<Judgement> Ledger, StopReason? Stop, (int I, int J)? Missing);

/// <summary>A match of a tournament.</summary>
/// <param name="A">One response: the first of its team.</param>
/// <param name="B">The other.</param>
/// <param name="ScoreA">1 where the first won, 0 where it lost, ½ where nobody did.</param>
public sealed record PlayedMatch(int A, int B, double ScoreA);

/// <summary>
/// Plays tournaments again on a record of pair judgements: each vote of a match takes the next judgement that the record has of the
/// two. Where the record has fewer than the policy asks for, matches end with what there is.
/// </summary>
internal sealed class RecordedTournament
{
    private readonly SchemeOptions _options;

    /// <summary>Creates it.</summary>
    /// <param name="options">The scheme's options, of pairs.</param>
    /// <exception cref="ArgumentException">Options are wrong; the message names each.</exception>
    public RecordedTournament(SchemeOptions options)
    {
        _options = options with { Kind = JudgingKind.Pairwise };
        _ = JudgingSchemes.Create(_options);
    }

    /// <summary>Plays.</summary>
    /// <param name="recorded">Its judgements, in the order in which each pair's are used; lists of scores are passed over.</param>
    public PlayedTournament Play(Rollout rollout, IReadOnlyList<Judgement> recorded)
    {
        var texts = Candidates.Of(rollout);
        Dictionary<int, Queue<Judgement>> pairs = Group(recorded, texts);
        if (pairs.Count == 0)
        {
            return new PlayedTournament([], null, texts.Count > 1 ? (texts.First(0), texts.First(1)) : null);
        }

        IJudgingScheme scheme = SchemeFor(pairs.Values.Min(static queue => queue.Count));
        var ledger = new List<Judgement>();
        while (true)
        {
            NextDraws next = scheme.Next(rollout, ledger);
            if (next.Draws.Count == 0)
            {
                return new PlayedTournament(ledger, next.Stop, null);
            }

            foreach (Draw draw in next.Draws)
            {
                (int i, int j) = (draw.Pair![0], draw.Pair[1]);
                if (!pairs.TryGetValue(PairIndex.Of(texts[i], texts[j], texts.Count), out Queue<Judgement>? queue) || !queue.TryDequeue(out Judgement? judgement))
                {
                    return new PlayedTournament(ledger, null, (i, j));
                }

                ledger.Add(judgement with { Sample = draw.Sample });
            }
        }
    }

    /// <summary>The rounds of a knockout or Swiss tournament as its own judgements decided them, as far as they go.</summary>
    /// <param name="ledger">The judgements that were drawn for the tournament, or that <see cref="Play"/> took.</param>
    public IReadOnlyList<IReadOnlyList<PlayedMatch>> Rounds(Rollout rollout, IReadOnlyList<Judgement> ledger) => new TournamentScheme(_options).Rounds(rollout, ledger);

    /// <summary>The verdict over what was played.</summary>
    public Verdict Cast(Rollout rollout, PlayedTournament played)
    {
        Verdict verdict = JudgingSchemes.Create(_options).Cast(rollout, played.Ledger, played.Stop);
        return played.Missing is not { } missing ? verdict : new Verdict
        {
            Id = rollout.Id,
            Status = VerdictStatus.Unscorable,
            Votes = verdict.Votes with { Kept = 0 },
            Usage = verdict.Usage,
            Reason = $"the record has no judgement left of responses {missing.I} and {missing.J}, who meet in this tournament",
        };
    }

    // By the two texts: which of several equal ones was shown doesn't matter.
    private static Dictionary<int, Queue<Judgement>> Group(IReadOnlyList<Judgement> recorded, Candidates texts) => recorded
        .Where(judgement => !judgement.Hinted && judgement.Pair is [var i, var j] && i >= 0 && i < j && j < texts.Responses && texts[i] != texts[j])
        .GroupBy(judgement => PairIndex.Of(texts[judgement.Pair![0]], texts[judgement.Pair[1]], texts.Count))
        .ToDictionary(static pair => pair.Key, static pair => new Queue<Judgement>(pair));

    // No match may ask for more votes than every recorded pair has.
    private IJudgingScheme SchemeFor(int recorded)
    {
        int votes = Math.Min(_options.Tournament.Votes ?? _options.Policy.Samples, recorded);
        int most = Math.Min(_options.Policy.Max, recorded);
        return JudgingSchemes.Create(_options with
        {
            Policy = _options.Policy with { Samples = votes, Max = most, Min = Math.Min(_options.Policy.Min, most) },
            Tournament = _options.Tournament with { Votes = votes },
        });
    }
}
