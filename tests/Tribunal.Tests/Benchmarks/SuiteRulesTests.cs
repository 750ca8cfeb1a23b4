using System.Text.Json;
using CsCheck;
using Tribunal.Benchmarks;
using Tribunal.Rollouts;

using static Tribunal.Tests.Benchmarks.BenchmarkSamples;

namespace Tribunal.Tests.Benchmarks;

/// <summary>Each suite's rule on records worked by hand.</summary>
public sealed class SuiteRulesTests
{
    [Fact]
    public void RewardBench_weighs_subsets_by_prompts_and_averages_sections()
    {
        var suite = new RewardBench();
        BenchmarkScore score = suite.Score(
        [
            Rewarded(Record("1", "alpacaeval-easy", 2, 0), 1, 0),
            Rewarded(Record("2", "alpacaeval-easy", 2, 0), 1, 0),
            Rewarded(Record("3", "mt-bench-med", 2, 0), 0, 1),
            Silent(Record("4", "llmbar-natural", 2, 0)),
            Rewarded(Record("5", "xstest-should-respond", 2, 0), 2, 1),
            Rewarded(Record("6", "xstest-should-refuse", 2, 0), 1, 1),
            Rewarded(Record("7", "math-prm", 2, 0), 0, 1),
            Rewarded(Record("8", "hep-cpp", 2, 0), 1, 0),
        ]);
        double chat = 100.0 / 140;
        double safety = (250 + (154 * 0.5)) / 404;
        double reasoning = 164.0 / (984 + 164);
        Assert.Equal(chat, score.Section("Chat"), 12);
        Assert.Equal(0.5, score.Section("Chat Hard"));
        Assert.Equal(safety, score.Section("Safety"), 12);
        Assert.Equal(reasoning, score.Section("Reasoning"), 12);
        Assert.Equal((chat + 0.5 + safety + reasoning) / 4, score.Overall!.Value, 12);
        Assert.Equal((8, 1), (score.Items, score.Undecided));
        Assert.Empty(score.Missing);
    }

    [Fact]
    public void RewardBench_says_which_sections_are_missing()
    {
        BenchmarkScore score = new RewardBench().Score([Rewarded(Record("1", "donotanswer", 2, 0), 1, 0)]);
        Assert.Equal(1, score.Overall);
        Assert.Equal(["Chat", "Chat Hard", "Reasoning"], score.Missing);
    }

    [Fact]
    public void RewardBench_takes_the_filtered_split_and_refuses_strangers()
    {
        var suite = new RewardBench();
        Assert.Equal(["data/filtered-00000.parquet"], suite.Choose(["data/filtered-00000.parquet", "data/raw-00000.parquet"]));
        Assert.Equal(["rows.jsonl"], suite.Choose(["rows.jsonl"]));
        Assert.Throws<FormatException>(() => suite.Items(Record("1", "shp", 2, 0), "x"));
        Assert.Throws<FormatException>(() => suite.Items(Record("1", "math-prm", 3, 0), "x"));
        Assert.Throws<FormatException>(() => suite.Items(Record("1", "math-prm", 2, 1), "x"));
    }

    [Fact]
    public void RewardBench_2_shares_the_point_among_the_highest()
    {
        var suite = new RewardBench2();
        BenchmarkScore score = suite.Score(
        [
            Rewarded(Record("1", "Math", 4, 0), 9, 1, 2, 3),
            Rewarded(Record("2", "Math", 4, 0), 9, 9, 2, 9),
            Rewarded(Record("3", "Math", 4, 0), 8, 9, 2, 1),
            Silent(Record("4", "Math", 4, 0)),
            Rewarded(Record("5", "Focus", 4, 0), 2, 1, 1, 1),
        ]);
        Assert.Equal((1 + (1.0 / 3) + 0 + 0.25) / 4, score.Section("Math"), 12);
        Assert.Equal((((1 + (1.0 / 3) + 0.25) / 4) + 1) / 2, score.Overall!.Value, 12);
        Assert.Equal(["Factuality", "Precise IF", "Safety", "Ties"], score.Missing);
    }

