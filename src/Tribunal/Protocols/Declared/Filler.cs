using Tribunal.Rollouts;

namespace Tribunal.Protocols.Declared;

/// <summary>What the placeholders of a prompt stand for.</summary>
internal sealed class Filler(ProtocolFile file, DeclaredText? block, Rollout rollout, InertRollout inert, IReadOnlyList<int> order, InertRubric? rubric)
{
    private bool MultiTurn => rollout.Prompt is not [{ Role: "user" }];

    private bool TwoTurn => rollout.Prompt is [{ Role: "user" }, { Role: "assistant" }, { Role: "user" }];

    /// <summary>A text, filled.</summary>
    /// <param name="shown">The response that it is about, where it is about one.</param>
    public string Fill(DeclaredText text, int? shown) => text.Fill(placeholder => Value(placeholder, shown), condition => Stays(condition, shown));

    /// <summary>The criterion that a call is about; null where it is about all.</summary>
    public int? Criterion { get; init; }

    private bool Stays(string condition, int? shown) => condition switch
    {
        "reference" => inert.Reference is not null,
        "flaw" => rubric?.Flaws[Criterion ?? shown ?? 0] == true,
        "rubric" => (rubric?.Words ?? file.Rubric) is not null,
        "principle" => file.Principle is not null,
        "multi-turn" => MultiTurn,
        "two-turn" => TwoTurn,
        _ => !MultiTurn,
    };

    private string Value(string placeholder, int? shown) => placeholder switch
    {
        "conversation" => MultiTurn ? Turns("\n\n") : inert.Turns[0].Text,
        "turns" or "turns_1" => Turns(shown ?? 0),
        "turns_2" => Turns(1),
        "responses" => Blocks(),
        "response" => Response(file.Kind == ProtocolKind.Rubric ? 0 : shown ?? 0),
        "response_1" => Response(0),
        "response_2" => Response(1),
        "conversation_1" => Whole(0),
        "conversation_2" => Whole(1),
        "count" => order.Count.ToString(),
        "number" => ((shown ?? 0) + 1).ToString(),
        "letter" => Numbering.Letter(shown ?? 0).ToString(),
        "reference" => inert.Reference?.Text ?? "",
        "rubric" => rubric?.Words ?? file.Rubric ?? "",
        "criteria" => string.Join(file.Between, Enumerable.Range(0, rubric?.Criteria.Count ?? 0).Select(i => Fill(block!, i))),
        "criterion" => rubric?.Criteria[Criterion ?? shown ?? 0] ?? "",
        "principle" => file.Principle ?? "",
        _ => "",
    };

    private string Response(int shown) => shown < order.Count ? inert.Responses[order[shown]].Text : "";

    private string Whole(int shown) => $"{Turns("\n")}\nAssistant: {Response(shown)}";

    private string Blocks() => string.Join(file.Between, order.Select((_, i) => block is null ? Delimiters.Fenced(i, Response(i)) : Fill(block, i)));

    private string Turns(string between) => string.Join(between, rollout.Prompt.Select((turn, i) => $"{Conversation.Label(turn.Role)}: {inert.Turns[i].Text}"));

    // In the file's own form, as they are shown on a side.
    private string Turns(int side)
    {
        TurnForm form = file.Turns;
        return string.Join(form.Between, Enumerable.Range(0, rollout.Prompt.Count).Select(turn => form.Each.Fill(
            placeholder => (placeholder, Conversation.Label(rollout.Prompt[turn].Role)) switch
            {
                ("turn", _) => inert.Turns[turn].Text,
                ("role", var label) => label.ToLowerInvariant(),
                (_, "User") => form.User,
                (_, "Assistant") => Numbering.Fill(form.Assistant, side),
                (_, var label) => label,
            },
            condition => Stays(condition, side))));
    }
}
