using System.Text;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Simulator.Judging;

/// <summary>
/// Puts judgements into words, in the grammar that the prompt calls for. The words say nothing that the figures don't but for
/// the cues of <see cref="NoiseModel.Cue"/>; they are there so that lengths, parsers and screens meet text like a judge's.
/// </summary>
/// <param name="seed">Of the words.</param>
/// <param name="minTokens">The shortest answer aimed at.</param>
/// <param name="maxTokens">The longest.</param>
/// <param name="care">Probability that a sentence which tells care or doubt tells care; null writes no such sentences.</param>
internal sealed class AnswerWriter(ulong seed, int minTokens, int maxTokens, double? care)
{
    private static readonly string[] Criteria =
    [
        "Factual accuracy", "Completeness of the answer", "Soundness of the argument", "Clarity for the asker", "Fit to the requested format",
        "Practical value", "Handling of edge cases", "Honesty about uncertainty", "Economy of words", "Tone",
    ];

    private static readonly string[] Grounds =
    [
        "an answer that gets this wrong misleads the asker", "the question leaves little room here", "it decides whether the answer can be used as it stands",
        "the asker will act on the answer", "small slips here cost the asker time", "it separates the candidates more than anything else",
    ];

    private static readonly string[] Strong =
    [
        "addresses what was asked directly and supports it well", "is correct in every step that can be checked", "covers the essential points without padding",
        "explains why, not merely what, and stays on the subject", "would serve the asker as it stands",
    ];

    private static readonly string[] Fair =
    [
        "gets the main point across but leaves a part of the question open", "is mostly right, with a step that is asserted rather than shown",
        "answers adequately, though the structure makes it harder to follow", "is usable after some checking", "says the necessary and little more",
    ];

    private static readonly string[] Weak =
    [
        "misses what the question turns on", "makes a claim that does not hold up on inspection", "drifts away from the request for much of its length",
        "states a conclusion that its own steps do not support", "would mislead an asker who relied on it",
    ];

    private static readonly string[] Asides =
    [
        "Going back over the request, the emphasis lies on a correct result more than on style.",
        "It helps to check the claim against the question once more before weighing anything else.",
        "Length alone should not count here, and neither should the order in which the answers appear.",
        "A reader who knows the subject would probably look at this point first.",
        "Taken on its own this would be a minor matter, but it bears on the conclusion.",
        "The wording is confident throughout, which is not evidence either way.",
        "Where the answer gives a reason, the reason can be followed.",
        "There is some tension between the opening and the closing statement.",
        "Nothing here is harmful, so the judgement rests on substance.",
        "On a second reading the difference is a matter of degree.",
    ];

    private static readonly string[] Careful =
    [
        "Checking the claim against the question once more confirms it.",
        "To verify this, each step was compared with what was asked, and it follows.",
        "The result was tested against the wording of the request and holds.",
        "This was verified rather than taken over from the answer.",
        "Comparing both readings of the request confirms the point.",
    ];

    private static readonly string[] Doubtful =
    [
        "Perhaps this is a matter of taste, and it might be seen otherwise.",
        "It is unclear whether that is what was meant, but it seems plausible.",
        "This may be beside the point; it could possibly be read in another way.",
        "That is probably how it was intended, though one might be unsure.",
        "Maybe the other reading is somewhat more natural here.",
    ];

    private static readonly string[] Thoughts =
    [
        "Okay, let me read the question again and see what it really asks for.", "Hmm, the first thing to check is whether the conclusion follows.",
        "Wait, I should not let the length of the answer decide this.", "Let me compare them point by point.", "So the question is which one the asker could rely on.",
        "Let me double-check that before I settle on it.",
    ];

    private SeededRandom _random = new(seed);
    private int _aside = -1;

    /// <summary>The verdict's token with its rivals, where the protocol of the answer reads probabilities.</summary>
    public IReadOnlyList<TokenChoice>? Tokens { get; private set; }

    /// <summary>Writes an answer: the thinking, where the grammar has it, and the answer proper.</summary>
    public (string? Reasoning, string Text) Write(ReadPrompt prompt, double[] perceived, string trace, bool garbage)
    {
        int target = TokenCount.Characters * (minTokens + _random.Next(maxTokens - minTokens + 1));
        return prompt.Grammar switch
        {
            Grammar.Grm => (null, Grm(prompt, perceived, trace, garbage, target)),
            Grammar.RmR1 => (null, RmR1(prompt, perceived, trace, garbage, target)),
            Grammar.Rubric => (null, garbage ? "A good response is a good response." : Rubric()),
            Grammar.Declared => Declared(prompt, perceived, trace, garbage, target),
            Grammar.RmR1Thinking => Thinking(prompt, perceived, trace, target, "Chatbot A", "Chatbot B", RmR1Verdict(perceived, garbage)),
            _ => Thinking(prompt, perceived, trace, target, "Assistant 1", "Assistant 2", RrmVerdict(perceived, garbage)),
        };
    }