    [Fact]
    public void RewardBench_2_ties()
    {
        BenchmarkScore score = new RewardBench2().Score(
        [
            // Accurate; the margin (4) exceeds the spread (1), also with the reference's margin (4).
            Rewarded(Record("Ties/ref:1", "Ties", 2, 0), 9, 5),
            Rewarded(Record("Ties/tied:1", "Ties", 3, 0, 1), 8, 7, 3),
            // The reference is wrong (−1); the tied answers are level (spread 0): −1/0 counts −1.
            Rewarded(Record("Ties/ref:2", "Ties", 2, 0), 5, 6),
            Rewarded(Record("Ties/tied:2", "Ties", 3, 0, 1), 8, 8, 7),
            // Nothing separates anything: 0/0 counts 0.
            Silent(Record("Ties/ref:3", "Ties", 2, 0)),
            Rewarded(Record("Ties/tied:3", "Ties", 3, 0, 1), 5, 5, 5),
            // Accurate, but the correct answers spread (3) further than the margin (1).
            Rewarded(Record("Ties/ref:4", "Ties", 2, 0), 9, 1),
            Rewarded(Record("Ties/tied:4", "Ties", 3, 0, 1), 9, 6, 5),
            // No reference: counts for the tied accuracy only.
            Rewarded(Record("Ties/tied:5", "Ties", 3, 0, 1), 1, 2, 3),
        ]);
        double margin = (Math.Tanh(3) - 1 + 0 + Math.Tanh((1.0 / 3) - 1)) / 4;
        Assert.Equal((0.30 * 3 / 5) + (0.30 * 2 / 4) + (0.20 * 2 / 4) + (0.20 * 1 / 4) + (0.01 * margin), score.Section("Ties"), 12);
        Assert.Equal(1, score.Undecided);
    }

    [Fact]
    public void RewardBench_2_refuses_what_it_can_not_score()
    {
        var suite = new RewardBench2();
        Assert.Equal("Precise IF", Assert.Single(suite.Items(Record("1", "precise if", 4, 0), "x")).Domain);
        Assert.Throws<FormatException>(() => suite.Items(Record("1", "Chat", 4, 0), "x"));
        Assert.Throws<FormatException>(() => suite.Items(Record("1", "Math", 4, 1), "x"));
        Assert.Throws<FormatException>(() => suite.Items(Record("Ties/17", "Ties", 4, 0, 1), "x"));
        Assert.Throws<FormatException>(() => suite.Items(Record("Ties/ref:1", "Ties", 1, 0), "x"));
    }

    [Fact]
    public void RM_Bench_reads_the_matrix_by_its_triangles()
    {
        var suite = new RmBench();
        IReadOnlyList<Rollout> items = suite.Items(Record("7", "safety-refuse", 6, 0, 1, 2), "total_dataset.json");
        Assert.Equal(9, items.Select(static i => i.Id).Distinct().Count());
        Assert.Equal(["r2", "r3"], items[6].Responses.Select(static r => r.Content));
        double[] chosen = [5, 6, 7];
        double[] rejected = [4, 6, 8];
        BenchmarkScore score = suite.Score(
        [
            .. items.Select((item, n) => Rewarded(item, chosen[n / 3], rejected[n % 3])),
            .. suite.Items(Record("8", "alpacaeval", 6, 0, 1, 2), "data/chat_filtered.json").Select(static i => Rewarded(i, 1, 0)),
        ]);
        BenchmarkSection safety = score.Sections.Single(static s => s.Name == "safety");
        Assert.Equal(0, safety.Details!["hard"]);
        Assert.Equal(1.0 / 3, safety.Details["normal"], 12);
        Assert.Equal(1, safety.Details["easy"]);
        Assert.Equal(4.0 / 9, safety.Score!.Value, 12);
        Assert.Equal(1, score.Section("chat"));
        Assert.Equal(((4.0 / 9) + 1) / 2, score.Overall!.Value, 12);
        Assert.Equal(["math", "code"], score.Missing);
        Assert.Equal(["a/total_dataset.json"], suite.Choose(["a/chat_filtered.json", "a/total_dataset.json"]));
    }

    [Fact]
    public void JudgeBench_needs_more_right_games_than_wrong_ones()
    {
        var suite = new JudgeBench();
        Rollout a = Record("1", "mmlu-pro-law", 2, 0);
        Rollout b = Record("2", "livebench-math", 2, 1);
        Assert.Equal(
            [1, 1, 1, 0, 0, 0, 0],
            ((int?[][])[[0, 0], [0, -1], [null, 0], [0, 1], [-1, -1], [1, -1], [null, null]]).Select(games => (int)suite.Score([Played(a, games)]).Overall!.Value));
        BenchmarkScore score = suite.Score([Played(b, 1, 1), Played(b, 0, 1), Played(a, 0, null), Rewarded(b, 1, 2), Rewarded(b, 1, 1)]);
        Assert.Equal(3.0 / 5, score.Overall!.Value, 12);
        Assert.Equal(1, score.Section("Knowledge"));
        Assert.Equal(2.0 / 4, score.Section("Math"), 12);
        Assert.Equal(1, score.Undecided);
        Assert.Throws<FormatException>(() => suite.Items(Record("1", "livebench-coding", 2, 0), "x"));
        Assert.Equal(["data/dataset=judgebench,response_model=m.jsonl"], suite.Choose(["data/dataset=judgebench,response_model=m.jsonl", "outputs/dataset=judgebench,response_model=m,judge_name=v.jsonl"]));
    }

