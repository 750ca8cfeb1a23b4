using System.Text.Json.Nodes;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;

namespace Tribunal.Tests.Protocols.Declared;

/// <summary>Every protocol of the catalog reads its examples, shows a rollout whole, and can't be forged by one.</summary>
public sealed class CatalogTests
{
    private const string Calm = "A quiet answer.";

    public static TheoryData<string> Names => [.. DeclaredCatalog.Names];

    public static TheoryData<string, int> Examples
    {
        get
        {
            var rows = new TheoryData<string, int>();
            foreach (string name in DeclaredCatalog.Names)
            {
                for (int i = 0; i < DeclaredCatalog.Of(name).Definition.Examples.Count; i++)
                {
                    rows.Add(name, i);
                }
            }

            return rows;
        }
    }

    [Fact]
    public void The_catalog_holds_at_least_twenty_files() => Assert.True(DeclaredCatalog.Names.Count >= 20, $"{DeclaredCatalog.Names.Count}");

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_is_read_as_it_states(string name, int index)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        ProtocolExample example = protocol.Definition.Examples[index];
        Reading reading = protocol.Read(Samples.Reply(example.Answer), example.Responses);
        bool valid = example.Winner is not null || example.Scores is not null || example.Tie;
        Assert.True(valid == (reading.Outcome == JudgementOutcome.Valid), reading.Why);
        Assert.Equal(example.Winner - 1, reading.Winner);
        Assert.Equal(valid, reading.Why is null);
        Assert.Equal(example.Scores?.Count, reading.Scores?.Count);
        if (protocol.Definition.Kind != ProtocolKind.Scalar)
        {
            Assert.Equal(example.Scores, reading.Scores);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_says_where_it_comes_from_and_carries_right_and_wrong_answers(string name)
    {
        ProtocolFile file = DeclaredCatalog.Of(name).Definition;
        Assert.Equal(name, file.Name);
        Assert.StartsWith("https://", file.Source.Page, StringComparison.Ordinal);
        Assert.NotEmpty(file.Source.Licence);
        Assert.Equal(new DateOnly(2026, 11, 29), file.Source.Checked);
        Assert.True(file.Examples.Count(static e => e.Winner is not null || e.Scores is not null || e.Tie) >= 2);
        Assert.Contains(file.Examples, static e => e is { Winner: null, Scores: null, Tie: false });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_prompt_shows_every_turn_and_every_response_in_order(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        Rollout rollout = new()
        {
            Id = "r",
            Prompt = [new Message("user", "turn one"), new Message("assistant", "turn two"), new Message("user", "turn three")],
            Responses = [new Response("first text"), new Response("second text")],
            Reference = "the reference",
        };
        JudgePrompt prompt = protocol.Compose(rollout, [1, 0]);
        IReadOnlyList<IReadOnlyList<Message>> calls = prompt.Parts ?? [prompt.Messages];
        Assert.Equal(0, prompt.Neutralised);
        for (int call = 0; call < calls.Count; call++)
        {
            string text = string.Join("\n", calls[call].Select(static m => m.Content));
            Assert.All((string[])["turn one", "turn two", "turn three"], turn => Assert.Contains(turn, text, StringComparison.Ordinal));
            Assert.DoesNotContain("{{", text, StringComparison.Ordinal);
            // Two files send an empty system message, as their authors do.
            Assert.All(calls[call], message => Assert.True(message.Content.Length > 0 || (message.Role == "system" && protocol.Definition.Messages[0].Text!.Used.Any() == false)));
            int second = text.IndexOf("second text", StringComparison.Ordinal);
            int first = text.IndexOf("first text", StringComparison.Ordinal);
            Assert.True(prompt.Parts is null ? second >= 0 && first > second : call == 0 ? second >= 0 && first < 0 : first >= 0 && second < 0);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_a_rollout_holds_is_never_read_as_a_verdict_not_even_in_the_words_of_the_examples(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        IEnumerable<string> attacks = protocol.Definition.Examples.Select(static e => e.Answer)
            .Concat(protocol.Definition.Examples.Select(static e => e.Answer.ToUpperInvariant()))
            .Concat(protocol.Definition.Examples.Select(static e => Wide(e.Answer)))
            .Concat(HostileCorpus.All.Where(static hostile => !hostile.IsHuge).Select(static hostile => hostile.Text));
        bool whole = protocol.Definition.Read is null or { Locator: Locator.Whole };
        foreach (string attack in attacks)
        {
            string shown = Shown(protocol, attack);
            if (!whole)
            {
                Reading alone = protocol.Read(new JudgeReply { Text = shown, Reasoning = "thoughts", Finish = "stop" }, Count(protocol));
                Assert.True(alone.Outcome != JudgementOutcome.Valid, $"{shown} is read");
            }

            // A judge that quotes what it was shown says what it says, or nothing.
            foreach (ProtocolExample example in protocol.Definition.Examples.Where(example => example.Responses == Count(protocol) && (example.Winner is not null || example.Scores is not null)))
            {
                Reading calm = protocol.Read(Samples.Reply(example.Answer), example.Responses);
                foreach (string answer in (string[])[Quoting(example.Answer, shown, before: true), Quoting(example.Answer, shown, before: false)])
                {
                    Reading quoting = protocol.Read(Samples.Reply(answer), example.Responses);
                    Assert.True(
                        quoting.Outcome != JudgementOutcome.Valid || (quoting.Winner == calm.Winner && (quoting.Scores is null || quoting.Scores.SequenceEqual(calm.Scores!))),
                        $"'{shown}' turns '{example.Answer}'");
                    // Of probabilities the record stands at the very end: with words after it there is none.
                    if (!whole && protocol.Definition.Read!.Locator is not (Locator.Json or Locator.Probability))
                    {
                        Assert.True(quoting.Outcome == JudgementOutcome.Valid, $"{quoting.Why}: '{answer}'");
                    }
                }
            }
        }
    }

    /// <summary>The whole way of a forged verdict: shown, quoted by the judge before or after its own, or instead of one, and read.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Of_a_thousand_dresses_of_its_own_verdicts_none_counts_when_a_judge_quotes_it(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        string[] forms = [.. Dressed(protocol.Definition.Examples.Where(static e => e.Winner is not null || e.Scores is not null || e.Tie).Select(static e => e.Answer)).Distinct(StringComparer.Ordinal)];
        Assert.True(forms.Length >= 1000, $"{forms.Length} forms");
        bool whole = protocol.Definition.Read is null or { Locator: Locator.Whole };
        ProtocolExample[] read = [.. protocol.Definition.Examples.Where(static example => example.Winner is not null || example.Scores is not null)];
        // Judges that are asked about one response at a time have examples of one.
        ProtocolExample[] honest = Array.FindAll(read, example => example.Responses == Count(protocol)) is { Length: > 0 } ofAll ? ofAll : read;
        for (int i = 0; i < 1000; i++)
        {
            string shown = Shown(protocol, forms[(int)((long)i * forms.Length / 1000)]);
            Assert.True(whole || protocol.Read(Samples.Reply(shown), Count(protocol)).Outcome != JudgementOutcome.Valid, $"{shown} is read");
            ProtocolExample example = honest[i % honest.Length];
            Reading calm = protocol.Read(Samples.Reply(example.Answer), example.Responses);
            foreach (string answer in (string[])[Quoting(example.Answer, shown, before: true), Quoting(example.Answer, shown, before: false)])
            {
                Reading quoting = protocol.Read(Samples.Reply(answer), example.Responses);
                Assert.True(
                    quoting.Outcome != JudgementOutcome.Valid || (quoting.Winner == calm.Winner && (quoting.Scores is null || quoting.Scores.SequenceEqual(calm.Scores!))),
                    $"'{shown}' turns '{example.Answer}'");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_was_made_inert_is_not_found_again(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        foreach (string attack in protocol.Definition.Examples.Select(static e => e.Answer).Concat(HostileCorpus.All.Where(static h => !h.IsHuge).Select(static h => h.Text)))
        {
            Assert.Equal(0, protocol.Compose(Samples.Rollout("q", Shown(protocol, attack), Calm) with { Reference = Calm }, [0, 1]).Neutralised);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Megabytes_of_anything_are_shown_in_linear_time(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        foreach (Hostile hostile in HostileCorpus.All.Where(static h => h.IsHuge))
        {
            Assert.NotEmpty(protocol.Compose(Samples.Rollout("q", hostile.Text, Calm) with { Reference = Calm }, [0, 1]).Messages);
            Reading reading = protocol.Read(Samples.Reply(hostile.Text), Count(protocol));
            Assert.Equal(reading.Outcome == JudgementOutcome.Valid, reading.Why is null);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_cut_off_answer_is_truncated_and_a_filtered_one_refused(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        ProtocolExample valid = protocol.Definition.Examples[0];
        Assert.Equal(JudgementOutcome.Truncated, protocol.Read(Samples.Reply(valid.Answer, "length"), valid.Responses).Outcome);
        Assert.Equal(JudgementOutcome.Refused, protocol.Read(Samples.Reply(valid.Answer, "content_filter"), valid.Responses).Outcome);
        Assert.Equal(JudgementOutcome.Refused, protocol.Read(new JudgeReply { Text = valid.Answer, Refusal = "No.", Finish = "stop" }, valid.Responses).Outcome);
    }

    [Theory]
    [InlineData("wangclnlp/GRAM-RR-LLaMA-3.1-8B-RewardModel", "gram-rr")]
    [InlineData("Skywork/Skywork-Critic-Llama-3.1-70B", "skywork-critic")]
    [InlineData("Skywork/Skywork-Reward-V2-Llama-3.1-8B", "skywork-reward")]
    [InlineData("R-I-S-E/RISE-Judge-Qwen2.5-32B", "rise-judge")]
    [InlineData("prometheus-eval/prometheus-7b-v2.0", "prometheus-absolute")]
    [InlineData("AtlaAI/Selene-1-Mini-Llama-3.1-8B", "selene-pair")]
    [InlineData("NCSOFT/Llama-3-OffsetBias-8B", "offsetbias")]
    [InlineData("ZiyiYe/Con-J-Qwen2-7B", "con-j")]
    [InlineData("THU-KEG/PairJudge-RM", "pairjudge")]
    [InlineData("nuojohnchen/JudgeLRM-7B", "judgelrm")]
    [InlineData("opencompass/CompassJudger-2-32B-Instruct", "compass-judger")]
    [InlineData("nvidia/Llama-3_3-Nemotron-Super-49B-GenRM", "nemotron-genrm")]
    [InlineData("nvidia/Qwen3-Nemotron-235B-A22B-GenRM-2603", "qwen3-nemotron-genrm")]
    [InlineData("nvidia/Qwen3-Nemotron-32B-GenRM-Principle", "qwen3-nemotron-principle")]
    [InlineData("zhuohaoyu/RewardAnything-8B-v1", "reward-anything")]
    [InlineData("internlm/POLAR-7B", "polar")]
    [InlineData("OpenRubrics/RubricRM-8B-Judge", "rubric-rm")]
    [InlineData("ilgee/Binary-Think-RM-8B", "think-rm")]
    [InlineData("ilgee/Multiclass-Think-RM-8B", "think-rm-multiclass")]
    public void A_published_models_name_is_enough(string model, string expected)
    {
        ProtocolChoice choice = ProtocolCatalog.Resolve("auto", model);
        Assert.Equal((expected, false), (choice.Variant, choice.Guessed));
        Assert.Equal(expected, choice.Protocol.Name);
    }

    [Theory]
    [InlineData("gpt-4o")]
    [InlineData("Qwen/Qwen3-8B")]
    [InlineData("meta-llama/Llama-3.3-70B-Instruct")]
    public void A_guess_is_marked_as_one(string model)
    {
        ProtocolChoice choice = ProtocolCatalog.Resolve("auto", model);
        Assert.True(choice.Guessed);
        Assert.Contains("says nothing of a protocol", choice.Reason, StringComparison.Ordinal);
        Assert.False(ProtocolCatalog.Resolve("grm", model).Guessed);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_models_that_choose_it_are_the_ones_that_its_file_states(string name) =>
        Assert.All(DeclaredCatalog.Of(name).Definition.Models, model => Assert.Equal(name, ProtocolCatalog.Resolve("auto", model).Variant));

    private static int Count(DeclaredProtocol protocol) => protocol.Definition.Kind is ProtocolKind.Pointwise or ProtocolKind.Scalar ? 1 : 2;

    // The response as the judge is shown it: the one thing that differs between two prompts. Out of a JSON string it is what the string says.
    private static string Shown(DeclaredProtocol protocol, string text)
    {
        const string mark = "Zqxj";
        JudgePrompt prompt = protocol.Compose(Samples.Rollout("q", text, Calm) with { Reference = Calm }, [0, 1]);
        string whole = Whole(prompt);
        string other = Whole(protocol.Compose(Samples.Rollout("q", mark, Calm) with { Reference = Calm }, [0, 1]));
        int at = other.IndexOf(mark, StringComparison.Ordinal);
        string shown = whole.Substring(at, whole.Length - other.Length + mark.Length);
        return protocol.Definition.Block?.Contains(":response}}", StringComparison.Ordinal) == true ? JsonNode.Parse($"\"{shown}\"")!.GetValue<string>() : shown;
    }

    private static string Whole(JudgePrompt prompt) => string.Join("\n", (prompt.Parts?[0] ?? prompt.Messages).Select(static m => m.Content));

    private static string Quoting(string answer, string quote, bool before)
    {
        int close = answer.IndexOf("</think>", StringComparison.Ordinal);
        (string thoughts, string said) = close < 0 ? ("", answer) : (answer[..(close + 8)], answer[(close + 8)..]);
        return before ? $"{thoughts}\nThe first one says: {quote}\nSo much for that.\n{said}" : $"{thoughts}\n{said}\nThe first one says: {quote}";
    }

    // A verdict as a response may write it: whole or its last line, in other letters, in the dress of Markdown and LaTeX, behind a label.
    private static IEnumerable<string> Dressed(IEnumerable<string> answers) =>
        from answer in answers
        from text in (string[])[answer, answer.TrimEnd().Split('\n')[^1]]
        from letters in (Func<string, string>[])
        [
            static t => t, static t => t.ToUpperInvariant(), static t => t.ToLowerInvariant(), Wide, static t => string.Join('\u200B', t.Select(static c => c.ToString())),
            static t => t.Replace(" ", "  ", StringComparison.Ordinal), static t => t.Replace(':', '\uFF1A'), static t => t.Replace(" ", "\u00A0", StringComparison.Ordinal), static t => t.Replace("[", "[\u2060", StringComparison.Ordinal),
        ]
        from dress in (string[])["#", "**#**", "`#`", "> #", "$#$", "\\boxed{#}", "\"#\"", "- #", "<b>#</b>", "```\n#\n```", "*#*", "__#__", "(#)", "# .", "1. #", "<verdict>#</verdict>", "| # |", "\\text{#}", "#\n#", "'#'"]
        from label in (string[])["", "Final verdict: ", "### Output\n", "</think>\n", "Therefore, the answer is\n", "<answer>", "Answer: ", "## Verdict\n", "So: ", "I choose "]
        select label + dress.Replace("#", letters(text), StringComparison.Ordinal);

    private static string Wide(string text) => string.Concat(text.Select(static c => c is > ' ' and < '\u007F' ? (char)(c + 0xFEE0) : c));
}
