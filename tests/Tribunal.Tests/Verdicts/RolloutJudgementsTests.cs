using CsCheck;
using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Verdicts;

namespace Tribunal.Tests.Verdicts;

public sealed class RolloutJudgementsTests
{
    [Fact]
    public void They_stand_in_the_order_of_their_samples_however_they_came() =>
        Gen.Select(Gen.Int[0, 12].Array[0, 20], Gen.Int[1, 5], Gen.ULong).Sample((samples, pieces, seed) =>
        {
            NotedJudgement[] all = [.. samples.Select((sample, at) => new NotedJudgement(Ledgers.Pair(sample, 0, 1, at % 2) with { LatencyMs = at }))];
            new SeededRandom(seed).Shuffle(all.AsSpan());
            RolloutJudgements judgements = RolloutJudgements.None;
            foreach (NotedJudgement[] piece in all.Chunk(pieces))
            {
                judgements = judgements.With(piece);
            }

            Assert.Equal(all.Select(static noted => noted.Judgement.Sample).Order(), judgements.Select(static judgement => judgement.Sample));
            Assert.Equal(all.Length, judgements.Select(static judgement => judgement.LatencyMs).Distinct().Count());
        });

    [Fact]
    public void Hinted_ones_are_kept_apart()
    {
        Judgement hinted = Ledgers.Pair(9, 0, 1, 0) with { Hinted = true };
        RolloutJudgements plain = RolloutJudgements.None.With([new NotedJudgement(Ledgers.Pair(3, 0, 1, 1))]);
        Assert.Same(plain, plain.WithoutHinted());
        RolloutJudgements both = plain.With([new NotedJudgement(hinted)]);
        Assert.Equal(2, both.Count);
        Assert.Equal([3], both.WithoutHinted().Select(static judgement => judgement.Sample));
    }

    // What a scheme leaves with judgements must never show: asked round after round, it answers as if it saw the ledger for the first time.
    [Fact]
    public void A_scheme_answers_as_it_would_to_any_other_list() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[2, 12], Gen.ULong, Gen.Int[0, 2], Gen.Bool, Gen.Bool).Sample((kind, n, seed, policy, teams, meta) =>
        {
            var rollout = Ledgers.Rollout(n, $"m{seed}") with { Responses = [.. Enumerable.Range(0, n).Select(i => new Response($"\\boxed{{{(teams ? i % 4 : i)}}}"))] };
            IJudgingScheme scheme = JudgingSchemes.Create(new SchemeOptions
            {
                Kind = JudgingKind.Pairwise,
                Seed = (long)seed,
                Meta = meta ? new MetaOptions { Model = "m", Keep = 0.5 } : new MetaOptions(),
                Policy = new PolicyOptions { Kind = (PolicyKind)policy, Samples = 3, Max = 8 },
                Tournament = new TournamentOptions { Kind = (TournamentKind)kind, Teams = teams ? new TeamOptions() : null },
            });
            List<Judgement> list = [];
            RolloutJudgements judgements = RolloutJudgements.None;
            for (ulong tries = 0; ; tries++)
            {
                NextDraws expected = scheme.Next(rollout, list);
                NextDraws actual = scheme.Next(rollout, judgements);
                Assert.Equal(expected.Stop, actual.Stop);
                Assert.Equal(expected.Draws.Select(Line), actual.Draws.Select(Line));
                StopReason? stop = expected.Draws.Count == 0 ? expected.Stop : list.Count == 0 ? null : StopReason.Budget;
                string verdict = ListVoteTests.Json(scheme.Cast(rollout, list, stop));
                Assert.Equal(verdict, ListVoteTests.Json(scheme.Conclude(rollout, list)));
                Assert.Equal(verdict, ListVoteTests.Json(scheme.Conclude(rollout, judgements)));
                Assert.Equal(verdict, ListVoteTests.Json(scheme.Cast(rollout, judgements, stop)));
                if (expected.Draws.Count == 0)
                {
                    break;
                }

                // A third of every round is drawn only later.
                Judgement[] drawn = [.. expected.Draws.Where(draw => StableHash.Mix(seed, tries + (ulong)draw.Sample) % 3 != 0).Select(Judge)];
                list.AddRange(drawn);
                judgements = judgements.With(Array.ConvertAll(drawn, static judgement => new NotedJudgement(judgement)));
            }

            Judgement Judge(Draw draw)
            {
                ulong random = StableHash.Mix(seed, (ulong)draw.Sample);
                Judgement judgement = Ledgers.Answer(draw, rollout, (i, j, _) => (random % 5) is var r && r == 0 ? null : r < 3 ? j : i) with { Meta = random % 7 };
                return random % 11 == 0 ? judgement with { Outcome = JudgementOutcome.Unparsable, Winner = null, Pair = null } : judgement;
            }
        }, iter: 300);

    private static string Line(Draw draw) => $"{draw.Sample} {string.Join(',', draw.Order)} {string.Join(',', draw.Pair ?? [])}";
}