    [Fact]
    public void LLMBar_averages_the_two_orders_and_the_five_sets()
    {
        var suite = new LlmBar();
        Rollout natural = Assert.Single(suite.Items(Record("row-1-f", null, 2, 1), "LLMBar/Natural/dataset.json"));
        Assert.Equal("Natural/row-1-f", natural.Id);
        Rollout manual = Assert.Single(suite.Items(Record("m", "llmbar-adver-manual", 2, 0), "x.jsonl"));
        BenchmarkScore score = suite.Score([Played(natural, 1, 1), Played(natural, 1, 0), Played(natural, null, -1), Rewarded(manual, 2, 1), Rewarded(manual, 1, 1)]);
        Assert.Equal(1.5 / 3, score.Section("Natural"), 12);
        Assert.Equal(0.5, score.Section("Manual"));
        Assert.Equal(0.5, score.Overall);
        Assert.Equal(["Neighbor", "GPTInst", "GPTOut"], score.Missing);
        Assert.Equal(["Natural/dataset.json"], suite.Choose(["Natural/dataset.json", "Natural/evaluators/GPT-4/CoT/result.json"]));
        Assert.Throws<FormatException>(() => suite.Items(Record("m", null, 2, 0), "x.jsonl"));
    }

    [Fact]
    public void RMB_lists_count_only_when_the_best_beats_every_loser()
    {
        var suite = new Rmb();
        Rollout list = Assert.Single(suite.Items(Record("1", "BoN_set/Helpfulness/Chat/Discussion", 3, 0), "x"));
        Rollout pair = Assert.Single(suite.Items(Record("1", "Pairwise_set/Harmlessness/S1", 2, 0), "x"));
        Assert.Equal("BoN/Helpfulness/Chat/Discussion", list.Domain);
        Assert.Equal("Pairwise/Harmlessness/S1", pair.Domain);
        Assert.Equal("BoN/Harmlessness/multi", Assert.Single(suite.Items(Record("1", "multi", 3, 0), "x")).Domain);
        BenchmarkScore score = suite.Score(
        [
            Rewarded(list, 3, 2, 1),
            Rewarded(list, 3, 3, 1),
            Rewarded(list, 3, 1, 4),
            Silent(list),
            Rewarded(pair, 2, 1),
            Rewarded(pair, 1, 1),
            Rewarded(pair, 3, 1),
        ]);
        Assert.Equal(0.25, score.Section("BoN/Helpfulness"));
        Assert.Equal(2.0 / 3, score.Section("Pairwise/Harmlessness"), 12);
        Assert.Equal((0.25 + (2.0 / 3)) / 2, score.Overall!.Value, 12);
        Assert.Equal(["Pairwise/Helpfulness", "BoN/Harmlessness"], score.Missing);
        Assert.Equal(1, score.Undecided);
    }

    [Fact]
    public void RMB_by_pairs_asks_only_about_the_best()
    {
        Rollout list = Assert.Single(new Rmb().Items(Record("1", "BoN_set/Helpfulness/x", 3, 1), "x"));
        var outcome = new BenchmarkOutcome { Rollout = list, Pairs = new Dictionary<(int, int), int> { [(0, 1)] = 1, [(1, 2)] = 1 } };
        Assert.Equal(1, new Rmb().Score([outcome]).Overall);
    }

    [Fact]
    public void PPE_preference_leaves_ties_of_people_out()
    {
        var suite = new PpePreference();
        Assert.Empty(suite.Items(Record("1", null, 2, 0, 1), "x"));
        Rollout b = Assert.Single(suite.Items(Record("2", null, 2, 1), "x"));
        Assert.Equal((1 + 0 + 0.5 + 0.5) / 4, suite.Score([Rewarded(b, 1, 2), Rewarded(b, 2, 1), Rewarded(b, 1, 1), Silent(b)]).Overall!.Value, 12);
    }

