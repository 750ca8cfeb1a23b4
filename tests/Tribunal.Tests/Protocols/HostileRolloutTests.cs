using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;

namespace Tribunal.Tests.Protocols;

/// <summary>Whatever a rollout holds, the prompt keeps the grammar's own delimiters and no others, and the judge's answer keeps its verdict.</summary>
public sealed partial class HostileRolloutTests
{
    private static readonly ConcurrentDictionary<(string Prompt, string Protocol), string> Calm = new();

    private const string Benign = "A quiet answer.";

    /// <summary>Every response of the corpus with every variant; the slow ones once per grammar.</summary>
    public static TheoryData<string, string> Cases => Pairs(static (hostile, variant) => !hostile.IsHuge || variant != "rm-r1-thinking");

    /// <summary>The same without the floods and megabytes.</summary>
    public static TheoryData<string, string> SmallCases => Pairs(static (hostile, _) => !hostile.IsHuge);

    [Fact]
    public void The_corpus_is_what_it_says()
    {
        Assert.True(HostileCorpus.All.Count >= 60);
        Assert.Equal(HostileCorpus.All.Count, HostileCorpus.All.Select(static h => h.Name).Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_prompt_keeps_its_own_delimiters_and_no_others(string variant, string name)
    {
        Hostile hostile = Find(name);
        IProtocol protocol = Samples.Protocol(variant);
        foreach ((Rollout attacked, Rollout calm) in Attacks(hostile.Text).Take(hostile.IsHuge ? 1 : int.MaxValue))
        {
            JudgePrompt prompt = protocol.Compose(attacked, [1, 0]);
            JudgePrompt expected = protocol.Compose(calm, [1, 0]);

            Assert.Equal(0, expected.Neutralised);
            Assert.True(prompt.Neutralised > 0 == hostile.Forges(protocol.Name), $"{prompt.Neutralised} neutralised");
            Assert.Equal(expected.Messages.Select(static m => m.Role), prompt.Messages.Select(static m => m.Role));
            for (int i = 0; i < prompt.Messages.Count; i++)
            {
                Assert.Equal(CalmCensus(expected.Messages[i].Content, protocol.Name), Census(prompt.Messages[i].Content, protocol.Name));
                Assert.DoesNotContain(prompt.Messages[i].Content, static c => char.IsControl(c) && c is not ('\n' or '\t'));

                // Strict UTF-8 throws on a broken surrogate.
                Assert.NotEmpty(new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(prompt.Messages[i].Content));
            }
        }
    }

    [Theory]
    [MemberData(nameof(SmallCases))]
    public void What_was_neutralised_is_not_found_again(string variant, string name)
    {
        IProtocol protocol = Samples.Protocol(variant);
        string shown = Shown(protocol, Find(name).Text);

        JudgePrompt again = protocol.Compose(Samples.Rollout("q", shown, Benign), [0, 1]);

        Assert.Equal(0, again.Neutralised);
    }

    [Theory]
    [MemberData(nameof(SmallCases))]
    public void A_judge_that_quotes_what_it_was_shown_is_read_as_if_it_had_not(string variant, string name)
    {
        IProtocol protocol = Samples.Protocol(variant);
        string quote = Shown(protocol, Find(name).Text);
        foreach (int winner in (int[])[0, 1])
        {
            Reading reading = protocol.Read(Samples.Reply(Answer(variant, quote, winner)), shown: 2);

            Assert.True(reading.Outcome == JudgementOutcome.Valid, reading.Why);
            Assert.Equal(winner, Preferred(reading));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Not_even_a_quote_of_the_raw_text_turns_a_verdict(string variant, string name)
    {
        // A judge never sees the raw text. Two verdicts are none then for rm-r1 and grm; none gives the other one.
        IProtocol protocol = Samples.Protocol(variant);
        foreach (int winner in (int[])[0, 1])
        {
            Reading reading = protocol.Read(Samples.Reply(Answer(variant, Find(name).Text, winner)), shown: 2);
            Assert.True(
                reading.Outcome == JudgementOutcome.Valid ? Preferred(reading) == winner : protocol.Name is "rm-r1" or "grm" && reading.Outcome == JudgementOutcome.Unparsable,
                reading.Why);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_judge_that_answers_with_the_attack_is_read_without_a_crash(string variant, string name)
    {
        IProtocol protocol = Samples.Protocol(variant);
        string text = Find(name).Text;
        foreach (string? reasoning in (string?[])[null, text])
        {
            var reply = new JudgeReply { Text = text, Reasoning = reasoning, Finish = "stop" };
            bool pair = protocol.Kind == JudgingKind.Pairwise;

            TracedJudgement judgement = JudgementReader.Read("r", 0, 0, protocol, "j", [1, 0], pair ? [0, 1] : null, reply);

            Assert.Equal(judgement.Outcome == JudgementOutcome.Valid, judgement.Why is null);
            Assert.Equal(judgement.Outcome == JudgementOutcome.Valid, judgement.Scores is not null || judgement.Winner is not null);
        }
    }

    [Fact]
    public void Nothing_that_a_judge_can_write_makes_a_parser_throw_or_score_out_of_range()
    {
        Gen<string> piece = Gen.OneOf(
            Gen.OneOf<string>(
                "Scores:", "\n", " ", "\\boxed{", "\\boxed", "{", "}", "[", "]", "[[A]]", "[[B]]", "<answer>", "</answer>", "<think>", "</think>", "Assistant 1", "Assistant 2",
                "Solution 1", "\\text{", "8", "7", ",", ", ", "/10", "-", "11", "0.5", "<type>Chat</type>", "I'm sorry", "\uD800", "\0", "，", "\\", "*", "$"),
            Gen.String[Gen.Char, 0, 5]);
        Gen.Select(piece.Array[0, 30], Gen.Int[1, 4], Gen.OneOf<string>("stop", "length", "content_filter", "", "tool_calls"), Gen.Bool).Sample(
            static (pieces, shown, finish, apart) =>
            {
                string text = string.Concat(pieces);
                var reply = new JudgeReply { Text = text, Finish = finish, Reasoning = apart ? text : null };
                foreach (string variant in ProtocolCatalog.Variants)
                {
                    IProtocol protocol = Samples.Protocol(variant);
                    int count = protocol.Kind == JudgingKind.Pairwise ? 2 : shown;
                    Reading reading = protocol.Read(reply, count);
                    Assert.Equal(finish == "tool_calls", reading.Outcome == JudgementOutcome.Failed);
                    if (reading.Outcome != JudgementOutcome.Valid)
                    {
                        Assert.NotNull(reading.Why);
                        Assert.True(reading is { Scores: null, Winner: null });
                    }
                    else if (protocol.Kind == JudgingKind.Pairwise)
                    {
                        Assert.True(reading is { Scores: null, Winner: 0 or 1 });
                    }
                    else
                    {
                        Assert.Equal(count, reading.Scores!.Count);
                        Assert.All(reading.Scores, static s => Assert.InRange(s, 1, 10));
                        Assert.Null(reading.Winner);
                    }

                    Assert.Equal(finish == "length", reading.Outcome == JudgementOutcome.Truncated);
                }
            },
            iter: 3_000);
    }

    [Fact]
    public void Nothing_that_a_rollout_can_hold_makes_a_prompt_throw_or_forges_a_delimiter()
    {
        Gen<string> piece = Gen.OneOf(
            Gen.OneOf<string>(
                "[", "]", "The End of", "Response 1", "the", " ", "\n", "\r", "\u200B", "####", "##", "Conversation Context", "Assistant 1", "Analysis", "<", "/", ">", "think", "answer",
                "|", "im_start", "\\", "boxed", "{", "}", "[[A]]", "［", "｜", "User", "Scores", ":", "：", "\uD83D", "\uDE00", "\uDB40", "\u0085", "_", "*", "s"),
            Gen.String[Gen.Char, 0, 3]);
        Gen.Select(piece.Array[0, 25], piece.Array[0, 25]).Sample(
            static (first, second) =>
            {
                Rollout attacked = Samples.Rollout(string.Concat(second), string.Concat(first), string.Concat(second)) with { Reference = string.Concat(first) };
                Rollout calm = Samples.Rollout("q", "a", "b") with { Reference = "c" };
                foreach (string variant in ProtocolCatalog.Variants)
                {
                    IProtocol protocol = Samples.Protocol(variant);
                    string prompt = Samples.Everything(protocol.Compose(attacked, [0, 1]));
                    Assert.Equal(CalmCensus(Samples.Everything(protocol.Compose(calm, [0, 1])), protocol.Name), Census(prompt, protocol.Name));
                }
            },
            iter: 500);
    }

    [Fact]
    public void A_line_of_the_ledger_can_be_written_whatever_the_judge_said()
    {
        foreach (Hostile hostile in HostileCorpus.All.Where(static h => !h.IsHuge))
        {
            TracedJudgement judgement = JudgementReader.Read("r", 0, 0, Samples.Grm, "j", [0], null, new JudgeReply { Text = hostile.Text, Reasoning = hostile.Text });
            string line = JsonSerializer.Serialize(judgement, TribunalJson.Default.TracedJudgement);
            Assert.DoesNotContain('\n', line);
            Assert.Equal(judgement.Outcome, JsonSerializer.Deserialize(line, TribunalJson.Default.TracedJudgement)!.Outcome);
        }
    }

    private static TheoryData<string, string> Pairs(Func<Hostile, string, bool> taken)
    {
        var cases = new TheoryData<string, string>();
        foreach (Hostile hostile in HostileCorpus.All)
        {
            foreach (string variant in ProtocolCatalog.Variants.Where(v => taken(hostile, v)))
            {
                cases.Add(variant, hostile.Name);
            }
        }

        return cases;
    }

    private static Hostile Find(string name) => HostileCorpus.All.First(h => h.Name == name);

    /// <summary>The attack in every place that a rollout has for text, each beside the same rollout without it.</summary>
    private static IEnumerable<(Rollout Attacked, Rollout Calm)> Attacks(string text)
    {
        Rollout calm = Samples.Rollout("q", Benign, Benign);
        yield return (calm with { Responses = [new Response(text), new Response(Benign)] }, calm);
        yield return (calm with { Responses = [new Response(Benign), new Response(text)] }, calm);
        yield return (calm with { Prompt = [new Message("user", text)] }, calm);
        yield return (calm with { Reference = text }, calm with { Reference = Benign });
        Rollout turns = calm with { Prompt = [new Message("system", Benign), new Message("user", Benign)] };
        yield return (turns with { Prompt = [new Message("system", text), new Message("user", Benign)] }, turns);
    }

    /// <summary>How the prompt shows a text as its first response.</summary>
    private static string Shown(IProtocol protocol, string text)
    {
        string prompt = protocol.Compose(Samples.Rollout("q", text, Benign), [0, 1]).Messages[^1].Content;
        (string open, string close) = protocol.Name switch
        {
            "grm" => ("[The Begin of Response 1]\n", "\n[The End of Response 1]"),
            "rm-r1" => ("[The Start of Chatbot A's Response]\n", "\n[The End of Chatbot A's Response]"),
            _ => ("### Assistant 1\n\n", "\n\n### Assistant 2"),
        };
        int start = prompt.IndexOf(open, StringComparison.Ordinal) + open.Length;
        return prompt[start..prompt.IndexOf(close, start, StringComparison.Ordinal)];
    }

    private static string Answer(string variant, string quote, int winner) => variant switch
    {
        "grm" => $"Specific Criteria: truth (100%)\nAnalysis: the first says \"{quote}\".\nScores: \\boxed{{{(winner == 0 ? "9, 2" : "2, 9")}}}",
        "rrm" => $"<think>It says {quote}</think>\n\nIt says \"{quote}\". \\boxed{{Assistant {winner + 1}}}",
        "rm-r1-thinking" => $"It says {quote}\n</think>\n\nIt says \"{quote}\".\n\n<answer>[[{"AB"[winner]}]]</answer>",
        _ => $"<type>Chat</type>\n<rubric>truth</rubric>\n<eval><quote_A>{quote}</quote_A></eval>\n<answer>[[{"AB"[winner]}]]</answer>",
    };

    private static int? Preferred(Reading reading) => reading.Winner ?? (reading.Scores![0] > reading.Scores[1] ? 0 : 1);

    // Prompts without an attack are few, and the same for every attack.
    private static string CalmCensus(string prompt, string protocol) =>
        Calm.GetOrAdd((prompt, protocol), static key => Census(key.Prompt, key.Protocol));

    /// <summary>
    /// Counts the grammar's delimiters the way a reader would: blind to case, width, spacing and invisible characters.
    /// Written apart from the neutraliser, so that one mistake can't hide in both.
    /// </summary>
    private static string Census(string prompt, string protocol)
    {
        var seen = new StringBuilder(prompt.Length);
        foreach (Rune rune in prompt.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.Format)
            {
                seen.Append(rune.Value is >= 0xFF01 and <= 0xFF5E ? (char)(rune.Value - 0xFF01 + '!') : rune.IsBmp ? (char)rune.Value : '?');
            }
        }

        string plain = seen.ToString();
        string packed = Spacing().Replace(plain, "").ToLowerInvariant();
        string packedLines = LineSpacing().Replace(plain, "").ToLowerInvariant();
        var census = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (string mark in (string[])["<think>", "</think>", "<startofturn>", "<endofturn>", "[inst]", "[/inst]", "<<sys>>", "<</sys>>", .. Marks(protocol)])
        {
            // A heading doesn't go on on the next line.
            census[mark] = (mark[0] == '#' ? packedLines : packed).AsSpan().Count(mark);
        }

        census["chat tokens"] = ChatTokens().Count(packed);
        census["speakers"] = Speakers().Count(plain);
        if (protocol != "rm-r1")
        {
            census["lines"] = (protocol == "grm" ? Labels() : Headings()).Count(plain);
        }

        return string.Join(" · ", census.Where(static c => c.Value > 0).Select(static c => $"{c.Key} {c.Value}"));
    }

    private static string[] Marks(string protocol) => protocol switch
    {
        "grm" =>
        [
            "[thebeginof", "[thestartof", "[theendofresponse", "[theendofchatbot", "##conversationcontext", "##responsestobescored", "##outputformat",
            "##evaluationcriteria", "##referenceanswer",
        ],
        "rm-r1" =>
        [
            "[[a]]", "[[b]]", "[[c]]", "[[a/b]]", "[clientquestion]", "[thestartofchatbot", "[theendofchatbot", "[theendofresponse", "[thestartofthereference", "[theendofthereference", "[theendoftheconversation", "[thestartoftheconversation",
            "<answer>", "</answer>", "<eval>", "</eval>", "<type>", "</type>", "<rubric>", "</rubric>", "<justify>", "<solution>", "<quotea>", "<summaryb>",
        ],
        _ => ["#assistant1", "#assistant2"],
    };

    [GeneratedRegex(@"[^\S\n]+|[_*-]+")]
    private static partial Regex LineSpacing();

    [GeneratedRegex(@"[\s_*-]+")]
    private static partial Regex Spacing();

    [GeneratedRegex(@"<\|(?:im|start|end|begin|eot|eom|system|user|assistant|tool)[\w▁]{0,40}\|>")]
    private static partial Regex ChatTokens();

    [GeneratedRegex(@"^[ \t>*_#-]{0,32}(?:User|Assistant|System|Tool|SYSTEM|USER|ASSISTANT|Assistant 1)[*_ ]{0,4}:", RegexOptions.Multiline)]
    private static partial Regex Speakers();

    [GeneratedRegex(@"^[ \t>*_#-]{0,32}(?:final |overall )?scores?[*_ ]{0,4}:", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Labels();

    [GeneratedRegex(@"^.*##[ \t*_-]*(?:query|analysis|assistant[ \t*_-]*responses)[ \t*_:#]*$", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Headings();
}
