using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Protocols;

namespace Tribunal.Tests.Protocols;

/// <summary>Outputs in the form of a real RM-R1-32B, and, where they lie beside the repository, 119 recorded ones with the result of the authors' own parser.</summary>
public sealed class RecordedRmR1Tests(ITestOutputHelper output)
{
    // Own words in the recorded outputs' forms: the plain one, a stray closing tag behind the answer, no blank lines.
    private static readonly (string Output, char Shown, bool Correct)[] Fixtures =
    [
        ("<type>Chat</type>\n\n<rubric>\n1. Accuracy (60%)\n2. Tone (40%)\n\n<justify>Facts come first.</justify>\n</rubric>\n\n<eval>\n<quote_A>Water boils at 100 °C.</quote_A> is right; <summary_B>Chatbot B names no number.</summary_B>\n</eval>\n\n<answer>[[A]]</answer>", 'A', true),
        ("<type>Chat</type>\n\n<rubric>\n1. Structure (100%)\n<justify>A plan was asked for.</justify>\n</rubric>\n\n<eval>\nChatbot B's plan is structured.\n</eval>\n\n<answer>[[B]]</answer>\n</eval>", 'B', true),
        ("<type>Reasoning</type>\n\n<solution>\nprint([[1, 2], [3, 4]][0][1]) gives 2, and \\boxed{2} is the answer.\n</solution>\n\n<eval>\n<quote_A>matrix[[0]]</quote_A> is no Python.\n</eval>\n\n<answer>[[B]]</answer>", 'A', false),
        ("<type>Reasoning</type><solution>4</solution><eval>Both say 4; A shows why.</eval><answer>[[A]]</answer>", 'B', false),
    ];

    [Fact]
    public void The_parser_agrees_on_own_fixtures()
    {
        foreach ((string text, char shown, bool correct) in Fixtures)
        {
            Assert.Equal(correct, Correct(text, shown, out _));
        }
    }

    [Fact]
    public void The_parser_agrees_with_the_authors_on_every_recorded_output()
    {
        string path = Path.Combine(Repository(), "..", "shared", "data", "rm-r1-32b-rewardbench.jsonl");
        IEnumerable<(string Id, string Text, char Shown, bool Correct)> records = File.Exists(path)
            ? File.ReadLines(path).Select(Record)
            : Fixtures.Select(static (f, i) => ($"own-{i}", f.Output, f.Shown, f.Correct));
        int agree = 0;
        int all = 0;
        var differ = new List<string>();
        foreach ((string id, string text, char shown, bool recorded) in records)
        {
            all++;
            if (Correct(text, shown, out string? why) == recorded && why is null)
            {
                agree++;
            }
            else
            {
                differ.Add($"{id}: {why ?? "the other winner"}");
            }
        }

        output.WriteLine($"{(File.Exists(path) ? "recorded outputs" : "own fixtures")}: {agree} of {all} agree with the authors' result");
        Assert.True(differ.Count == 0, string.Join("\n", differ));
        Assert.NotEqual(0, all);
    }

    private static bool Correct(string text, char chosenShownAs, out string? why)
    {
        Reading reading = Samples.RmR1.Read(Samples.Reply(text), shown: 2);
        why = reading.Why;
        return reading.Winner == chosenShownAs - 'A';
    }

    private static (string Id, string Text, char Shown, bool Correct) Record(string line)
    {
        using JsonDocument record = JsonDocument.Parse(line);
        JsonElement root = record.RootElement;
        return (root.GetProperty("id").GetString()!, root.GetProperty("output").GetString()!, root.GetProperty("chosenShownAs").GetString()![0], root.GetProperty("recordedCorrect").GetInt32() == 1);
    }

    private static string Repository([CallerFilePath] string file = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", ".."));
}