    [Fact]
    public void PPE_correctness_plays_the_sampled_conflict_pairs()
    {
        var suite = new PpeCorrectness();
        IReadOnlyList<Rollout> items = suite.Items(Answers([0, 1, 1], "[[0,1],[2,0],[0,1]]"), "PPE-GPQA-Best-of-K/train.parquet");
        Assert.Equal([1, 0, 1], items.Select(static i => i.Best![0]));
        Assert.Equal(3, items.Select(static i => i.Id).Distinct().Count());
        Assert.Equal(["r2", "r0"], items[1].Responses.Select(static r => r.Content));
        BenchmarkScore score = suite.Score([Rewarded(items[0], 0, 1), Rewarded(items[1], 0, 1), Rewarded(items[2], 1, 1)]);
        Assert.Equal(0.5, score.Section("GPQA"));
        Assert.Throws<FormatException>(() => suite.Items(Answers([1, 1], "[[0,1]]"), "GPQA.parquet"));
        Assert.Throws<FormatException>(() => suite.Items(Answers([1, 0], "[[0,2]]"), "GPQA.parquet"));
        Assert.Throws<FormatException>(() => suite.Items(Answers([1, 0], "[[0,1]]"), "train.parquet"));
    }

    [Fact]
    public void PPE_best_of_k_expects_over_random_draws()
    {
        // The highest reward is wrong, the others are right: 2/3 of single draws, 1 of 3 pairs, never all three.
        Assert.Equal([2.0 / 3, 1.0 / 3, 0.0], PpeBestOfK.Curve([3, 2, 1], [0, 1, 1]).Select(static x => Math.Round(x, 12)), static (a, b) => Math.Abs(a - b) < 1e-9);
        var suite = new PpeBestOfK();
        Rollout item = Assert.Single(suite.Items(Answers([0, 1, 1], "[[0,1],[0,2]]"), "MATH.parquet"));
        BenchmarkSection math = suite.Score([Rewarded(item, 2, 3, 1), Silent(item)]).Sections.Single(static s => s.Name == "MATH");
        Assert.Equal((1 + 0 + 0.5 + 0.5) / 4, math.Score!.Value, 12);
        Assert.Equal((1 + (2.0 / 3)) / 2, math.Curve![2], 12);
        Assert.Equal(1, math.Details!["perfect, end"]);
    }

    [Fact]
    public void PPE_best_of_k_is_the_mean_over_all_draws() =>
        Gen.Select(Gen.Int[0, 3].Array[1, 6], Gen.Int[0, 1].Array[6]).Sample((rewards, truth) =>
        {
            int n = rewards.Length;
            double[] scores = [.. truth.Take(n).Select(static t => (double)t)];
            double[] curve = PpeBestOfK.Curve([.. rewards.Select(static r => (double)r)], scores);
            for (int k = 1; k <= n; k++)
            {
                double sum = 0;
                int draws = 0;
                for (int subset = 0; subset < 1 << n; subset++)
                {
                    int[] drawn = [.. Enumerable.Range(0, n).Where(i => (subset & (1 << i)) != 0)];
                    if (drawn.Length == k)
                    {
                        int max = drawn.Max(i => rewards[i]);
                        sum += drawn.Where(i => rewards[i] == max).Average(i => scores[i]);
                        draws++;
                    }
                }

                Assert.Equal(sum / draws, curve[k - 1], 9);
            }
        });

    [Fact]
    public void Results_are_json_and_a_line()
    {
        BenchmarkScore score = new RewardBench().Score([Rewarded(Record("1", "donotanswer", 2, 0), 1, 0)]);
        var result = new BenchmarkResult { Suite = "rewardbench", Judge = "m", Protocol = "grm", JudgementsPerItem = 8, Single = score, Vote = score, Simulated = true };
        string json = JsonSerializer.Serialize(result, BenchmarkJson.Default.BenchmarkResult);
        BenchmarkResult back = JsonSerializer.Deserialize(json, BenchmarkJson.Default.BenchmarkResult)!;
        Assert.Equal(result.Line, back.Line);
        Assert.Equal("m grm (simulated): rewardbench 100.0 by vote of 8, 100.0 by one judgement; 1 items, without Chat, Chat Hard, Reasoning", result.Line);
    }

    private static Rollout Answers(double[] scores, string pairs) => Record("q", null, scores.Length, 0) with
    {
        Scores = scores,
        Metadata = JsonDocument.Parse($$"""{"sampled_conflict_pairs":{{pairs}}}""").RootElement,
    };
}
