using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Tests.Protocols;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Tests.Issues;

/// <summary>Reported: 5 of 5 points are a reward of 0.44 where a ledger is voted without its run, or with another judge's range.</summary>
public sealed class ScoreScaleTests
{
    private static readonly Rollout Rollout = Samples.Rollout("q", "good", "poor");

    [Theory]
    [InlineData("prometheus-absolute", "Fine. [RESULT] 5", 1.0, 5.0), InlineData("grm-single", "It is \\boxed{1}", 0.0, 1.0)]
    public void A_judgement_tells_the_scale_of_its_scores(string protocol, string answer, double min, double max)
    {
        Judgement judgement = Read(protocol, answer);
        Assert.Equal(JudgementOutcome.Valid, judgement.Outcome);
        Assert.Equal([min, max], judgement.Scale!);
    }

    [Fact]
    public void A_judgement_without_scores_has_no_scale() => Assert.Null(Read("prometheus-absolute", "It is fine.").Scale);

    [Fact]
    public void Grm_lines_stay_as_they_are() => Assert.Null(Read("grm", "Scores: \\boxed{7}").Scale);

    [Theory]
    [InlineData(1, 10), InlineData(1, 5), InlineData(0, 1), InlineData(0, 100)]
    public void A_vote_reads_scores_on_the_scale_of_their_judge_whatever_range_the_run_has(double min, double max)
    {
        var options = new SchemeOptions { Kind = JudgingKind.Listwise, ScoreRange = (min, max), Rule = VotingRule.Mean };
        foreach (IJudgingScheme scheme in (IJudgingScheme[])[JudgingSchemes.ForRecorded(options), JudgingSchemes.Create(options)])
        {
            Judgement[] ledger = [Scored(0, "mine", [5, 2], [1, 5]), Scored(1, "grm", [10, 3.25], null)];
            Assert.Equal([1.0, 0.25], scheme.Cast(Rollout, ledger, null).Rewards!);
        }
    }

    [Fact]
    public void Scores_that_tell_no_scale_are_read_by_the_range_of_the_run()
    {
        var options = new SchemeOptions { Kind = JudgingKind.Listwise, ScoreRange = (0, 4), Rule = VotingRule.Mean };
        Assert.Equal([1.0, 0.25], JudgingSchemes.ForRecorded(options).Cast(Rollout, [Scored(0, "imported", [4, 1], null)], null).Rewards!);
    }

    [Theory]
    [InlineData("grm", 11, null), InlineData("grm", 0.99, null), InlineData("mine", 5.5, "1 to 5"), InlineData("imported", -1, null), InlineData("grm", double.PositiveInfinity, null), InlineData("imported", double.NaN, null)]
    public void A_score_off_its_scale_is_no_vote_and_never_another_score(string protocol, double score, string? scale)
    {
        Judgement off = Scored(1, protocol, [score, 2], scale is null ? null : [1, 5]);
        var options = new SchemeOptions { Kind = JudgingKind.Listwise, Rule = VotingRule.Mean };
        foreach (IJudgingScheme scheme in (IJudgingScheme[])[JudgingSchemes.ForRecorded(options), JudgingSchemes.Create(options)])
        {
            Verdict verdict = scheme.Cast(Rollout, [Scored(0, "grm", [2, 6], null), off], null);
            Assert.Equal((1, 1, 1), (verdict.Votes.Valid, verdict.Votes.Unparsable, verdict.Best));
        }

        Judgement read = RecordedScores.Checked([off], (1, 10))[0];
        Assert.Equal((JudgementOutcome.Unparsable, null), (read.Outcome, read.Scores));
        Assert.StartsWith(double.IsFinite(score) ? FormattableString.Invariant($"the score {score} is not on the scale from 1 to {scale?[^1..] ?? "10"}") : "a score is not finite", read.Why, StringComparison.Ordinal);
    }

    private static TracedJudgement Read(string protocol, string answer) =>
        JudgementReader.Read("a", 0, 0, ProtocolCatalog.Resolve(protocol, null).Protocol, "judge", [0], null, Samples.Reply(answer));

    private static Judgement Scored(int sample, string protocol, double[] scores, double[]? scale) => new()
    {
        RolloutId = Rollout.Id,
        Sample = sample,
        Protocol = protocol,
        Judge = "judge",
        Order = [0, 1],
        Outcome = JudgementOutcome.Valid,
        Scores = scores,
        Scale = scale,
    };
}
