using CsCheck;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tests.Verdicts;
using Tribunal.Tournaments;
using Tribunal.Verdicts;

namespace Tribunal.Tests.Tournaments;

public sealed class TournamentTests
{
    private static readonly Gen<TournamentKind> Kinds = Gen.Int[1, 3].Select(k => (TournamentKind)k);

    [Fact]
    public void A_knockout_of_any_size_plays_n_minus_1_matches_and_the_best_wins()
    {
        for (int n = 1; n <= 65; n++)
        {
            Rollout rollout = Ledgers.Rollout(n, $"n{n}");
            IJudgingScheme scheme = Scheme(TournamentKind.Knockout, votes: 3);
            (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, d => Ledgers.Answer(d, rollout, (i, j, v) => j));
            Assert.Equal(n - 1, ledger.Select(j => (j.Pair![0], j.Pair[1])).Distinct().Count());
            Assert.Equal(3 * (n - 1), ledger.Count);
            if (n > 1)
            {
                Verdict verdict = scheme.Cast(rollout, ledger, stop);
                Assert.Equal(n - 1, verdict.Best);
                Assert.Equal(n == 2 ? verdict.Rewards![1] : 1, verdict.Rewards![n - 1], 12);
                Assert.All(verdict.Rewards!, r => Assert.InRange(r, 0, 1));
                Assert.Equal(0.5, verdict.Rewards!.Average(), 9);
            }
        }
    }

    [Fact]
    public void Byes_are_the_least_that_make_a_power_of_two_and_only_in_the_first_round()
    {
        for (int n = 2; n <= 65; n++)
        {
            Rollout rollout = Ledgers.Rollout(n, $"b{n}");
            IJudgingScheme scheme = Scheme(TournamentKind.Knockout, votes: 1);
            List<Judgement> ledger = [];
            List<int> rounds = [];
            while (scheme.Next(rollout, ledger).Draws is { Count: > 0 } draws)
            {
                rounds.Add(draws.Count);
                ledger.AddRange(draws.Select(d => Ledgers.Answer(d, rollout, (i, j, v) => i)));
            }

            int left = n - rounds[0];
            Assert.True(int.IsPow2(left) && left < n && left * 2 >= n);
            foreach (int matches in rounds.Skip(1))
            {
                Assert.Equal(left / 2, matches);
                left -= matches;
            }

            Assert.Equal((int)Math.Ceiling(Math.Log2(n)), rounds.Count);
        }
    }

    [Fact]
    public void Swiss_pairs_nobody_twice_and_gives_at_most_one_bye_each()
    {
        for (int n = 3; n <= 65; n++)
        {
            Rollout rollout = Ledgers.Rollout(n, $"s{n}");
            IJudgingScheme scheme = Scheme(TournamentKind.Swiss, votes: 1);
            List<Judgement> ledger = [];
            int rounds = 0;
            Dictionary<int, int> games = [];
            while (scheme.Next(rollout, ledger).Draws is { Count: > 0 } draws)
            {
                rounds++;
                Assert.Equal(n / 2, draws.Count);
                Assert.Equal(draws.Count * 2, draws.SelectMany(d => d.Pair!).Distinct().Count());
                foreach (int i in draws.SelectMany(d => d.Pair!))
                {
                    games[i] = games.GetValueOrDefault(i) + 1;
                }

                ledger.AddRange(draws.Select(d => Ledgers.Answer(d, rollout, (i, j, v) => j)));
            }

            Assert.Equal((int)Math.Ceiling(Math.Log2(n)), rounds);
            Assert.Equal(ledger.Count, ledger.Select(j => (j.Pair![0], j.Pair[1])).Distinct().Count());
            Assert.All(Enumerable.Range(0, n), i => Assert.InRange(games.GetValueOrDefault(i), rounds - 1, rounds));
            Assert.Equal(n - 1, scheme.Cast(rollout, ledger, StopReason.Fixed).Best);
        }
    }

