using System.Text;
using CsCheck;
using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tests.Verdicts;
using Tribunal.Verdicts;

namespace Tribunal.Tests.MetaReward;

/// <summary>Models in files: what they say, and what is refused.</summary>
public sealed class LearnedMetaModelTests
{
    private static readonly string[] Hedges = ["It holds.", "Perhaps it holds.", "Maybe it might perhaps hold."];

    [Fact]
    public void A_file_says_the_same_after_a_round_trip()
    {
        foreach (LearnedMetaModel model in (LearnedMetaModel[])[AgainstHedging(), Tree()])
        {
            var again = LearnedMetaModel.Read(model.Write());
            Assert.Equal(model.Id, again.Id);
            Gen.Double[-50, 50].Array[MetaFeatures.Names.Count].Sample(row => Assert.Equal(model.Score(row), again.Score(row)));
        }
    }

    [Fact]
    public void A_line_and_a_tree_by_hand()
    {
        double[] row = new double[MetaFeatures.Names.Count];
        row[Hedging] = 5;
        Assert.Equal((2 * (1 + (-3 * (5.0 - 1) / 2))) + 0.25, AgainstHedging().Score(row), 12);
        Assert.Equal(-7, Tree().Score(row));
        row[Hedging] = 0.5;
        Assert.Equal(7, Tree().Score(row));
        Assert.Throws<ArgumentException>(() => Tree().Score(new double[3]));
    }

