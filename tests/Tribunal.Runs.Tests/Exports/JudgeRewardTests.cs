using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Training;

namespace Tribunal.Runs.Tests.Exports;

/// <summary>The Python reward of RL sets against the rules that the ledger is graded by.</summary>
public sealed class JudgeRewardTests
{
    private static readonly string[] Grm =
    [
        "Scores: \\boxed{8, 3}", "Scores: \\boxed{3, 8}", "Scores: \\boxed{5, 5}", "Analysis: \\boxed{1, 9}\n**Scores:** \\boxed{8, 3}", "Scores: \\boxed{8}", "Scores: \\boxed{8, 3, 1}",
        "Scores: \\boxed{11, 3}", "Scores: \\boxed{0, 3}", "Scores: \\boxed{\\text{8}, 3}", "Scores: good", "", "Scores: \\boxed{8, 3} or \\boxed{3, 8}", "<think>\\boxed{8, 3}", "<think>\\boxed{3, 8}</think>Scores: \\boxed{8, 3}",
        "\\boxed{8.5, 3}", "Scores: \\boxed{8, -3}", "Scores: \\boxed{nan, 3}",
    ];

    private static readonly string[] RmR1 =
    [
        "<answer>[[A]]</answer>", "<answer>[[B]]</answer>", "<answer>[[A]]</answer> and [[B]]", "[[A]]", $"<answer>[[A]]</answer>{new string('x', 80)}", $"<answer>[[A]]</answer>{new string('x', 58)}",
        $"<answer>[[A]]</answer>{new string('x', 59)}", "<answer>[[A]]</answer>  \n", "", "<think>[[B]]</think><answer>[[A]]</answer>", "<think><answer>[[A]]</answer>", "<answer>[[C]]</answer>",
    ];

    private static readonly string[] Rrm =
    [
        "<think>a</think>\\boxed{Assistant 1}", "<think>a</think>\\boxed{Assistant 2}", "\\boxed{Assistant 1}", "<think>\\boxed{Assistant 1}", "a</think>\\boxed{Assistant 2} no, \\boxed{Assistant 1}",
        "a</think>\\boxed{\\text{Assistant 1}}", "a</think>\\boxed{Solution 1}", "a</think>\\boxed{Both}", "a</think>none", "\\boxed{Assistant 1}</think>", "a</think>\\boxed{Assistant 1",
    ];

    [Fact]
    public async Task It_rewards_what_the_ledger_calls_correct()
    {
        Case[] cases = [.. Cases("grm", "tribunal/grm", Grm), .. Cases("rm-r1", "tribunal/rm-r1", RmR1), .. Cases("rrm", "tribunal/rrm", Rrm)];
        double[] rewards = await AskAsync(cases);
        Assert.Equal(cases.Length, rewards.Length);
        Assert.Empty(cases.Zip(rewards).Where(static c => c.First.Expected != c.Second).Select(static c => $"{c.First.Source} {c.First.Text} for {c.First.Answer}: {c.Second}"));
        Assert.InRange(cases.Count(static c => c.Expected > 0), 10, cases.Length - 10);
    }

    [Fact]
    public async Task It_knows_several_bests_and_responses_alone()
    {
        Case[] cases =
        [
            new("tribunal/grm", "Scores: \\boxed{9, 4, 2}", "1,3", [0, 1, 2], 1), new("tribunal/grm", "Scores: \\boxed{4, 9, 2}", "1,3", [0, 1, 2], -1), new("tribunal/grm", "Scores: \\boxed{9, 9, 2}", "1,3", [0, 1, 2], -1),
            new("tribunal/grm", "Scores: \\boxed{10}", "1", [0], 1), new("tribunal/grm", "Scores: \\boxed{9}", "1", [0], -1), new("tribunal/grm", "Scores: \\boxed{1}", "0", [0], 1),
        ];
        Assert.Equal(cases.Select(static c => c.Expected), await AskAsync(cases));
    }

    // What C# says of the same text, for both answers in both orders.
    private static IEnumerable<Case> Cases(string protocol, string source, string[] texts)
    {
        IProtocol grammar = ProtocolCatalog.Resolve(protocol, null).Protocol;
        var form = new TrainingSelection(new TrainingOptions { Form = protocol == "rrm" ? TrainingForm.Rrm : TrainingForm.Rlvr, Protocol = protocol });
        foreach (string text in texts)
        {
            foreach ((int best, int[] order) in ((int, int[])[])[(0, [0, 1]), (0, [1, 0]), (1, [0, 1]), (1, [1, 0])])
            {
                var rollout = new Rollout { Id = "r", Prompt = [new Message("user", "q")], Responses = [new Response("a"), new Response("b")], Best = [best] };
                int[]? pair = grammar.Kind == JudgingKind.Pairwise ? [0, 1] : null;
                TracedJudgement judgement = JudgementReader.Read("r", 0, 0, grammar, "j", order, pair, new JudgeReply { Text = text, Finish = "stop" });
                Trajectory trajectory = Assert.Single(form.Select(rollout, [judgement]));
                string answer = OutcomeRewards.AnswerOf(protocol, order, Label.Of(rollout, pair)!);
                yield return new Case(source, text, answer, order, trajectory.Reward > 0 ? 1 : -1);
            }
        }
    }

    private static async Task<double[]> AskAsync(Case[] cases)
    {
        const string Script = """
            import json, sys
            sys.path.insert(0, sys.argv[1])
            from tribunal_rewards import outcome as r
            cases = json.load(sys.stdin)
            one = [r.compute_score(c["Source"], c["Text"], c["Answer"], {"order": c["Order"]}) for c in cases]
            many = r.trl_reward(None, [[{"role": "assistant", "content": c["Text"]}] for c in cases], data_source=[c["Source"] for c in cases],
                reward_model=[{"ground_truth": c["Answer"]} for c in cases], extra_info=[{"order": c["Order"]} for c in cases], trainer_state=None)
            assert one == many
            try:
                r.compute_score("other", "", "")
                raise SystemExit("data of another origin was rewarded")
            except ValueError:
                pass
            json.dump(one, sys.stdout)
            """;
        var start = new ProcessStartInfo("python3") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in (string[])["-B", "-c", Script, Integrations()])
        {
            start.ArgumentList.Add(argument);
        }

        using Process python = Process.Start(start)!;
        await python.StandardInput.WriteAsync(JsonSerializer.Serialize(cases));
        python.StandardInput.Close();
        Task<string> errors = python.StandardError.ReadToEndAsync();
        string answer = await python.StandardOutput.ReadToEndAsync();
        await python.WaitForExitAsync();
        Assert.True(python.ExitCode == 0, await errors);
        return JsonSerializer.Deserialize<double[]>(answer)!;
    }

    private static string Integrations([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "..", "integrations", "tribunal-rewards", "src"));

    private sealed record Case(string Source, string Text, string Answer, int[] Order, double Expected);
}
