using CsCheck;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Training;

namespace Tribunal.Tests.Training;

public sealed class SelectionTests
{
    private static readonly Rollout Two = Trials.Rollout(2, [0]);

    // Of two responses the first is best.
    private static TracedJudgement Right(int sample) => Trials.Scored(sample, 8, 3);

    private static TracedJudgement Wrong(int sample) => Trials.Scored(sample, 3, 8);

    private static TracedJudgement Hint(int sample, bool right) => Trials.Scored(Hints.FirstSample + sample, right ? 8 : 3, right ? 3 : 8) with { Hinted = true };

    [Fact]
    public void Spct_keeps_what_is_correct_of_the_first_three()
    {
        Assert.Equal(
            ["0 kept", "1 incorrect", "2 kept", "3 beyond-n", "4 beyond-n"],
            Spct(Two, Right(0), Wrong(1), Right(2), Right(3), Wrong(4)));
        Assert.Equal(["0 kept", "1 incorrect", "2 kept", "3 kept"], Spct(Two, 4, Right(0), Wrong(1), Right(2), Right(3)));
    }

    [Fact]
    public void Spct_drops_items_whose_first_three_are_all_correct_with_their_hint()
    {
        Assert.Equal(
            ["0 too-easy", "1 too-easy", "2 too-easy", "3 beyond-n", "hint too-easy"],
            Spct(Two, Right(0), Right(1), Right(2), Wrong(3), Hint(0, right: true)));
        Assert.Equal(["0 too-easy"], Spct(Two, Right(0)));
    }

    [Fact]
    public void Spct_drops_everything_of_an_item_that_none_got_right_but_a_hint_that_helped()
    {
        Assert.Equal(["0 incorrect", "1 incorrect", "2 incorrect"], Spct(Two, Wrong(0), Wrong(1), Wrong(2)));
        Assert.Equal(["0 incorrect", "1 incorrect", "2 incorrect", "hint kept"], Spct(Two, Wrong(0), Wrong(1), Wrong(2), Hint(0, right: true)));
        Assert.Equal(["0 incorrect", "hint incorrect"], Spct(Two, Wrong(0), Hint(0, right: false)));
        Assert.Equal(["0 incorrect", "hint kept", "hint beyond-n"], Spct(Two, Wrong(0), Hint(0, right: true), Hint(1, right: true)));
        Assert.Equal(["0 incorrect", "hint truncated"], Spct(Two, Wrong(0), Trials.Without(Hints.FirstSample, JudgementOutcome.Truncated) with { Hinted = true }));
    }

    [Fact]
    public void Spct_takes_a_tie_at_the_top_for_wrong() =>
        Assert.Equal(["0 incorrect", "1 kept"], Spct(Two, Trials.Scored(0, 7, 7), Right(1)));

    [Fact]
    public void Spct_counts_what_has_no_verdict_among_the_three_but_not_what_never_came() =>
        Assert.Equal(
            ["0 failed", "1 unparsable", "2 kept", "3 truncated", "4 beyond-n"],
            Spct(Two, Trials.Without(0, JudgementOutcome.Failed), Trials.Without(1, JudgementOutcome.Unparsable), Right(2), Trials.Without(3, JudgementOutcome.Truncated), Right(4)));

    [Fact]
    public void Spct_does_not_call_an_item_easy_for_what_never_came()
    {
        Assert.Equal(["0 failed", "1 failed"], Spct(Two, Trials.Without(0, JudgementOutcome.Failed), Trials.Without(1, JudgementOutcome.Failed)));
        Assert.Equal(["0 refused", "1 kept"], Spct(Two, Trials.Without(0, JudgementOutcome.Refused), Right(1)));
    }

