using System.CommandLine;
using System.Text.Json;
using Spectre.Console;
using Tribunal.Benchmarks;
using Tribunal.Cli.Output;
using Tribunal.Reports;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal compare RUN RUN…</c>: which judge is better, and at what cost.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        Argument<string[]> runs = new("run") { Description = "Run folders over the same rollouts, or results of bench; the first is what the others are measured against.", Arity = new ArgumentArity(2, 100) };
        Option<string?> output = OutputFile.Option("Also write it: as one HTML file, or as JSON.", ".html", ".htm", ".json");
        Option<string?> batch = new("--batch") { Description = "The batch with the labels, where it is no longer where the runs found it.", HelpName = "FILE" };
        Option<int> resamples = new("--resamples") { Description = "Draws of the bootstrap.", DefaultValueFactory = static _ => 2000 };
        Option<long> seed = new("--seed") { Description = "Seed of the bootstrap.", DefaultValueFactory = static _ => 1 };
        Option<bool> json = new("--json") { Description = "Print the comparison as JSON, and nothing else on standard output." };
        resamples.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is < 100 or > 100_000)
            {
                result.AddError("--resamples is 100 to 100000");
            }
        });
        Command command = new("compare", """
            Compares runs over the same rollouts: paired differences with bootstrap intervals, McNemar's exact test, cost
            beside accuracy, and where they disagree.
            """)
        {
            runs, output, batch, resamples, seed, json,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            Comparison comparison = await RunComparer.CompareAsync(
                parsed.GetRequiredValue(runs),
                new CompareOptions { Batch = parsed.GetValue(batch), Resamples = parsed.GetValue(resamples), Seed = parsed.GetValue(seed) },
                cancellationToken);
            if (parsed.GetValue(json))
            {
                Results.Print(JsonSerializer.Serialize(comparison, ComparisonJson.Default.Comparison));
            }
            else
            {
                Show(comparison);
            }

            if (parsed.GetValue(output) is { } path)
            {
                await OutputFile.WriteAsync(path, OutputFile.FormOf(path) == ".json" ? JsonSerializer.Serialize(comparison, ComparisonJson.Default.Comparison) + "\n" : ComparePage.Render(comparison), cancellationToken);
                await Console.Error.WriteLineAsync(OutputFile.Say(path));
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static void Show(Comparison comparison)
    {
        foreach (string note in comparison.Notes)
        {
            Console.WriteLine(note);
        }

        if (comparison.Runs.Count > 0)
        {
            Console.WriteLine($"{comparison.Shared:N0} shared rollouts, {comparison.Labelled:N0} labelled");
            Table runs = NewTable("run", "model", "scored", "accuracy", "95 %", "judgements", "tokens", "cost");
            foreach (ComparedRun run in comparison.Runs)
            {
                Row(runs, run.Name, run.Model + (run.Simulated ? " (simulated)" : ""), $"{run.Scored:N0}", Percent(run.Accuracy?.Value),
                    run.Accuracy is { } rate ? $"{rate.Low:P1}–{rate.High:P1}" : "–", $"{run.JudgementsPerRollout:0.#}", $"{run.Usage.Input + run.Usage.Output:N0}", run.Cost is double cost ? $"{cost:0.00##}" : "–");
            }

            AnsiConsole.Write(runs);
            Table differences = NewTable("against " + comparison.Runs[0].Name, "difference", "95 %", "only this", "only other", "McNemar p", "agreement");
            foreach (PairedDifference difference in comparison.Differences)
            {
                Row(differences, difference.Run, Points(difference.Difference), $"{Points(difference.Low)} to {Points(difference.High)}", $"{difference.OnlyThis:N0}",
                    $"{difference.OnlyOther:N0}", difference.McNemar is double p ? $"{p:0.####}" : "–", Percent(difference.Agreement));
            }

            AnsiConsole.Write(differences);
            if (comparison.Disagreements.Count > 0)
            {
                Table disagreements = NewTable(["they disagree on", "labelled", .. comparison.Runs.Select(static r => r.Name)]);
                foreach (Disagreement rollout in comparison.Disagreements.Take(10))
                {
                    Row(disagreements, [rollout.Id, rollout.Best is { } best ? string.Join(',', best.Select(static b => b + 1)) : "–",
                        .. rollout.Choices.Zip(rollout.Confidences, static (choice, confidence) => choice is int c ? $"{c + 1} ({confidence:0.00})" : "unscorable")]);
                }

                AnsiConsole.Write(disagreements);
            }
        }

        foreach (BenchmarkResult benchmark in comparison.Benchmarks)
        {
            Console.WriteLine(benchmark.Line);
        }
    }

    private static Table NewTable(params string[] columns)
    {
        Table table = new Table().Border(TableBorder.None);
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column)));
        }

        return table;
    }

    // What a batch holds reaches the terminal without its control characters.
    private static void Row(Table table, params string[] cells) =>
        table.AddRow([.. cells.Select(static cell => Markup.Escape(TerminalText.Clean(cell)))]);

    private static string Percent(double? share) => share is double value ? $"{value:P1}" : "–";

    private static string Points(double? difference) => difference is double value ? $"{100 * value:+0.0;−0.0;0.0}" : "–";
}