    public static TheoryData<string, string> Hostile => new()
    {
        { "\"format\":\"tribunal-meta/1\"", "\"format\":\"tribunal-meta/9\"" },
        { "\"bias\":1", "\"bias\":1e999" },
        { "\"bias\":1", "\"bias\":\"x\"" },
        { "\"bias\":1", "\"bias\":1,\"$type\":\"System.Diagnostics.Process\"" },
        { "\"features\":[\"hedging\"]", "\"features\":[\"home-directory\"]" },
        { "\"features\":[\"hedging\"]", "\"features\":[\"hedging\",\"hedging\"]" },
        { "\"features\":[\"hedging\"]", "\"features\":null" },
        { "\"scales\":[2]", "\"scales\":[0]" },
        { "\"scales\":[2]", "\"scales\":[2,2]" },
        { "\"weights\":[-3]", "\"weights\":null" },
        { "\"judges\":[\"j\"]", "\"judges\":null" },
        { "\"seen\":[\"0123456789abcdef\"]", "\"seen\":[\"../../etc\"]" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_hostile_file_is_refused_with_a_reason(string part, string replacement)
    {
        string json = Encoding.UTF8.GetString(AgainstHedging().Write());
        Assert.Contains(part, json, StringComparison.Ordinal);
        string message = Assert.Throws<MetaModelException>(() => LearnedMetaModel.Read(Encoding.UTF8.GetBytes(json.Replace(part, replacement, StringComparison.Ordinal)))).Message;
        Assert.NotEmpty(message);
    }

    [Theory]
    [InlineData("\"left\":[-1]", "\"left\":[0]")]
    [InlineData("\"left\":[-1]", "\"left\":[5]")]
    [InlineData("\"left\":[-1]", "\"left\":[-9]")]
    [InlineData("\"leaves\":[7,-7]", "\"leaves\":[7]")]
    [InlineData("\"features\":[0]", "\"features\":[3]")]
    [InlineData("\"trees\":[{", "\"trees\":[null,{")]
    public void A_tree_that_would_never_end_or_reach_outside_is_refused(string part, string replacement)
    {
        string json = Encoding.UTF8.GetString(Tree().Write());
        Assert.Contains(part, json, StringComparison.Ordinal);
        Assert.Throws<MetaModelException>(() => LearnedMetaModel.Read(Encoding.UTF8.GetBytes(json.Replace(part, replacement, StringComparison.Ordinal))));
    }

    [Fact]
    public void Rubbish_of_any_kind_is_refused()
    {
        byte[] whole = AgainstHedging().Write();
        for (int length = 0; length < whole.Length; length += 7)
        {
            Assert.Throws<MetaModelException>(() => LearnedMetaModel.Read(whole.AsSpan(0, length)));
        }

        Assert.Throws<MetaModelException>(() => LearnedMetaModel.Read(new byte[LearnedMetaModel.MaxBytes + 1]));
        Assert.Throws<MetaModelException>(() => LearnedMetaModel.Read("null"u8));
        Assert.Throws<MetaModelException>(() => LearnedMetaModel.Read(Encoding.UTF8.GetBytes(new string('[', 10_000))));
    }

    [Fact]
    public void The_filter_drops_what_hedges_whatever_the_ledger_says()
    {
        Judgement[] ledger = [Words(0, [9, 2], 0), Words(1, [8, 3], 0), Words(2, [1, 10], 2) with { Meta = 100 }, Words(3, [1, 10], 2) with { Meta = 100 }];
        Assert.Equal(1, Vote(null, ledger).Best);
        Verdict guided = Vote(AgainstHedging(), ledger);
        Assert.Equal(0, guided.Best);
        Assert.Equal(2, guided.Votes.Kept);
    }

    [Fact]
    public void Traits_stand_for_texts()
    {
        TracedJudgement[] ledger = [Words(0, [9, 2], 0), Words(1, [2, 8], 2), Words(2, [7, 6], 1), Words(3, [1, 10], 1)];
        Judgement[] traits = [.. ledger.Select(static j => j.WithTraits())];
        Assert.Equal(Vote(AgainstHedging(), ledger).Rewards, Vote(AgainstHedging(), traits).Rewards);
    }

    [Fact]
    public void Only_the_order_of_meta_rewards_matters_to_the_filter()
    {
        Gen.Select(Gen.Int[0, 2], Gen.Double[1, 10], Gen.Double[1, 10]).Array[1, 12].Sample(rows =>
        {
            Judgement[] ledger = [.. rows.Select(static (r, i) => Words(i, [r.Item2, r.Item3], r.Item1))];
            LearnedMetaModel model = AgainstHedging();
            var stretched = LearnedMetaModel.Of(model.File with { Calibration = new MetaCalibration(17, -40) });
            Assert.Equal(Vote(model, ledger).Rewards, Vote(stretched, ledger).Rewards);
        });
    }

    [Fact]
    public void The_order_of_the_ledger_changes_nothing()
    {
        Gen.Select(Gen.Int[0, 2], Gen.Double[1, 10], Gen.Double[1, 10]).Array[2, 12].Sample(rows =>
        {
            Judgement[] ledger = [.. rows.Select(static (r, i) => Words(i, [r.Item2, r.Item3], r.Item1))];
            Assert.Equal(Vote(AgainstHedging(), ledger).Rewards, Vote(AgainstHedging(), [.. ledger.Reverse()]).Rewards);
        });
    }

    [Fact]
    public void At_a_checkpoint_what_is_drawn_later_is_not_known()
    {
        // A model of nothing but siblings: at the second judgement the two agree, whatever follows.
        LearnedMetaModel agreement = Linear("agreement", 1, 0, 1);
        var options = new SchemeOptions
        {
            Kind = JudgingKind.Listwise,
            MetaModel = agreement,
            Meta = new MetaOptions { Model = agreement.Id },
            Policy = new PolicyOptions { Kind = PolicyKind.Adaptive, Min = 2, Max = 16, Confidence = 0.9 },
        };
        Judgement[] ledger = [Words(0, [9, 2], 0), Words(1, [8, 2], 0), .. Enumerable.Range(2, 14).Select(static i => Words(i, [2, 9], 0))];
        Rollout rollout = Ledgers.Rollout(2);
        RecordedReplay shortRecord = RecordedReplay.Run(options, rollout, ledger[..4]);
        Assert.Equal(shortRecord, RecordedReplay.Run(options, rollout, ledger) with { Used = shortRecord.Used });
        Assert.Equal(shortRecord.Used, RecordedReplay.Run(options, rollout, ledger).Used);
    }

    [Fact]
    public void Siblings_are_those_of_the_same_match()
    {
        LearnedMetaModel agreement = Linear("agreement", 1, 0, 1);
        var options = new SchemeOptions { Kind = JudgingKind.Pairwise, MetaModel = agreement, Meta = new MetaOptions { Model = agreement.Id, Keep = 0.6 } };
        Rollout rollout = Ledgers.Rollout(3);
        // Match 0–1 (pair 0): 2 of 3 say 0. The others have a judgement each.
        Judgement[] ledger =
        [
            Ledgers.Pair(PairIndex.Sample(0, 0, 3), 0, 1, 0), Ledgers.Pair(PairIndex.Sample(1, 0, 3), 0, 1, 0), Ledgers.Pair(PairIndex.Sample(2, 0, 3), 0, 1, 1),
            Ledgers.Pair(PairIndex.Sample(0, 1, 3), 0, 2, 2), Ledgers.Pair(PairIndex.Sample(0, 2, 3), 1, 2, 2),
        ];
        Verdict verdict = JudgingSchemes.Create(options).Cast(rollout, ledger, StopReason.Fixed);
        Assert.Equal(4, verdict.Votes.Kept);
        Assert.Equal([2, 0, 1], verdict.Ranking);
    }

    private static readonly int Hedging = MetaFeatures.Names.ToList().IndexOf("hedging");

    internal static TracedJudgement Words(int sample, double[] scores, int hedges) => Ledgers.List(sample, scores) with { Text = Hedges[hedges] };

    private static Verdict Vote(LearnedMetaModel? model, Judgement[] ledger)
    {
        var options = new SchemeOptions { Kind = JudgingKind.Listwise, MetaModel = model, Meta = new MetaOptions { Model = model?.Id } };
        return JudgingSchemes.Create(options).Cast(Ledgers.Rollout(2), ledger, StopReason.Fixed);
    }

    private static LearnedMetaModel AgainstHedging() => Linear("hedging", -3, 1, 2);

    private static LearnedMetaModel Linear(string feature, double weight, double mean, double scale) =>
        LearnedMetaModel.Of(File(feature) with { Bias = 1, Linear = new MetaLinear([mean], [scale], [weight]) });

    private static LearnedMetaModel Tree() => LearnedMetaModel.Of(File("hedging") with { Calibration = new MetaCalibration(1, 0), Trees = [new MetaTree([0], [1], [-1], [-2], [7, -7])] });

    private static MetaModelFile File(string feature) => new()
    {
        Format = MetaModelFile.Version,
        Features = [feature],
        Calibration = new MetaCalibration(2, 0.25),
        Seen = ["0123456789abcdef"],
        Card = new MetaModelCard
        {
            Trained = DateTimeOffset.UnixEpoch,
            Learner = "logistic",
            FeatureSet = "words",
            Judges = ["j"],
            Rollouts = 10,
            Judgements = 100,
            Right = 0.7,
            Seed = 0,
            Folds = 5,
            Ece = 0.01,
            LogLoss = 0.5,
            Importances = [new MetaImportance(feature, 0.1)],
            Vote = new MetaVoteTrial(10, 0.5, 0.7, 0.8, -0.1, 0.2),
        },
    };
}