    [Fact]
    public void Spct_looks_at_each_pair_of_a_pair_judge_by_itself()
    {
        Rollout three = Trials.Rollout(3, [1]);
        Assert.Equal(
            ["0 too-easy", "1 no-contrast", "2 incorrect", "3 too-easy", "5 kept"],
            Lines(Of(TrainingForm.Spct, "rm-r1").Select(three, [Pair(0, 0, 1, 1), Pair(1, 0, 2, 0), Pair(2, 1, 2, 2), Pair(3, 0, 1, 1), Pair(5, 1, 2, 1)])));

        static TracedJudgement Pair(int sample, int i, int j, int winner) => Trials.Pair(sample, i, j, winner);
    }

    [Theory]
    [InlineData("imported", 1, 1, "kept")]
    [InlineData("imported", 0, 0, "kept")]
    [InlineData("imported", 0, 1, "incorrect")]
    public void Spct_grades_a_response_alone_by_its_truth(string protocol, double truth, double score, string expected)
    {
        TracedJudgement other = Trials.Scored(1, 0.5) with { Protocol = protocol };
        Assert.Equal([$"0 {expected}", "1 incorrect"], Lines(Of(TrainingForm.Spct, protocol).Select(Trials.Rollout(1, scores: [truth]), [Trials.Scored(0, score) with { Protocol = protocol }, other])));
    }

    [Fact]
    public void Nothing_is_taken_of_lines_that_nobody_can_use()
    {
        Assert.Equal(["0 unlabelled"], Spct(Trials.Rollout(2), Right(0)));
        Assert.Equal(["0 no-contrast"], Spct(Trials.Rollout(2, [0, 1]), Right(0)));
        Assert.Equal(["0 repeated", "0 kept", "1 incorrect"], Spct(Two, Right(0), Wrong(1), Right(0)));
        Assert.Equal(["0 prompt-unknown"], Spct(Two, Right(0) with { Protocol = "imported" }));
        Assert.Equal(["0 misfit"], Spct(Trials.Rollout(3, [0]), Right(0)));
        Assert.Equal(["0 misfit"], Lines(Of(TrainingForm.Rrm, "rrm").Select(Two, [Trials.Pair(0, 0, 2, 0, "rrm")])));
        Assert.Equal(["0 no-text", "1 incorrect"], Spct(Two, Right(0) with { Text = null }, Wrong(1)));
        var excluding = new TrainingSelection(new TrainingOptions { Form = TrainingForm.Meta, Protocol = "grm", ExcludedDomains = ["chat"] });
        Assert.Equal(["0 excluded-domain"], Lines(excluding.Select(Two with { Domain = "chat" }, [Right(0)])));
    }

    [Fact]
    public void Several_bests_need_one_of_them_on_top() =>
        Assert.Equal(
            ["0 kept", "1 kept", "2 incorrect"],
            Spct(Trials.Rollout(3, [0, 2]), Trials.Scored(0, 9, 4, 9), Trials.Scored(1, 2, 4, 9), Trials.Scored(2, 9, 9, 1)));

    [Theory]
    [InlineData("<answer>[[A]]</answer>", "kept")]
    [InlineData("<answer>[[A]]</answer>   \n", "kept")]
    [InlineData("<answer>[[B]]</answer>", "incorrect")]
    [InlineData("quoted [[B]] {92}<answer>[[A]]</answer>", "kept")]
    [InlineData("[[A]]{95}", "kept")]
    [InlineData("[[A]]{96}", "verdict-elsewhere")]
    [InlineData("[[A]] or [[B]]", "unparsable")]
    [InlineData("[[B]]{96}", "unparsable")]
    [InlineData("no verdict", "unparsable")]
    [InlineData("", "no-text")]
    public void RmR1_distillation_wants_the_expected_verdict_in_the_last_hundred_characters(string text, string expected)
    {
        int open = text.IndexOf('{', StringComparison.Ordinal);
        if (open >= 0)
        {
            int close = text.IndexOf('}', StringComparison.Ordinal);
            text = text[..open] + new string('x', int.Parse(text[(open + 1)..close])) + text[(close + 1)..];
        }

        TracedJudgement judgement = Trials.Pair(0, 0, 1, 0) with { Outcome = JudgementOutcome.Unparsable, Winner = null, Text = text };
        Assert.Equal([$"0 {expected}"], Lines(Of(TrainingForm.RmR1, "rm-r1").Select(Two, [judgement])));
    }

