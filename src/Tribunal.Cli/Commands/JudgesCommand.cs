using System.CommandLine;
using System.Text.Json.Nodes;
using Spectre.Console;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Inference;
using Tribunal.Judgements;
using Tribunal.MetaReward;
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

    private static readonly Rubric ExampleRubric = new()
    {
        Criteria = [new Criterion("right", "It says that the sum is 42.", 3, CriterionKind.Required), new Criterion("source", "It names a source.")],
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
        Table table = new Table().Border(TableBorder.None).AddColumns("protocol", "kind", "models for auto", "words", "licence", "what it is");
        table.AddRow("grm", "listwise", "grm", "own", "MIT", "DeepSeek-GRM: scores from 1 to 10 for any number of responses");
        table.AddRow("rm-r1", "pairwise", "rm-r1", "own", "MIT", "RM-R1, instruct or thinking by the model's name; -official: the authors' prompts (Apache-2.0)");
        table.AddRow("rrm", "pairwise", "rrm", "own", "MIT", "RRM; -official: the authors' prompt (MIT)");
        foreach (string name in DeclaredCatalog.Names)
        {
            ProtocolFile file = DeclaredCatalog.Of(name).Definition;
            table.AddRow(
                Markup.Escape(name), file.Kind.ToString().ToLowerInvariant(), Markup.Escape(string.Join(", ", file.Models)), Words(file.Source.Wording) ?? "", Markup.Escape(file.Source.Licence), Markup.Escape(file.Title));
        }

        Results.Print(new JsonArray([.. ProtocolCatalog.Names.Select(static name => (JsonNode)(DeclaredCatalog.Contains(name)
            ? new JsonObject { ["name"] = name, ["wording"] = Words(DeclaredCatalog.Of(name).Definition.Source.Wording) }
            : new JsonObject { ["name"] = name }))]));
        AnsiConsole.Write(table);
    }

    // As files say it.
    private static string? Words(Wording? wording) => wording?.ToString().ToLowerInvariant();

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
        Argument<string> file = new("protocol") { Description = "A protocol of the catalog or a file of one's own; or a meta protocol.", HelpName = "NAME|FILE" };
        Option<FileInfo?> rubric = new("--rubric") { Description = "Criteria to grade the example by, of protocols that show a rubric.", HelpName = "FILE" };
        JudgeChoice judge = new();
        Command command = new("try", "Asks one example by a protocol: prints the prompt as sent, the answer, and what was read and why. Without --judge the file's first example answers.") { file, rubric };
        judge.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string name = parsed.GetRequiredValue(file);
            if (ProtocolFiles.IsMeta(name))
            {
                return await TryMetaAsync(ProtocolFiles.ReadMeta(name), judge, parsed, cancellationToken);
            }

            DeclaredProtocol protocol = DeclaredCatalog.Contains(name) ? DeclaredCatalog.Of(name)
                : File.Exists(name) ? ProtocolFiles.Read(name)
                : throw new CommandException(ExitCodes.Usage, $"{name}: neither a protocol file nor one of the catalog ({string.Join(", ", DeclaredCatalog.Names)})");
            return await TryAsync(parsed.GetValue(rubric) is { } given ? protocol.With(RubricFiles.Read(given.FullName)) : protocol, judge, parsed, cancellationToken);
        });
        return command;
    }

    private static async Task<int> TryAsync(DeclaredProtocol protocol, JudgeChoice choice, ParseResult parsed, CancellationToken cancellationToken)
    {
        ProtocolFile file = protocol.Definition;
        int[] order = file.Kind is ProtocolKind.Pointwise or ProtocolKind.Scalar or ProtocolKind.Rubric ? [0] : [0, 1];
        Rollout example = file.Kind == ProtocolKind.Rubric && protocol.WhyNot(Example) is not null ? Example with { Rubric = ExampleRubric } : Example;
        if (protocol.WhyNot(example) is { } whyNot)
        {
            throw new CommandException(ExitCodes.Usage, whyNot);
        }

        JudgePrompt prompt = protocol.Compose(example, order);
        Print(prompt.Messages);
        bool own = choice.IsSimulated(parsed);
        JudgeReply reply = own
            ? await new ExampleJudge(file).AskAsync(prompt, JudgeQuestion.Of(prompt, file.Sampling), cancellationToken)
            : await AskAsync(protocol, prompt, choice, parsed, cancellationToken);
        Console.WriteLine(own ? "--- answer (the file's example; --judge asks a judge) ---" : "--- answer ---");
        Console.WriteLine(reply.Text);
        Reading reading = protocol.Read(reply, example, order);
        Console.WriteLine("--- read ---");
        Console.WriteLine(Words(reading));
        foreach (CriterionGrades criterion in reading.Criteria ?? [])
        {
            Console.WriteLine($"  {TerminalText.Clean(criterion.Id)}: {criterion.Grades[0]:0.####}");
        }

        Results.Print(new JsonObject { ["read"] = Words(reading), ["valid"] = reading.Outcome == JudgementOutcome.Valid, ["answer"] = reply.Text });

        return reading.Outcome == JudgementOutcome.Valid ? ExitCodes.Ok : ExitCodes.Partial;
    }

    private static async Task<int> TryMetaAsync(MetaProtocol protocol, JudgeChoice choice, ParseResult parsed, CancellationToken cancellationToken)
    {
        var judgement = new TracedJudgement
        {
            RolloutId = Example.Id,
            Sample = 0,
            Protocol = ProtocolCatalog.Grm,
            Judge = "example",
            Order = [0, 1],
            Outcome = JudgementOutcome.Valid,
            Scores = [9, 2],
            Text = "Specific Criteria: the sum is right.\nAnalysis: 17 + 25 is 42; the second response says 43.\nScores: \\boxed{9, 2}",
        };
        Print(protocol.Compose(Example, judgement));
        Console.WriteLine("--- read ---");
        string how = protocol.ByWords ? $"P({string.Join(" or ", protocol.Yes)}) / (P({string.Join(" or ", protocol.Yes)}) + P({string.Join(" or ", protocol.No)})) by the answer's log-probabilities" : "the endpoint's number";
        if (choice.IsSimulated(parsed))
        {
            Console.WriteLine($"the reward would be {how} (--judge asks a model)");
            Results.Print(new JsonObject { ["how"] = how });
            return ExitCodes.Ok;
        }

        using var factory = new JudgeFactory(new EndpointNotes());
        MetaReading reading = await choice.OpenAsMeta(parsed, factory, protocol).ScoreAsync(Example, judgement, cancellationToken);
        Console.WriteLine(reading.Reward is { } reward ? $"valid: {reward} ({how})" : $"there is no reward: it is {how}, and the endpoint gave none");
        Results.Print(new JsonObject { ["reward"] = reading.Reward, ["how"] = how });
        return reading.Reward is null ? ExitCodes.Partial : ExitCodes.Ok;
    }

    private static void Print(IReadOnlyList<Message> messages)
    {
        foreach (Message message in messages)
        {
            Console.WriteLine($"--- {message.Role} ---");
            Console.WriteLine(message.Content);
        }
    }

    private static async Task<JudgeReply> AskAsync(DeclaredProtocol protocol, JudgePrompt prompt, JudgeChoice choice, ParseResult parsed, CancellationToken cancellationToken)
    {
        using var factory = new JudgeFactory(new EndpointNotes());
        Judge judge = choice.Open(parsed, factory);
        try
        {
            return await judge.Endpoint.AskAsync(prompt, JudgeQuestion.Of(prompt, judge.Overrides!(protocol.Defaults)), cancellationToken);
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

    /// <summary>Answers by the first of a file's examples that is about as much as was asked.</summary>
    private sealed class ExampleJudge(ProtocolFile file) : IJudge
    {
        public string Name => "example";

        public Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
        {
            // An example of a rubric is about so many criteria, of other protocols about so many responses.
            int about = file.Kind is ProtocolKind.Pairwise or ProtocolKind.Listwise || (file.Kind == ProtocolKind.Rubric && !file.Apart) ? 2 : 1;
            return Task.FromResult(new JudgeReply { Text = (file.Examples.FirstOrDefault(example => example.Responses == about) ?? file.Examples[0]).Answer, Finish = "stop" });
        }

        public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => Task.FromResult(new JudgeHealth(true, "an example"));
    }
}
