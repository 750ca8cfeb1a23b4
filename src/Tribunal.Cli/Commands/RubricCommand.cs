using System.CommandLine;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Formats.Batches;
using Tribunal.Inference;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal rubric</c>: criteria written by a judge, shown, and learned from labelled examples.</summary>
internal static class RubricCommand
{
    public static Command Create()
    {
        Command command = new("rubric", """
            Criteria that responses are graded by (docs/rubrics.md).

              tribunal rubric write rollouts.jsonl -o rubrics.jsonl --judge URL --model NAME    a judge writes them, for each prompt
              tribunal score rollouts.jsonl --rubric rubrics.jsonl --judge URL --model NAME     and grades by them
              tribunal rubric show RUN                                                          what a run was graded by
              tribunal rubric learn RUN --without OTHER -o rubric.yaml                          which criteria help, from labels
            """)
        {
            Write(), Show(), RubricLearnCommand.Create(),
        };
        return command;
    }

    private static Command Write()
    {
        Argument<FileInfo> batch = new("batch") { Description = "Rollouts, as for score; - is standard input." };
        Option<string?> output = OutputFile.Option("Where they go: a line for each rollout; rollouts that are there already are left alone.", ".jsonl").Needed();
        JudgeChoice judge = new();
        Command command = new("write", "Has a judge write the criteria of every prompt, before any response is seen.") { batch, output };
        judge.AddTo(command);
        command.SetAction((parsed, cancellationToken) => WriteAsync(parsed.GetRequiredValue(batch), parsed.GetRequiredValue(output)!, judge, parsed, cancellationToken));
        return command;
    }

    private static async Task<int> WriteAsync(FileInfo batch, string output, JudgeChoice choice, ParseResult parsed, CancellationToken cancellationToken)
    {
        if (!StandardInput.IsNamed(batch))
        {
            BatchFiles.Require(batch);
        }

        using var factory = new JudgeFactory(new EndpointNotes());
        Judge judge = choice.Open(parsed, factory);
        HashSet<string> there = File.Exists(output) ? [.. RubricFiles.Read(output).Rollouts.Keys] : [];
        var validator = new RolloutValidator();
        var window = new List<Rollout>();
        (int written, int failed) = (0, 0);
        string? reason = null;
        await using (Stream lines = output == OutputFile.Standard ? Console.OpenStandardOutput() : new FileStream(output, FileMode.Append, FileAccess.Write))
        await using (Stream rollouts = StandardInput.IsNamed(batch) ? Console.OpenStandardInput() : batch.OpenRead())
        {
            await foreach (BatchLine line in RolloutReader.ReadAsync(rollouts, cancellationToken: cancellationToken))
            {
                if (line.Rollout is { } rollout && validator.Check(rollout) is null && !there.Contains(rollout.Id))
                {
                    window.Add(rollout);
                    if (window.Count == judge.Concurrency)
                    {
                        await DrainAsync(lines);
                    }
                }
            }

            await DrainAsync(lines);
        }

        Console.WriteLine($"  {written:N0} rubrics written{(there.Count > 0 ? $", {there.Count:N0} were there" : "")}{(failed > 0 ? $", {failed:N0} failed: {TerminalText.Fit(reason!, 160)}" : "")}");
        Console.WriteLine($"  in {OutputFile.Say(output)}");
        Results.Print(new JsonObject { ["written"] = written, ["there"] = there.Count, ["failed"] = failed, ["reason"] = reason, ["output"] = output });
        return failed == 0 ? ExitCodes.Ok : ExitCodes.Partial;

        // As many at once as the judge takes, and in the batch's order; what is written stays when the rest fails.
        async Task DrainAsync(Stream lines)
        {
            foreach ((Rollout rollout, Rubric? rubric, string why) in await Task.WhenAll(window.Select(rollout => AskAsync(judge, rollout, cancellationToken))))
            {
                if (rubric is null)
                {
                    (failed, reason) = (failed + 1, reason ?? why);
                    continue;
                }

                written++;
                await lines.WriteAsync(LineOf(rollout.Id, rubric, judge), cancellationToken);
            }

            await lines.FlushAsync(cancellationToken);
            window.Clear();
        }
    }

    private static async Task<(Rollout Rollout, Rubric? Rubric, string Why)> AskAsync(Judge judge, Rollout rollout, CancellationToken cancellationToken)
    {
        JudgePrompt prompt = RubricWriting.Compose(rollout);
        SamplingDefaults sampling = judge.Overrides?.Invoke(RubricWriting.Defaults) ?? RubricWriting.Defaults;
        try
        {
            JudgeReply reply = await judge.Endpoint.AskAsync(JudgeQuestion.Of(prompt, sampling), cancellationToken);
            return (rollout, RubricWriting.Read(reply, out string why), why);
        }
        catch (JudgeException exception) when (exception.Fault is not (JudgeFault.Rejected or JudgeFault.Exhausted or JudgeFault.Unreachable))
        {
            return (rollout, null, exception.Message);
        }
        catch (JudgeException exception)
        {
            throw new CommandException(ExitCodes.Unreachable, $"{exception.Message}; what is written stays, and the same command goes on from there", exception);
        }
    }

    private static byte[] LineOf(string id, Rubric rubric, Judge judge)
    {
        var line = new JsonObject { ["id"] = id, ["rubric"] = JsonOf(rubric), ["judge"] = judge.Model };
        if (judge.Simulated)
        {
            line["simulated"] = true;
        }

        return Encoding.UTF8.GetBytes(line.ToJsonString() + "\n");
    }

    private static Command Show()
    {
        Argument<string> path = new("path") { Description = "A rubric file, or the folder of a run that was graded by one." };
        Option<string?> output = OutputFile.Option("Write the file itself there, to be edited and used again.", ".yaml", ".yml", ".json", ".jsonl");
        Command command = new("show", "Shows the criteria of a file or of a run.") { path, output };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string text = await RubricFiles.TextOfAsync(parsed.GetRequiredValue(path), cancellationToken);
            if (parsed.GetValue(output) is { } file)
            {
                await OutputFile.WriteAsync(file, text, cancellationToken);
                Console.WriteLine($"  in {OutputFile.Say(file)}");
                Results.Print(new JsonObject { ["output"] = file });
                return ExitCodes.Ok;
            }

            RubricSet set = RubricFiles.Parse(text, parsed.GetRequiredValue(path));
            var shown = new JsonArray();
            foreach ((string name, Rubric rubric) in (IEnumerable<(string, Rubric)>)[
                .. set.Others is { } others ? [("all rollouts", others)] : Array.Empty<(string, Rubric)>(),
                .. set.Domains.Select(static domain => ($"domain {domain.Key}", domain.Value)), .. set.Rollouts.Select(static rollout => ($"rollout {rollout.Key}", rollout.Value))])
            {
                Console.WriteLine(TerminalText.Clean(name));
                shown.Add((JsonNode)new JsonObject { ["for"] = name, ["rubric"] = JsonOf(rubric) });
                foreach (Criterion criterion in rubric.Criteria)
                {
                    Console.WriteLine(TerminalText.Clean($"  {criterion.Weight,6:0.##}  {RubricForm.Word(criterion.Kind),-8}  {criterion.Id}: {criterion.Text.ReplaceLineEndings(" ")}"));
                }
            }

            Results.Print(shown);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static JsonNode? JsonOf(Rubric rubric)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            RubricForm.Write(writer, rubric);
        }

        return JsonNode.Parse(bytes.ToArray());
    }
}