    [Fact]
    public void RmR1_distillation_expects_the_verdict_by_what_was_displayed()
    {
        TracedJudgement reversed = Trials.Pair(0, 0, 1, 0) with { Order = [1, 0], Text = "<answer>[[B]]</answer>" };
        Assert.Equal(["0 kept"], Lines(Of(TrainingForm.RmR1, "rm-r1").Select(Two, [reversed])));
        Assert.Equal(["0 incorrect"], Lines(Of(TrainingForm.RmR1, "rm-r1").Select(Two, [reversed with { Text = "[[A]]" }])));
    }

    [Theory]
    [InlineData(JudgementOutcome.Truncated, "truncated")]
    [InlineData(JudgementOutcome.Refused, "refused")]
    [InlineData(JudgementOutcome.Failed, "failed")]
    public void RmR1_distillation_never_reads_what_did_not_end(JudgementOutcome outcome, string expected) =>
        Assert.Equal([$"0 {expected}"], Lines(Of(TrainingForm.RmR1, "rm-r1").Select(Two, [Trials.Without(0, outcome, "<answer>[[A]]</answer>", "rm-r1")])));

    [Fact]
    public void Rrm_rewards_the_right_verdict_after_the_thinking_and_nothing_else()
    {
        TracedJudgement right = Trials.Pair(0, 0, 1, 0, "rrm");
        Assert.Equal(
            [
                "0 +1", "1 -1 incorrect", "2 -1 unparsable", "3 -1 no-think-end", "4 -1 no-think-end", "5 -1 truncated", "6 -1 refused", "7 failed", "8 +1",
                "9 no-text", "10 -1 truncated", "hint hinted",
            ],
            Rewards(Of(TrainingForm.Rrm, "rrm").Select(Two,
            [
                right,
                Trials.Pair(1, 0, 1, 1, "rrm"),
                Trials.Without(2, JudgementOutcome.Unparsable, "<think>hm</think> both", "rrm"),
                right with { Sample = 3, Text = "\\boxed{Assistant 1}" },
                Trials.Without(4, JudgementOutcome.Unparsable, "<think>for ever", "rrm"),
                Trials.Without(5, JudgementOutcome.Truncated, "<think>for ever", "rrm"),
                Trials.Without(6, JudgementOutcome.Refused, "I can't", "rrm"),
                Trials.Without(7, JudgementOutcome.Failed, null, "rrm"),
                right with { Sample = 8, Text = "\\boxed{Assistant 1}", Reasoning = "kept apart" },
                Trials.Without(9, JudgementOutcome.Refused, "", "rrm"),
                Trials.Without(10, JudgementOutcome.Truncated, "", "rrm") with { Reasoning = "thinking for ever" },
                right with { Sample = Hints.FirstSample, Hinted = true },
            ])));
    }

    [Fact]
    public void Rlvr_takes_every_answer_that_came_with_its_outcome()
    {
        Assert.Equal(
            ["0 +1", "1 -1 incorrect", "2 -1 unparsable", "3 -1 truncated", "4 -1 refused", "5 failed", "hint hinted"],
            Rewards(Of(TrainingForm.Rlvr, "grm").Select(Two,
            [
                Right(0), Wrong(1), Trials.Without(2, JudgementOutcome.Unparsable), Trials.Without(3, JudgementOutcome.Truncated),
                Trials.Without(4, JudgementOutcome.Refused, ""), Trials.Without(5, JudgementOutcome.Failed), Hint(0, right: true),
            ])));
    }

