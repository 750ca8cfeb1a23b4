using CsCheck;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Steps;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Tests.Steps;

public sealed class SampleDrawTests
{
    private static readonly (JudgingKind Kind, TournamentOptions Tournament)[] Schemes =
    [
        (JudgingKind.Listwise, new()),
        (JudgingKind.Pairwise, new() { Kind = TournamentKind.RoundRobin }),
        (JudgingKind.Pairwise, new() { Kind = TournamentKind.Knockout }),
        (JudgingKind.Pairwise, new() { Kind = TournamentKind.Swiss }),
        (JudgingKind.Pairwise, new() { Kind = TournamentKind.Knockout, Teams = new() }),
        (JudgingKind.Pairwise, new() { Kind = TournamentKind.RoundRobin, Teams = new() }),
    ];

    private static readonly PolicyOptions[] Policies =
    [
        new() { Samples = 5 },
        new() { Kind = PolicyKind.Adaptive },
        new() { Kind = PolicyKind.Certified },
    ];

    // Everything that any scheme asks for, until it asks for nothing, follows from the sample's number.
    [Fact]
    public void A_sample_number_says_what_any_scheme_meant_by_it() =>
        Gen.Select(Gen.Int[0, Schemes.Length - 1], Gen.Int[0, Policies.Length - 1], Gen.Int[2, 9], Gen.Long, Gen.Int).Sample(static (scheme, policy, responses, seed, judge) =>
        {
            (JudgingKind kind, TournamentOptions tournament) = Schemes[scheme];
            IJudgingScheme asked = JudgingSchemes.Create(new SchemeOptions
            {
                Kind = kind, Policy = Policies[policy], Tournament = tournament, Meta = new MetaOptions(), Seed = seed, ScoreRange = kind == JudgingKind.Listwise ? (1, 10) : (0, 1),
            });
            var rollout = new Rollout
            {
                Id = $"r{judge}",
                Prompt = [new Message("user", "?")],
                Responses = [.. Enumerable.Range(0, responses).Select(static i => new Response($"It is \\boxed{{{i / 2}}}"))],
                Best = [0],
            };
            var ledger = new List<Judgement>();
            var random = new Random(judge);
            while (asked.Next(rollout, ledger).Draws is { Count: > 0 } draws)
            {
                foreach (Draw draw in draws)
                {
                    AssertSame(draw, SampleDraw.Of(kind, seed, rollout.Id, rollout.Responses.Count, draw.Sample));
                    AssertSame(draw with { Sample = draw.Sample + Router.FirstApart }, SampleDraw.Of(kind, seed, rollout.Id, rollout.Responses.Count, draw.Sample + Router.FirstApart));
                    ledger.Add(Answer(draw, kind, responses, random));
                }
            }

            foreach (HintedDraw hint in Hints.Next(HintMode.All, rollout, kind, ledger, seed))
            {
                AssertSame(hint.Draw, SampleDraw.Of(kind, seed, rollout.Id, rollout.Responses.Count, hint.Draw.Sample));
            }
        }, iter: 600);

    private static void AssertSame(Draw asked, Draw derived)
    {
        Assert.Equal(asked.Sample, derived.Sample);
        Assert.Equal(asked.Order, derived.Order);
        Assert.Equal(asked.Pair, derived.Pair);
    }

    private static Judgement Answer(Draw draw, JudgingKind kind, int responses, Random random) => new()
    {
        RolloutId = "r",
        Sample = draw.Sample,
        Protocol = "p",
        Judge = "j",
        Order = draw.Order,
        Pair = draw.Pair,
        Outcome = random.Next(8) == 0 ? JudgementOutcome.Unparsable : JudgementOutcome.Valid,
        Scores = kind == JudgingKind.Listwise ? [.. Enumerable.Range(0, responses).Select(_ => (double)random.Next(1, 11))] : null,
        Winner = draw.Pair is { } pair ? pair[random.Next(2)] : null,
    };
}
