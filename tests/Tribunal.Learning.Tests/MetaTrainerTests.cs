using Microsoft.Extensions.Time.Testing;
using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Learning.Meta;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Learning.Tests;

/// <summary>Models of one's own: what they find, and that they don't know what they should not.</summary>
public sealed class MetaTrainerTests
{
    private static readonly FakeTimeProvider Time = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(MetaLearner.Logistic)]
    [InlineData(MetaLearner.Trees)]
    public void It_finds_the_cue_and_beats_plain_voting_on_rollouts_it_has_not_seen(MetaLearner learner)
    {
        LearnedMetaModel model = Train(Worlds.Make(300), new MetaTrainingOptions { Learners = [learner], Features = [MetaFeatureSet.Words] });
        MetaModelCard card = model.File.Card;
        Assert.True(card.Vote.Low > 0, card.Vote.Words);
        Assert.StartsWith("beats plain voting", card.Vote.Words, StringComparison.Ordinal);
        Assert.StartsWith("hedging", card.Importances[0].Feature, StringComparison.Ordinal);
        Assert.InRange(card.Auc!.Value, 0.7, 0.85);
        Assert.InRange(card.Ece, 0, 0.06);
        Assert.Equal(Time.GetUtcNow(), card.Trained);
        Assert.Equal(300, card.Rollouts);

        List<RolloutLedger> fresh = Worlds.Make(300, first: 5000);
        var guided = new SchemeOptions { Kind = JudgingKind.Listwise, MetaModel = model, Meta = new MetaOptions { Model = model.Id } };
        Assert.True(Accuracy(guided, fresh) > Accuracy(new SchemeOptions { Kind = JudgingKind.Listwise }, fresh) + 0.03);
        Assert.All(fresh, r => Assert.NotNull(guided.Untaught(r.Rollout).Best));
        Assert.All(Worlds.Make(300), r => Assert.Null(guided.Untaught(r.Rollout).Best));
    }

    [Fact]
    public void Where_there_is_nothing_to_find_it_says_so()
    {
        MetaVoteTrial vote = Train(Worlds.Make(200, cue: false), new MetaTrainingOptions { Features = [MetaFeatureSet.Words] }).File.Card.Vote;
        Assert.True(vote.Low <= 0);
        Assert.DoesNotContain("beats plain voting on", vote.Words, StringComparison.Ordinal);
    }

    [Fact]
    public void Judgements_of_a_rollout_never_stand_on_both_sides()
    {
        // Every rollout has a mark of its own in its words, and all its judgements are right or all wrong by a coin. Whoever trains on
        // some of them knows the others; whoever holds rollouts apart can know nothing.
        List<RolloutLedger> rollouts = [.. Worlds.Make(60).Select((r, i) =>
        {
            bool right = new SeededRandom((ulong)i).Next(2) == 0;
            string mark = string.Join(' ', Enumerable.Repeat("word.", 5 + (7 * i)));
            return r with
            {
                Ledger = [.. r.Ledger.Select(j => (TracedJudgement)j with { Text = mark, Scores = (r.Rollout.Best![0] == 0) == right ? [9, 2] : [2, 9] })],
            };
        })];
        var options = new MetaTrainingOptions { Learners = [MetaLearner.Trees], Features = [MetaFeatureSet.Words] };
        Assert.InRange(Train(rollouts, options).File.Card.Auc!.Value, 0.25, 0.75);

        // The same trees do know what they were shown.
        MetaTrainer.Item[] items = MetaTrainer.Prepare(rollouts);
        LearnedMetaModel taught = new MetaTrainer(options, Time).Fit(items, CancellationToken.None);
        var uncalibrated = LearnedMetaModel.Of(taught.File with { Calibration = new MetaCalibration(1, 0) });
        Assert.True(Ranking.Auc([.. items.SelectMany(i => i.Examples.Select(e => (uncalibrated.Score(e.Features), e.Right)))]) > 0.9);

        int[] folds = MetaTrainer.Folds(items, 5, 1, "outer");
        Assert.Equal(items.Length, folds.Length);
        Assert.All(folds.GroupBy(static f => f), static fold => Assert.Equal(12, fold.Count()));
    }

    [Fact]
    public void The_same_seed_gives_the_same_file_and_the_order_of_rollouts_does_not_matter_to_the_folds()
    {
        List<RolloutLedger> rollouts = Worlds.Make(60);
        foreach (MetaLearner learner in Enum.GetValues<MetaLearner>())
        {
            var options = new MetaTrainingOptions { Learners = [learner], Features = [MetaFeatureSet.Words] };
            Assert.Equal(Train(rollouts, options).Write(), Train(rollouts, options).Write());
        }

        MetaTrainer.Item[] items = MetaTrainer.Prepare(rollouts);
        MetaTrainer.Item[] reversed = [.. items.Reverse()];
        Assert.Equal(MetaTrainer.Folds(items, 5, 3, "outer"), MetaTrainer.Folds(reversed, 5, 3, "outer").Reverse());
        Assert.NotEqual(MetaTrainer.Folds(items, 5, 3, "outer"), MetaTrainer.Folds(items, 5, 4, "outer"));
    }

    [Fact]
    public void The_file_says_after_a_round_trip_what_the_model_said()
    {
        foreach (MetaLearner learner in Enum.GetValues<MetaLearner>())
        {
            List<RolloutLedger> rollouts = Worlds.Make(80);
            LearnedMetaModel model = Train(rollouts, new MetaTrainingOptions { Learners = [learner], Features = [MetaFeatureSet.All] });
            var read = LearnedMetaModel.Read(model.Write());
            Assert.Equal(model.Id, read.Id);
            Assert.All(rollouts.SelectMany(MetaExamples.Of), e => Assert.Equal(model.Score(e.Features), read.Score(e.Features)));
        }
    }

    [Fact]
    public void Too_little_to_learn_from_is_said()
    {
        Assert.Throws<TooFewLabelsException>(() => Train(Worlds.Make(5), new MetaTrainingOptions()));
        List<RolloutLedger> unlabelled = [.. Worlds.Make(50).Select(static r => r with { Rollout = r.Rollout with { Best = null } })];
        Assert.Throws<TooFewLabelsException>(() => Train(unlabelled, new MetaTrainingOptions()));
        List<RolloutLedger> right = [.. Worlds.Make(50).Select(static r => r with { Ledger = [.. r.Ledger.Select(j => j with { Scores = r.Rollout.Best![0] == 0 ? [9, 1] : [1, 9] })] })];
        Assert.Contains("all", Assert.Throws<TooFewLabelsException>(() => Train(right, new MetaTrainingOptions())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Repeated_splits_compare_at_equal_judgements()
    {
        List<RolloutLedger> rollouts = [.. Worlds.Make(120).Select(static r => r with { Ledger = [.. r.Ledger.Select(static j => j with { Meta = ((TracedJudgement)j).Text!.Contains("Perhaps", StringComparison.Ordinal) ? 0 : 1 })] })];
        var trial = new MetaTrial(new MetaTrainingOptions { Features = [MetaFeatureSet.Words] }, Time);
        IReadOnlyList<MetaTrialRow> rows = trial.Run(rollouts, 4, 0.5, [1, null], CancellationToken.None);
        Assert.Equal([1, null], rows.Select(static r => r.Samples));
        // Of one judgement there is none to drop.
        Assert.Equal(new Spread(0, 0, 0), rows[0].Difference);
        Assert.True(rows[1].Difference.Mean > 0.02);
        Assert.True(rows[1].RecordedDifference!.Value.Mean > 0.02);
        Assert.Equal(rows[1].Plain, trial.Run(rollouts, 4, 0.5, [1, null], CancellationToken.None)[1].Plain);
        Assert.Null(trial.Run(Worlds.Make(40), 1, 0.5, [null], CancellationToken.None)[0].Recorded);
    }

    private static LearnedMetaModel Train(List<RolloutLedger> rollouts, MetaTrainingOptions options) => new MetaTrainer(options, Time).Train(rollouts, simulated: false);

    private static double Accuracy(SchemeOptions options, List<RolloutLedger> rollouts) =>
        rollouts.Average(r => JudgingSchemes.Create(options).Cast(r.Rollout, r.Ledger, StopReason.Fixed).Best == r.Rollout.Best![0] ? 1.0 : 0);
}