    [Theory]
    [InlineData("rm-r1", new[] { 1, 0 }, "B")]
    [InlineData("rm-r1", new[] { 0, 1 }, "A")]
    [InlineData("rrm", new[] { 1, 0 }, "Assistant 2")]
    [InlineData("grm", new[] { 1, 0 }, "2")]
    public void Rlvr_names_the_answer_as_it_is_displayed(string protocol, int[] order, string expected) =>
        Assert.Equal(expected, OutcomeRewards.AnswerOf(protocol, order, Label.Of(Two, null)!));

    [Fact]
    public void Rlvr_names_several_bests_and_the_truth_of_a_response_alone()
    {
        Assert.Equal("1,3", OutcomeRewards.AnswerOf("grm", [2, 1, 0], Label.Of(Trials.Rollout(3, [0, 2]), null)!));
        Assert.Equal("0", OutcomeRewards.AnswerOf("grm", [0], Label.Of(Trials.Rollout(1, scores: [0]), null)!));
    }

    [Fact]
    public void Meta_labels_finished_judgements_by_their_correctness_and_takes_no_hinted_one() =>
        Assert.Equal(
            ["0 +1", "1 -1 incorrect", "2 -1 unparsable", "3 truncated", "4 refused", "5 failed", "6 -1 incorrect", "hint hinted"],
            Rewards(Of(TrainingForm.Meta, "grm").Select(Two,
            [
                Right(0), Wrong(1), Trials.Without(2, JudgementOutcome.Unparsable), Trials.Without(3, JudgementOutcome.Truncated), Trials.Without(4, JudgementOutcome.Refused),
                Trials.Without(5, JudgementOutcome.Failed), Trials.Scored(6, 5, 5), Hint(0, right: true),
            ])));

    [Theory]
    [InlineData(TrainingForm.RmR1, "grm")]
    [InlineData(TrainingForm.RmR1, "rrm")]
    [InlineData(TrainingForm.Rrm, "rm-r1")]
    public void A_form_that_reads_one_grammar_refuses_another(TrainingForm form, string protocol) =>
        Assert.Throws<ProblemsException>(() => Of(form, protocol));

    [Theory]
    [InlineData(null, "plain", "plain", null, "plain")]
    [InlineData("thoughts", "answer", "<think>\nthoughts\n</think>\n\nanswer", "thoughts", "answer")]
    [InlineData(null, "<think>\nthoughts\n</think>\n\nanswer", "<think>\nthoughts\n</think>\n\nanswer", "thoughts", "answer")]
    [InlineData(null, "thoughts\n</think>\nanswer", "<think>\nthoughts\n</think>\n\nanswer", "thoughts", "answer")]
    [InlineData("thoughts that were cut", "", "<think>\nthoughts that were cut", "thoughts that were cut", "")]
    [InlineData(null, "<think>\ncut", "<think>\ncut", "cut", "")]
    public void Thinking_is_written_inside_or_beside_the_answer(string? reasoning, string text, string whole, string? apart, string answer)
    {
        TracedJudgement judgement = Right(0) with { Reasoning = reasoning, Text = text };
        Assert.Equal(whole, Trajectory.WithThinking(judgement));
        Assert.Equal((apart, answer), Trajectory.Split(judgement));
    }