    [Fact]
    public void Interrupted_anywhere_a_tournament_ends_the_same() =>
        Gen.Select(Kinds, Gen.Int[2, 12], Gen.ULong, Gen.Bool, Gen.Bool).Sample((kind, n, seed, adaptive, teams) =>
        {
            Rollout rollout = Answers([.. Enumerable.Range(0, n).Select(i => $"\\boxed{{{(teams ? i % 4 : i)}}}")], $"i{seed}");
            IJudgingScheme scheme = JudgingSchemes.Create(new SchemeOptions
            {
                Kind = JudgingKind.Pairwise,
                Seed = (long)seed,
                Policy = new PolicyOptions { Kind = adaptive ? PolicyKind.Adaptive : PolicyKind.Fixed, Samples = 3, Max = 8 },
                Tournament = new TournamentOptions { Kind = kind, Teams = teams ? new TeamOptions() : null },
            });
            (List<Judgement> whole, StopReason? stop) = Ledgers.Run(scheme, rollout, Judge);
            string expected = ListVoteTests.Json(scheme.Cast(rollout, whole, stop));

            // Lose a third of every round, and hand the ledger over in another order each time.
            List<Judgement> ledger = [];
            ulong tries = 0;
            while (scheme.Next(rollout, ledger) is { Draws.Count: > 0 } next)
            {
                ledger.AddRange(next.Draws.Where(_ => StableHash.Mix(seed, tries++) % 3 != 0).Select(Judge));
                Judgement[] shuffled = [.. ledger];
                var random = new SeededRandom(tries);
                random.Shuffle(shuffled.AsSpan());
                ledger = [.. shuffled];
            }

            Assert.Equal(stop, scheme.Next(rollout, ledger).Stop);
            Assert.Equal(expected, ListVoteTests.Json(scheme.Cast(rollout, ledger, stop)));

            Judgement Judge(Draw d) => Ledgers.Answer(d, rollout, (i, j, v) => StableHash.Mix(seed, (ulong)d.Sample) % 5 is var r && r == 0 ? null : r < 3 ? j : i);
        }, iter: 300);

    [Fact]
    public void Equal_answers_never_meet() =>
        Gen.Select(Kinds, Gen.Int[0, 3].Array[2, 14]).Sample((kind, answers) =>
        {
            Rollout rollout = Answers([.. answers.Select(a => $"so \\boxed{{ {a} }}")]);
            IJudgingScheme scheme = Scheme(kind, 5, new TeamOptions());
            (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, d => Ledgers.Answer(d, rollout, (i, j, v) => answers[i] > answers[j] ? i : j));
            Assert.All(ledger, j => Assert.NotEqual(answers[j.Pair![0]], answers[j.Pair[1]]));
            Assert.Equal(ledger.Count, ledger.Select(j => j.Sample).Distinct().Count());
            Verdict verdict = scheme.Cast(rollout, ledger, stop);
            Assert.Equal(VerdictStatus.Scored, verdict.Status);
            Assert.Equal(answers.Max(), answers[verdict.Best!.Value]);
            for (int i = 0; i < answers.Length; i++)
            {
                Assert.Equal(verdict.Rewards![Array.IndexOf(answers, answers[i])], verdict.Rewards![i]);
            }

            if (kind == TournamentKind.Knockout)
            {
                Assert.Equal(5 * (answers.Distinct().Count() - 1), ledger.Count);
            }
        }, iter: 300);

    [Fact]
    public void Team_members_take_turns_one_vote_in_each_order()
    {
        Rollout rollout = Answers(["\\boxed{1}", "\\boxed{2}", "so \\boxed{1}"]);
        NextDraws next = Scheme(TournamentKind.RoundRobin, 4, new TeamOptions()).Next(rollout, []);
        Assert.Equal(4, next.Draws.Count);
        Assert.Equal(2, next.Draws.Count(d => d.Pair is [0, 1]));
        Assert.Equal(2, next.Draws.Count(d => d.Pair is [1, 2]));
        Assert.All(next.Draws.GroupBy(d => d.Pair![0]), g => Assert.Equal(g.First().Order.Reverse(), g.Last().Order));
    }

    [Fact]
    public void The_bracket_is_seeded_and_may_be_shared()
    {
        Assert.Equal(First(1, "a", false), First(1, "a", false));
        Assert.NotEqual(First(1, "a", false), First(1, "b", false));
        Assert.NotEqual(First(1, "a", false), First(2, "a", false));
        Assert.Equal(First(1, "a", true), First(1, "b", true));

        static string First(long seed, string id, bool shared)
        {
            IJudgingScheme scheme = JudgingSchemes.Create(new SchemeOptions
            {
                Kind = JudgingKind.Pairwise,
                Seed = seed,
                Policy = new PolicyOptions { Samples = 1 },
                Tournament = new TournamentOptions { Kind = TournamentKind.Knockout, SharedBracket = shared },
            });
            return string.Join(' ', scheme.Next(Ledgers.Rollout(16, id), []).Draws.Select(d => $"{d.Pair![0]}-{d.Pair[1]}"));
        }
    }