    private (string? Reasoning, string Text) Declared(ReadPrompt prompt, double[] perceived, string trace, bool garbage, int target)
    {
        DeclaredAnswers answers = prompt.Declared!.Answers;
        double[] marks = prompt.Declared.Criteria is { } criteria ? [.. criteria.Select(criterion => Mark(criterion, prompt.Responses[0], perceived[0]))] : perceived;
        int pick = _random.Next(1000);
        string? reasoning = null;
        var text = new StringBuilder(target + 400);
        if (answers.Thinks)
        {
            var thoughts = new StringBuilder(target + 200).Append(Pick(Thoughts)).Append('\n');
            Remarks(thoughts, prompt, perceived);
            Pad(thoughts, target * 2 / 3);
            reasoning = thoughts.ToString().TrimEnd();
        }
        else
        {
            Remarks(text, prompt, perceived);
        }

        DeclaredVerdict verdict = garbage
            ? answers.Spoil(marks, pick, $"{Aside()} {trace}")
            : answers.Say(marks, pick, $"{Aside()} {trace}");
        Tokens = verdict.Tokens;
        if (verdict.Alone)
        {
            return (reasoning, verdict.Text);
        }

        Pad(text, Math.Max(0, target - (reasoning?.Length ?? 0) - 60));
        DeclaredVerdict whole = verdict with { Text = text.Append(trace).Append("\n\n").Append(verdict.Text).ToString() };
        bool meant = garbage ? !answers.Holds(whole, marks.Length) : answers.Says(whole, marks);
        return (reasoning, meant ? whole.Text : verdict.Text);
    }

    // A criterion sees its own side of a response, beside how good it is.
    private static double Mark((string Text, bool Flaw) criterion, string response, double perceived)
    {
        double side = perceived + (0.7 * new SeededRandom(StableHash.Of(0, "criterion", criterion.Text, response)).NextNormal());
        return criterion.Flaw ? -side : side;
    }

