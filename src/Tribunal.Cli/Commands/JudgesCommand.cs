using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Inference;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal judges</c>: the protocols that judges are asked by, and a try of one's own.</summary>
internal static class JudgesCommand
{
    private static readonly Rollout Example = new()
    {
        Id = "example",
        Prompt = [new Message("user", "What is 17 + 25? Answer with the number only.")],
        Responses = [new Response("42"), new Response("The sum of 17 and 25 is 43.")],
        Reference = "42",
    };

    public static Command Create()
    {
        Argument<string?> name = new("name") { Description = "Show this one.", Arity = ArgumentArity.ZeroOrOne };
        Option<string?> output = OutputFile.Option("With a name: write what is shown there.", ".yaml", ".yml", ".txt");
        Command command = new("judges", """
            Lists the protocols by which judges are asked, or shows one: its file, or its prompt.

              tribunal judges
              tribunal judges gram-rr > mine.yaml
              tribunal judges try mine.yaml --judge http://gpu:8000/v1 --model my-judge

            How to write a file: docs/judges.md.
            """)
        {
            name, output, Try(),
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(name) is not { } one)
            {
                List();
                return ExitCodes.Ok;
            }

            string text = TextOf(one);
            Results.Print(new JsonObject { ["name"] = one, ["text"] = text });
            if (!Results.Json || parsed.GetValue(output) is not null)
            {
                await OutputFile.WriteAsync(parsed.GetValue(output) ?? OutputFile.Standard, text, cancellationToken);
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static void List()
    {
        Table table = new Table().Border(TableBorder.None).AddColumns("protocol", "kind", "models for auto", "licence", "what it is");
        table.AddRow("grm", "listwise", "grm", "own prompt", "DeepSeek-GRM: scores from 1 to 10 for any number of responses");
        table.AddRow("rm-r1", "pairwise", "rm-r1", "own prompt", "RM-R1, instruct or thinking by the model's name; -official: the authors' prompts (Apache-2.0)");
        table.AddRow("rrm", "pairwise", "rrm", "own prompt", "RRM; -official: the authors' prompt (MIT)");
        foreach (string name in DeclaredCatalog.Names)
        {
            ProtocolFile file = DeclaredCatalog.Of(name).Definition;
            table.AddRow(
                Markup.Escape(name), file.Kind.ToString().ToLowerInvariant(), Markup.Escape(string.Join(", ", file.Models)), Markup.Escape(file.Source.Licence), Markup.Escape(file.Title));
        }

        Results.Print(new JsonArray([.. ProtocolCatalog.Names.Select(static name => (JsonNode)new JsonObject { ["name"] = name })]));
        AnsiConsole.Write(table);
    }

    private static string TextOf(string name)
    {
        if (DeclaredCatalog.Contains(name))
        {
            return DeclaredCatalog.TextOf(name);
        }

        try
        {
            return ProtocolCatalog.TemplateOf(ProtocolCatalog.Resolve(name, null).Variant);
        }
        catch (ArgumentException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"{name}: no protocol of that name (known: {string.Join(", ", ProtocolCatalog.Names)})", exception);
        }
    }

    private static Command Try()
    {
        Argument<FileInfo> file = new("file") { Description = "A protocol file." };
        JudgeChoice judge = new();
        Command command = new("try", "Asks one example by a protocol file: prints the prompt as sent, the answer, and what was read and why. Without --judge the file's first example answers.") { file };
        judge.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            FileInfo path = parsed.GetRequiredValue(file);
            return await TryAsync(ProtocolFiles.Read(path.FullName), judge, parsed, cancellationToken);
        });
        return command;
    }

    private static async Task<int> TryAsync(DeclaredProtocol protocol, JudgeChoice choice, ParseResult parsed, CancellationToken cancellationToken)
    {
        int[] order = protocol.Definition.Kind is ProtocolKind.Pointwise or ProtocolKind.Scalar ? [0] : [0, 1];
        JudgePrompt prompt = protocol.Compose(Example, order);
        foreach (Message message in prompt.Messages)
        {
            Console.WriteLine($"--- {message.Role} ---");
            Console.WriteLine(message.Content);
        }

        JudgeReply reply = choice.IsSimulated(parsed)
            ? new JudgeReply { Text = protocol.Definition.Examples.First(example => example.Responses == order.Length).Answer, Finish = "stop" }
            : await AskAsync(protocol, prompt, choice, parsed, cancellationToken);
        Console.WriteLine(choice.IsSimulated(parsed) ? "--- answer (the file's example; --judge asks a judge) ---" : "--- answer ---");
        Console.WriteLine(reply.Text);
        Reading reading = protocol.Read(reply, order.Length);
        Console.WriteLine("--- read ---");
        Console.WriteLine(Words(reading));
        Results.Print(new JsonObject { ["read"] = Words(reading), ["valid"] = reading.Outcome == JudgementOutcome.Valid, ["answer"] = reply.Text });
        return reading.Outcome == JudgementOutcome.Valid ? ExitCodes.Ok : ExitCodes.Partial;
    }

    private static async Task<JudgeReply> AskAsync(DeclaredProtocol protocol, JudgePrompt prompt, JudgeChoice choice, ParseResult parsed, CancellationToken cancellationToken)
    {
        using var factory = new JudgeFactory();
        Judge judge = choice.Open(parsed, factory);
        SamplingDefaults sampling = choice.SamplingOf(parsed, protocol);
        try
        {
            return await judge.Endpoint.AskAsync(prompt, JudgeQuestion.Of(prompt, sampling), cancellationToken);
        }
        catch (JudgeException exception)
        {
            throw new CommandException(ExitCodes.Unreachable, exception.Message, exception);
        }
    }

    private static string Words(Reading reading) => reading switch
    {
        { Outcome: JudgementOutcome.Valid, Winner: { } winner } => $"valid: response {winner + 1} wins",
        { Outcome: JudgementOutcome.Valid, Scores: { } scores } => $"valid: {string.Join(", ", scores)}",
        { Outcome: JudgementOutcome.Valid } => "valid: a tie",
        _ => $"{reading.Outcome.ToString().ToLowerInvariant()}: {reading.Why}",
    };
}