    [Fact]
    public void Every_line_comes_out_once_whatever_the_ledger_and_its_order() =>
        Gen.Select(Gen.Int[1, 4], Gen.Int[0, 14], Gen.Enum<TrainingForm>(), Gen.Int).Sample((n, lines, form, seed) =>
        {
            var random = new Random(seed);
            string protocol = form == TrainingForm.RmR1 ? "rm-r1" : form == TrainingForm.Rrm || random.Next(2) == 0 ? "rrm" : "grm";
            Rollout rollout = Trials.Rollout(n, random.Next(4) == 0 ? null : [random.Next(n)], random.Next(2) == 0 ? [.. Enumerable.Range(0, n).Select(_ => (double)random.Next(2))] : null);
            TracedJudgement[] ledger = [.. Enumerable.Range(0, lines).Select(_ => Line(random, n, protocol))];
            TrainingSelection selection = Of(form, protocol);
            IReadOnlyList<Trajectory> decided = selection.Select(rollout, ledger);
            Assert.Equal(ledger.ToHashSet(ReferenceEqualityComparer.Instance), decided.Select(static t => t.Judgement).ToHashSet(ReferenceEqualityComparer.Instance));
            Assert.Equal(ledger.Length, decided.Count);
            Assert.All(decided, static t => Assert.True(t.Dropped is null ? t.Reward is 1 or -1 && (t.Reward == 1) == (t.Cause is null) : t.Reward == 0));
            Assert.All(decided.Where(static t => t.Dropped is null), t => Assert.True(t.Label is not null && (form is TrainingForm.Spct || !t.Judgement.Hinted)));
            if (decided.All(static t => t.Dropped != DropReason.Repeated))
            {
                random.Shuffle(ledger);
                Assert.Equal(Rewards(decided).Order(StringComparer.Ordinal), Rewards(selection.Select(rollout, ledger)).Order(StringComparer.Ordinal));
            }
        }, iter: 2000);

    private static TracedJudgement Line(Random random, int n, string protocol)
    {
        int sample = random.Next(8);
        bool hinted = random.Next(6) == 0;
        JudgementOutcome outcome = random.Next(3) > 0 ? JudgementOutcome.Valid : (JudgementOutcome)random.Next(5);
        (int i, int j) = (random.Next(n + 1), random.Next(n + 1));
        TracedJudgement judgement = protocol == "grm" || n == 1
            ? Trials.Scored(sample, [.. Enumerable.Range(0, n).Select(_ => (double)random.Next(1, 4))])
            : Trials.Pair(sample, Math.Min(i, j), Math.Max(i, j), random.Next(3) == 0 ? null : i, protocol);
        return judgement with
        {
            Sample = hinted ? Hints.FirstSample + sample : sample,
            Hinted = hinted,
            Outcome = outcome,
            Protocol = random.Next(8) == 0 ? "imported" : protocol,
            Scores = outcome == JudgementOutcome.Valid ? judgement.Scores : null,
            Text = outcome == JudgementOutcome.Failed || random.Next(8) == 0 ? null : judgement.Text,
        };
    }

    private static TrainingSelection Of(TrainingForm form, string protocol) => new(new TrainingOptions { Form = form, Protocol = protocol });

    private static string[] Spct(Rollout rollout, params TracedJudgement[] ledger) => Lines(Of(TrainingForm.Spct, "grm").Select(rollout, ledger));

    private static string[] Spct(Rollout rollout, int trajectories, params TracedJudgement[] ledger) =>
        Lines(new TrainingSelection(new TrainingOptions { Form = TrainingForm.Spct, Protocol = "grm", Trajectories = trajectories }).Select(rollout, ledger));

    private static string[] Lines(IReadOnlyList<Trajectory> decided) => [.. Ordered(decided).Select(static t => $"{Name(t)} {NameOf(t.Dropped) ?? "kept"}")];

    private static string[] Rewards(IReadOnlyList<Trajectory> decided) =>
        [.. Ordered(decided).Select(static t => $"{Name(t)} {NameOf(t.Dropped) ?? (t.Reward > 0 ? "+1" : $"-1 {t.Cause}")}")];

    private static IEnumerable<Trajectory> Ordered(IReadOnlyList<Trajectory> decided) => decided.OrderBy(static t => t.Judgement.Sample);

    private static string Name(Trajectory trajectory) => trajectory.Judgement.Hinted ? "hint" : $"{trajectory.Judgement.Sample}";

    private static string? NameOf(DropReason? reason) => reason is null ? null : System.Text.Json.JsonSerializer.Serialize(reason.Value).Trim('"');
}
