using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Recorded;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage.Local;
using Tribunal.Verdicts;

namespace Tribunal.Cli.Commands;

/// <summary>
/// <c>tribunal label RUN</c>: shows a person the rollouts whose label would teach most, the least sure verdicts first, and keeps what
/// they say in <c>labels.jsonl</c> of the run.
/// </summary>
internal static class LabelCommand
{
    private const int UsualLimit = 20;
    private const string Help = "the best by number (2, or 0 2 for a tie), s and a score for each (s 7 4.5), n and a note, Enter for the next one, q to end";

    public static Command Create()
    {
        Argument<string> run = new("run") { Description = "A finished run." };
        Option<int> limit = new("--limit") { Description = "Rollouts to show at most.", DefaultValueFactory = static _ => UsualLimit, HelpName = "N" };
        limit.Between(1, int.MaxValue);
        Option<string[]> ids = new("--sample-id") { Description = "Show the rollouts with these ids, labelled or not.", HelpName = "ID", AllowMultipleArgumentsPerToken = true };
        Option<string?> by = new("--by") { Description = "Who labels, kept with each label.", HelpName = "NAME" };
        Option<bool> verdicts = new("--show-verdicts") { Description = "Show what the run came to: who sees it is swayed by it." };
        Option<string?> batch = new("--batch") { Description = "The batch, where it no longer lies where the run read it.", HelpName = "FILE" };
        Command command = new("label", """
            Asks a person about the rollouts whose label would teach most: the least sure verdicts without a known answer, first.

              tribunal label out --limit 10 --by ann

            What is said goes into labels.jsonl of the run, a line each; report, vote, calibrate, train and export go by it.
            """)
        {
            run, limit, ids, by, verdicts, batch,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string folder = parsed.GetRequiredValue(run);
            RunContents contents = await RunOpening.OpenFolderAsync(folder, parsed.GetValue(batch), cancellationToken: cancellationToken);
            IReadOnlyList<Verdict> asked = await AskedAsync(contents, parsed.GetValue(batch), parsed.GetValue(ids) ?? [], parsed.GetRequiredValue(limit), cancellationToken);
            Dictionary<string, Rollout> rollouts = await RolloutsAsync(contents, parsed.GetValue(batch), [.. asked.Select(static verdict => verdict.Id)], cancellationToken);
            int said = await AskAsync(new LocalRunStore(folder), asked, rollouts, parsed.GetValue(by), parsed.GetValue(verdicts), cancellationToken);
            Console.WriteLine($"{said} labels in {Path.Combine(folder, Runs.Storage.RunFiles.Labels)}{(said > 0 ? $"; tribunal report {folder} tells accuracy by them" : asked.Count == 0 ? ": every rollout of several responses has a known answer; --sample-id ID shows one all the same" : "")}");
            Results.Print(new JsonObject { ["labels"] = said, ["output"] = Path.Combine(folder, Runs.Storage.RunFiles.Labels) });
            return ExitCodes.Ok;
        });
        return command;
    }

    // Without an answer known, and not labelled yet; those that the judges were least sure of, and of these the closest, first.
    private static async Task<IReadOnlyList<Verdict>> AskedAsync(RunContents contents, string? batch, string[] ids, int limit, CancellationToken cancellationToken)
    {
        RunLabels labels = await contents.LabelsAsync(cancellationToken);
        HashSet<string> known = [.. labels.All.Select(static label => label.RolloutId)];
        if (ids.Length == 0)
        {
            await foreach (Rollout rollout in ReadAsync(contents, batch, cancellationToken))
            {
                if (rollout.KnownBest() is not null)
                {
                    known.Add(rollout.Id);
                }
            }
        }

        var asked = new List<Verdict>();
        await foreach (Verdict verdict in contents.VerdictsAsync(cancellationToken))
        {
            if (ids.Length > 0 ? ids.Contains(verdict.Id, StringComparer.Ordinal) : verdict.Rewards is { Count: > 1 } && !known.Contains(verdict.Id))
            {
                asked.Add(verdict);
            }
        }

        return ids.FirstOrDefault(id => asked.All(verdict => verdict.Id != id)) is { } missing
            ? throw new CommandException(ExitCodes.Usage, $"--sample-id: no rollout of the run has the id '{missing}'")
            : [.. asked.OrderBy(static verdict => verdict.Confidence ?? 0).ThenBy(static verdict => verdict.Margin ?? 0).ThenBy(static verdict => verdict.Id, StringComparer.Ordinal).Take(ids.Length > 0 ? int.MaxValue : limit)];
    }

    private static async Task<Dictionary<string, Rollout>> RolloutsAsync(RunContents contents, string? batch, HashSet<string> ids, CancellationToken cancellationToken)
    {
        var rollouts = new Dictionary<string, Rollout>(StringComparer.Ordinal);
        await foreach (Rollout rollout in ReadAsync(contents, batch, cancellationToken))
        {
            if (ids.Contains(rollout.Id))
            {
                rollouts.TryAdd(rollout.Id, rollout);
            }
        }

        return rollouts;
    }

    private static async IAsyncEnumerable<Rollout> ReadAsync(RunContents contents, string? batch, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using Stream stream = await contents.RequireBatchAsync(batch, cancellationToken);
        await foreach (BatchLine line in RolloutReader.ReadAsync(stream, cancellationToken: cancellationToken))
        {
            if (line.Rollout is { } rollout)
            {
                yield return rollout;
            }
        }
    }

    private static async Task<int> AskAsync(LocalRunStore store, IReadOnlyList<Verdict> asked, Dictionary<string, Rollout> rollouts, string? by, bool showVerdicts, CancellationToken cancellationToken)
    {
        int said = 0;
        for (int at = 0; at < asked.Count; at++)
        {
            if (!rollouts.TryGetValue(asked[at].Id, out Rollout? rollout))
            {
                continue;
            }

            Show(rollout, $"{at + 1} of {asked.Count}", showVerdicts ? asked[at] : null);
            while (true)
            {
                Console.Write("? ");
                if (await Console.In.ReadLineAsync(cancellationToken) is not { } line || line.Trim() == "q")
                {
                    return said;
                }

                if (line.Trim().Length == 0)
                {
                    break;
                }

                if (Read(line.Trim(), rollout, by) is not { } label || label.WhyNot(rollout.Responses.Count) is not null)
                {
                    Console.WriteLine($"  {Help}");
                    continue;
                }

                await RunLabels.AppendAsync(store, label, cancellationToken);
                said++;
                break;
            }
        }

        return said;
    }

    private static RolloutLabel? Read(string line, Rollout rollout, string? by)
    {
        var label = new RolloutLabel { RolloutId = rollout.Id, At = TimeProvider.System.GetUtcNow(), By = by };
        string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        switch (words[0])
        {
            case "n" when words.Length > 1:
                return label with { Note = line[1..].Trim() };
            case "s":
                double[] scores = [.. words.Skip(1).Select(static word => double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double score) ? score : double.NaN)];
                return label with { Scores = scores, Best = scores.Length > 0 ? [.. Enumerable.Range(0, scores.Length).Where(i => scores[i] == scores.Max())] : null };
            default:
                int[] best = [.. words.Select(static word => int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : -1)];
                return label with { Best = best };
        }
    }

    private static void Show(Rollout rollout, string place, Verdict? verdict)
    {
        Console.WriteLine($"\n── {place} ── {TerminalText.Clean(rollout.Id)}{(rollout.Domain is { } domain ? $" ({TerminalText.Clean(domain)})" : "")}");
        foreach (Message message in rollout.Prompt)
        {
            Console.WriteLine($"{TerminalText.Clean(message.Role)}: {Lines(message.Content)}");
        }

        for (int i = 0; i < rollout.Responses.Count; i++)
        {
            Console.WriteLine($"\n[{i}]{(verdict?.Rewards is { } rewards ? string.Create(CultureInfo.InvariantCulture, $" reward {rewards[i]:0.000}") : "")} {Lines(rollout.Responses[i].Content)}");
        }

        Console.WriteLine($"\n  {Help}");
    }

    private static string Lines(string text) => string.Join('\n', text.ReplaceLineEndings("\n").Split('\n').Select(TerminalText.Clean));
}