    [Fact]
    public void An_allowance_ends_a_knockout_with_the_rest_tied()
    {
        Rollout rollout = Ledgers.Rollout(8);
        IJudgingScheme scheme = Scheme(TournamentKind.Knockout, 2);
        (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, d => Ledgers.Answer(d, rollout, (i, j, v) => j), allowance: 9);
        Assert.Equal(8, ledger.Count);
        Assert.Equal(StopReason.Budget, stop);
        Verdict verdict = scheme.Cast(rollout, ledger, stop);
        Assert.Equal(4, verdict.Rewards!.Count(r => Math.Abs(r - (11.0 / 14)) < 1e-9));
    }

    [Fact]
    public void Elo_rates_a_round_robin()
    {
        Rollout rollout = Ledgers.Rollout(4);
        IJudgingScheme scheme = JudgingSchemes.Create(new SchemeOptions
        {
            Kind = JudgingKind.Pairwise,
            Policy = new PolicyOptions { Samples = 1 },
            Tournament = new TournamentOptions { Kind = TournamentKind.RoundRobin, Rating = RatingKind.Elo, Elo = new EloOptions { Orders = 20 } },
        });
        (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, d => Ledgers.Answer(d, rollout, (i, j, v) => i));
        Verdict verdict = scheme.Cast(rollout, ledger, stop);
        Assert.Equal([0, 1, 2, 3], verdict.Ranking!);
        Assert.Equal(2, verdict.Rewards!.Sum(), 9);
    }

    [Theory]
    [InlineData(AnswerKind.Boxed, null, "x \\boxed{1} then \\boxed{\\frac{1}{2}} end", "\\frac{1}{2}")]
    [InlineData(AnswerKind.Boxed, null, "\\boxed{1", null)]
    [InlineData(AnswerKind.Pattern, "answer:\\s*(\\d+)", "answer: 3 no, answer:  14", "14")]
    [InlineData(AnswerKind.Pattern, "\\d+", "none", null)]
    [InlineData(AnswerKind.Json, "$.result.answers[1]", "{\"result\":{\"answers\":[1,\" b c \"]}}", "bc")]
    [InlineData(AnswerKind.Json, "answer", "Here:\n```json\n{\"answer\": 7}\n```\n", "7")]
    [InlineData(AnswerKind.Json, "answer", "{broken", null)]
    [InlineData(AnswerKind.Json, "answer", "[1]", null)]
    public void Final_answers_are_read(AnswerKind kind, string? where, string text, string? expected) =>
        Assert.Equal(expected, new AnswerReader(new TeamOptions { Answer = kind, Pattern = where, Path = where }).Read(text));

    [Theory]
    [InlineData(AnswerKind.Pattern, "(a)\\1")]
    [InlineData(AnswerKind.Pattern, null)]
    [InlineData(AnswerKind.Json, "$.")]
    public void Wrong_team_options_are_named(AnswerKind kind, string? where)
    {
        SchemeOptions options = new()
        {
            Kind = JudgingKind.Pairwise,
            Tournament = new TournamentOptions { Kind = TournamentKind.Knockout, Teams = new TeamOptions { Answer = kind, Pattern = where, Path = where } },
        };
        Assert.StartsWith("tournament.teams.", Assert.Single(options.Problems()).Field, StringComparison.Ordinal);
    }

    private static IJudgingScheme Scheme(TournamentKind kind, int votes, TeamOptions? teams = null) => JudgingSchemes.Create(new SchemeOptions
    {
        Kind = JudgingKind.Pairwise,
        Tournament = new TournamentOptions { Kind = kind, Votes = votes, Teams = teams },
    });

    private static Rollout Answers(string[] responses, string id = "r") =>
        Ledgers.Rollout(responses.Length, id) with { Responses = [.. responses.Select(r => new Response(r))] };
}
