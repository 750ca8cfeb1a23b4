using System.Text.Json;
using CsCheck;
using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Summary;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Tests.Summary;

public sealed class SummaryPartTests
{
    private static readonly Rollout Rollout = new() { Id = "r", Prompt = [new Message("user", "?")], Responses = [.. Enumerable.Repeat(new Response("x"), 5)] };

    [Fact]
    public void A_ledger_that_noted_what_it_was_asked_adds_up_to_what_its_judgements_do() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 4], Gen.Int[0, 11], Gen.Int[-1, 4], Gen.Int[0, 40]).Array[0, 40].Sample(static drawn =>
        {
            Judgement[] judgements = [.. drawn.Select(static (draw, sample) => Make(sample, draw))];
            RolloutJudgements noted = RolloutJudgements.None.With(Array.ConvertAll(judgements, static judgement => new NotedJudgement(judgement)));
            Assert.Equal(Json(judgements), Json(noted));
        }, iter: 1_000);

    // Mostly pairs with a winner; now and then anything else that a ledger may hold.
    private static Judgement Make(int sample, (int A, int B, int Odd, int Winner, int Tries) draw)
    {
        (int i, int j) = draw.A == draw.B ? (0, 1) : (Math.Min(draw.A, draw.B), Math.Max(draw.A, draw.B));
        bool turned = draw.A > draw.B;
        int? winner = draw.Winner < 0 ? null : draw.Winner % 2 == 0 ? i : j;
        return new Judgement
        {
            RolloutId = "r",
            Sample = sample,
            Protocol = "rrm",
            Judge = "j",
            Order = draw.Odd == 1 ? [i] : turned ? new[] { j, i } : new List<int> { i, j },
            Pair = draw.Odd == 2 ? null : [i, j],
            Outcome = draw.Odd == 3 ? (JudgementOutcome)(draw.Tries % 5) : JudgementOutcome.Valid,
            Scores = draw.Odd == 4 ? [1, 2, 3, 4, 5] : null,
            Winner = draw.Odd == 5 ? 9 : winner,
            Usage = new Usage(sample, 1),
            Tries = draw.Tries == 0 ? new Tries { Requests = 3, Throttled = 2 } : null,
            Neutralised = draw.Tries == 1 ? 2 : null,
        };
    }

    private static string Json(IReadOnlyList<Judgement> judgements)
    {
        var part = new SummaryPart();
        part.Add(Rollout, new Verdict { Id = "r", Status = VerdictStatus.Unscorable, Votes = new VoteCounts() }, judgements);
        return JsonSerializer.Serialize(part, RunsJson.Default.SummaryPart);
    }
}