    private string Rubric()
    {
        int first = _random.Next(Criteria.Length);
        string[] kinds = ["required", "positive", "positive", "negative"];
        return $"{{\"criteria\": [{string.Join(", ", kinds.Select((kind, i) =>
            $"{{\"text\": \"{(kind == "negative" ? "The response is poor in this: " : "The response does well in this: ")}{Criteria[(first + (i * 3)) % Criteria.Length].ToLowerInvariant()}.\", \"weight\": {1 + _random.Next(5)}, \"kind\": \"{kind}\"}}"))}]}}";
    }

    private void Remarks(StringBuilder text, ReadPrompt prompt, double[] perceived)
    {
        for (int i = 0; i < perceived.Length; i++)
        {
            text.Append("The one that begins with \"").Append(Opening(prompt.Responses[i])).Append("\" ").Append(Remark(perceived[i])).Append(".\n");
        }
    }

    private string Grm(ReadPrompt prompt, double[] perceived, string trace, bool garbage, int target)
    {
        var text = new StringBuilder(target + 400);
        text.Append("Specific Criteria:\n");
        CriteriaList(text);
        text.Append("\nAnalysis:\n");
        for (int i = 0; i < perceived.Length; i++)
        {
            text.Append("- Response ").Append(i + 1).Append(" (\"").Append(Opening(prompt.Responses[i])).Append("\") ").Append(Remark(perceived[i])).Append(".\n");
        }

        Pad(text, target - 60);
        text.Append(trace).Append("\n\nScores: ").Append(GrmVerdict(perceived, garbage));
        return text.ToString();
    }

    private string GrmVerdict(double[] perceived, bool garbage)
    {
        int[] scores = [.. perceived.Select(static p => (int)Math.Clamp(Math.Round(5.5 + (1.8 * p)), 1, 10))];
        if (!garbage)
        {
            return $"\\boxed{{{string.Join(", ", scores)}}}";
        }

        return _random.Next(4) switch
        {
            0 => "all of them are about equally good.",
            1 => $"\\boxed{{{string.Join(", ", scores)}, 5}}",
            2 => $"\\boxed{{{string.Join(", ", scores.Select(static s => s + 10))}}}",
            _ => $"\\boxed{{{string.Join(", ", scores)}}} or rather \\boxed{{{string.Join(", ", scores.Select(static s => s == 10 ? 9 : s + 1))}}}",
        };
    }

    private string RmR1(ReadPrompt prompt, double[] perceived, string trace, bool garbage, int target)
    {
        var text = new StringBuilder(target + 400);
        if (prompt.Reasoning)
        {
            text.Append("<type>Reasoning</type>\n\n<solution>\n").Append(Pick(Thoughts)).Append(' ').Append(Aside()).Append("\n</solution>\n\n");
        }
        else
        {
            text.Append("<type>Chat</type>\n\n<rubric>\n");
            CriteriaList(text);
            text.Append("<justify>").Append(Aside()).Append("</justify>\n</rubric>\n\n");
        }

        text.Append("<eval>\n");
        for (int i = 0; i < 2; i++)
        {
            char name = i == 0 ? 'A' : 'B';
            text.Append("<quote_").Append(name).Append('>').Append(Opening(prompt.Responses[i])).Append("</quote_").Append(name).Append(">\n")
                .Append("<summary_").Append(name).Append(">Chatbot ").Append(name).Append(' ').Append(Remark(perceived[i])).Append(".</summary_").Append(name).Append(">\n");
        }

        Pad(text, target - 70);
        return text.Append(trace).Append("\n</eval>\n\n").Append(RmR1Verdict(perceived, garbage)).ToString();
    }

    private string RmR1Verdict(double[] perceived, bool garbage)
    {
        if (!garbage)
        {
            return perceived[0] >= perceived[1] ? "<answer>[[A]]</answer>" : "<answer>[[B]]</answer>";
        }

        return _random.Next(3) switch
        {
            0 => "Both responses have their merits.",
            1 => "<answer>[[A]]</answer> or <answer>[[B]]</answer>",
            _ => "<answer>[[C]]</answer>",
        };
    }

    private string RrmVerdict(double[] perceived, bool garbage)
    {
        if (!garbage)
        {
            return perceived[0] >= perceived[1] ? "\\boxed{Assistant 1}" : "\\boxed{Assistant 2}";
        }

        return _random.Next(3) switch
        {
            0 => "Both assistants did well.",
            1 => "\\boxed{Both}",
            _ => "\\boxed{Assistant 3}",
        };
    }

    private (string Reasoning, string Text) Thinking(ReadPrompt prompt, double[] perceived, string trace, int target, string first, string second, string verdict)
    {
        var thoughts = new StringBuilder(target + 200);
        thoughts.Append(Pick(Thoughts)).Append('\n');
        for (int i = 0; i < 2; i++)
        {
            thoughts.Append(i == 0 ? first : second).Append(" begins with \"").Append(Opening(prompt.Responses[i])).Append("\" and ").Append(Remark(perceived[i])).Append(". ").Append(Pick(Thoughts)).Append('\n');
        }

        Pad(thoughts, target * 2 / 3);
        int rest = Math.Max(0, target - thoughts.Length);
        var text = new StringBuilder(rest + 200);
        text.Append(first).Append(' ').Append(Remark(perceived[0])).Append(", while ").Append(second).Append(' ').Append(Remark(perceived[1])).Append(".\n");
        Pad(text, rest - 50);
        return (thoughts.ToString().TrimEnd(), text.Append(trace).Append("\n\n").Append(verdict).ToString());
    }

    private void CriteriaList(StringBuilder text)
    {
        int first = _random.Next(Criteria.Length);
        int weight = 40 + (5 * _random.Next(5));
        for (int i = 0; i < 2; i++)
        {
            text.Append(i + 1).Append(". ").Append(Criteria[(first + (i * 3)) % Criteria.Length])
                .Append(" (").Append(i == 0 ? weight : 100 - weight).Append("%), because ").Append(Pick(Grounds)).Append(".\n");
        }
    }

    private void Pad(StringBuilder text, int length)
    {
        while (text.Length < length)
        {
            text.Append(Filler()).Append(text.Length < length - 80 ? ' ' : '\n');
        }
    }

    private string Remark(double perceived) => Pick(perceived > 0.5 ? Strong : perceived > -0.5 ? Fair : Weak);

    // Every other sentence, about, tells how the judgement was made.
    private string Filler() => care is not { } careful || _random.Next(2) == 0 ? Aside()
        : Pick(_random.NextDouble() < careful ? Careful : Doubtful);

    // In turn, so that none stands twice close together.
    private string Aside()
    {
        _aside = _aside < 0 ? _random.Next(Asides.Length) : (_aside + 3) % Asides.Length;
        return Asides[_aside];
    }

    private string Pick(string[] pool) => pool[_random.Next(pool.Length)];

    /// <summary>The first words of a response; only letters and digits, since a response is hostile text.</summary>
    private static string Opening(string response)
    {
        var words = new StringBuilder(48);
        foreach (char c in response.AsSpan(0, Math.Min(response.Length, 200)))
        {
            if (char.IsAsciiLetterOrDigit(c))
            {
                words.Append(c);
            }
            else if (words.Length > 0 && words[^1] != ' ')
            {
                if (words.Length > 36)
                {
                    break;
                }

                words.Append(' ');
            }

            if (words.Length >= 48)
            {
                break;
            }
        }

        return words.ToString().TrimEnd();
    }
}
