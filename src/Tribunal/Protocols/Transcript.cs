using System.Text;
using Tribunal.Rollouts;

namespace Tribunal.Protocols;

/// <summary>A rollout's texts, neutralised, and its prompt as one text.</summary>
internal sealed class Transcript
{
    private readonly IReadOnlyList<Message> _prompt;
    private readonly IReadOnlyList<InertText> _turns;

    private Transcript(
        IReadOnlyList<Message> prompt, IReadOnlyList<InertText> turns, string conversation, IReadOnlyList<string> responses, string? reference, bool multiTurn, int neutralised)
    {
        _prompt = prompt;
        _turns = turns;
        Conversation = conversation;
        Responses = responses;
        Reference = reference;
        MultiTurn = multiTurn;
        Neutralised = neutralised;
    }

    /// <summary>The prompt: the bare text of a single user turn, else labelled turns.</summary>
    public string Conversation { get; }

    /// <summary>The responses in displayed order.</summary>
    public IReadOnlyList<string> Responses { get; }

    /// <summary>The reference answer, if there is one.</summary>
    public string? Reference { get; }

    /// <summary>Whether the prompt is more than one user turn.</summary>
    public bool MultiTurn { get; }

    /// <summary>How many delimiters were neutralised in all of it.</summary>
    public int Neutralised { get; }

    /// <summary>Neutralises what a judge is to be shown.</summary>
    /// <exception cref="ArgumentException">The order names a response twice or one that isn't there.</exception>
    public static Transcript Of(Rollout rollout, IReadOnlyList<int> order, Neutraliser neutraliser)
    {
        CheckOrder(rollout, order);
        InertRollout inert = neutraliser.Neutralise(rollout);
        bool multiTurn = rollout.Prompt is not [{ Role: "user" }];
        return new Transcript(
            rollout.Prompt,
            inert.Turns,
            multiTurn ? Rollouts.Conversation.Join(rollout.Prompt, turn => inert.Turns[turn].Text) : inert.Turns[0].Text,
            [.. order.Select(original => inert.Responses[original].Text)],
            inert.Reference?.Text,
            multiTurn,
            inert.Turns.Sum(static t => t.Found) + order.Sum(original => inert.Responses[original].Found) + (inert.Reference?.Found ?? 0));
    }

    /// <summary>The prompt and a response to it as a conversation with a named assistant, a turn after the other.</summary>
    public string Chat(string assistant, string response)
    {
        var text = new StringBuilder();
        for (int i = 0; i < _prompt.Count; i++)
        {
            string label = Rollouts.Conversation.Label(_prompt[i].Role);
            text.Append(label == "Assistant" ? assistant : label).Append(": ").Append(_turns[i].Text).Append('\n');
        }

        return text.Append(assistant).Append(": ").Append(response).ToString();
    }

    /// <summary>The prompt of a template: what a protocol's own placeholders don't say is said here.</summary>
    public JudgePrompt Fill(PromptTemplate template, Func<string, string?> own) => new(
        template.Fill(
            placeholder => placeholder switch
            {
                "conversation" => Conversation,
                "reference" => Reference,
                _ => own(placeholder),
            },
            Reference is not null,
            MultiTurn),
        Neutralised);

    /// <summary>Checks that an order names responses of the rollout, each once at most.</summary>
    /// <exception cref="ArgumentException">It doesn't.</exception>
    public static void CheckOrder(Rollout rollout, IReadOnlyList<int> order)
    {
        var seen = new HashSet<int>(order.Count);
        foreach (int original in order)
        {
            if (original < 0 || original >= rollout.Responses.Count || !seen.Add(original))
            {
                throw new ArgumentException($"the order [{string.Join(", ", order)}] is not one of {rollout.Responses.Count} responses", nameof(order));
            }
        }
    }
}
