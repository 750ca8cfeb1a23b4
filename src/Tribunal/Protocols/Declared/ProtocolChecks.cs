using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Protocols.Declared;

/// <summary>What a protocol has to show before anything is spent on it: it reads its own examples, and not its own prompt.</summary>
internal static class ProtocolChecks
{
    private static readonly Rollout[] Probes =
    [
        new() { Id = "probe", Prompt = [new Message("user", "question")], Responses = [new Response("one"), new Response("two")], Reference = "reference" },
        new()
        {
            Id = "probe",
            Prompt = [new Message("user", "question"), new Message("assistant", "reply"), new Message("user", "question")],
            Responses = [new Response("one"), new Response("two")],
            Reference = "reference",
        },
    ];

    /// <summary>Checks a protocol.</summary>
    /// <exception cref="ProtocolFileException">Something is not so; the message says what and where.</exception>
    public static void Check(DeclaredProtocol protocol)
    {
        foreach (ProtocolExample example in protocol.Definition.Examples)
        {
            Reading reading = protocol.Read(new JudgeReply { Text = example.Answer, Finish = "stop" }, example.Responses);
            if (WhyNot(protocol, example, reading) is { } why)
            {
                throw new ProtocolFileException(example.Place, why);
            }
        }

        int valid = protocol.Definition.Examples.Count(static example => example.Winner is not null || example.Scores is not null || example.Tie);
        if (valid < 2 || valid == protocol.Definition.Examples.Count)
        {
            throw new ProtocolFileException(
                protocol.Definition.Examples.Count > 0 ? protocol.Definition.Examples[0].Place : new FilePlace(1, 1),
                $"{valid} of {protocol.Definition.Examples.Count} examples have a verdict; expected at least two with one and one without (reads: none)");
        }

        CheckPrompt(protocol);
    }

    private static void CheckPrompt(DeclaredProtocol protocol)
    {
        foreach (Rollout probe in Probes)
        {
            JudgePrompt prompt = protocol.Compose(probe, [0, 1]);
            IEnumerable<Message> own = prompt.Parts is { } parts ? parts[0] : prompt.Messages;
            int shown = prompt.Parts is null ? 2 : 1;
            foreach (Message message in own)
            {
                if (protocol.Definition.Read is { } read && protocol.Read(new JudgeReply { Text = message.Content, Reasoning = "thoughts", Finish = "stop" }, shown).Outcome == JudgementOutcome.Valid)
                {
                    throw new ProtocolFileException(read.Place, $"the protocol's own prompt ({message.Role} message) reads as a verdict: a judge that repeats its task would vote");
                }
            }
        }
    }

    private static string? WhyNot(DeclaredProtocol protocol, ProtocolExample example, Reading reading)
    {
        string expected = example.Scores is { } scores ? $"scores {string.Join(", ", scores)}"
            : example.Winner is { } winner ? $"winner {winner}"
            : example.Tie ? "a tie" : "no verdict";
        string read = reading switch
        {
            { Outcome: JudgementOutcome.Valid, Scores: { } found } => $"scores {string.Join(", ", found.Select(score => protocol.Definition.Scale?.Upwards(score) ?? score))}",
            { Outcome: JudgementOutcome.Valid, Winner: { } found } => $"winner {found + 1}",
            { Outcome: JudgementOutcome.Valid } => "a tie",
            _ => "no verdict",
        };
        return protocol.Definition.Kind == ProtocolKind.Scalar && example.Scores is not null
            ? reading.Outcome == JudgementOutcome.Valid ? null : $"the example is not read: {reading.Why}"
            : expected == read ? null : $"the example states {expected}, and {read} is read{(reading.Why is { } why ? $" ({why})" : "")}";
    }
}
