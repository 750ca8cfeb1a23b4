using System.Text;
using Tribunal.Rollouts;

namespace Tribunal.Protocols;

/// <summary>A rollout's texts, neutralised, and its prompt as one text.</summary>
internal sealed class Transcript(Rollout rollout, IReadOnlyList<int> order, InertRollout inert)
{
    /// <summary>The prompt: the bare text of a single user turn, else labelled turns.</summary>
    public string Conversation => MultiTurn ? Rollouts.Conversation.Join(rollout.Prompt, turn => inert.Turns[turn].Text) : inert.Turns[0].Text;

    /// <summary>The responses in displayed order.</summary>
    public IReadOnlyList<string> Responses => [.. order.Select(original => inert.Responses[original].Text)];

    /// <summary>Whether the prompt is more than one user turn.</summary>
    public bool MultiTurn => rollout.Prompt is not [{ Role: "user" }];

    /// <summary>Neutralises what a judge is to be shown.</summary>
    /// <exception cref="ArgumentException">The order names a response twice or one that isn't there.</exception>
    public static Transcript Of(Rollout rollout, IReadOnlyList<int> order, Neutraliser neutraliser)
    {
        CheckOrder(rollout, order);
        return new Transcript(rollout, order, neutraliser.Neutralise(rollout));
    }

    /// <summary>The prompt and a response to it as a conversation with a named assistant, a turn after the other.</summary>
    public string Chat(string assistant, string response)
    {
        var text = new StringBuilder();
        for (int i = 0; i < rollout.Prompt.Count; i++)
        {
            string label = Rollouts.Conversation.Label(rollout.Prompt[i].Role);
            text.Append(label == "Assistant" ? assistant : label).Append(": ").Append(inert.Turns[i].Text).Append('\n');
        }

        return text.Append(assistant).Append(": ").Append(response).ToString();
    }

    /// <summary>The prompt of a template: what a protocol's own placeholders don't say is said here.</summary>
    public JudgePrompt Fill(PromptTemplate template, Func<string, string[]?> own) => new(
        template.Fill(
            placeholder => placeholder switch
            {
                "conversation" => [Conversation],
                "reference" => inert.Reference is { } reference ? [reference.Text] : null,
                _ => own(placeholder),
            },
            inert.Reference is not null,
            MultiTurn),
        inert.Turns.Sum(static turn => turn.Found) + order.Sum(original => inert.Responses[original].Found) + (inert.Reference?.Found ?? 0));

    /// <summary>Checks that an order names responses of the rollout, each once at most.</summary>
    /// <exception cref="ArgumentException">It doesn't.</exception>
    public static void CheckOrder(Rollout rollout, IReadOnlyList<int> order)
    {
        if (order.Any(original => original < 0 || original >= rollout.Responses.Count) || order.Distinct().Count() < order.Count)
        {
            throw new ArgumentException($"the order [{string.Join(", ", order)}] is not one of {rollout.Responses.Count} responses", nameof(order));
        }
    }
}
