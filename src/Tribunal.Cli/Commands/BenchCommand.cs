using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Spectre.Console;
using Tribunal.Benchmarks;
using Tribunal.Judging;
using Tribunal.Pipeline.Batches;
using Tribunal.Pipeline.Benchmarks;
using Tribunal.Pipeline.Exchange;
using Tribunal.Pipeline.Ledger;
using Tribunal.Pipeline.Runs;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Cli.Commands;

/// <summary>
/// <c>tribunal bench SUITE DATA</c>: a benchmark by its authors' own rules, on one judgement per item and on our vote. It
/// scores a run over the suite's items, or recorded judgements of them; without either it writes the items to score.
/// </summary>
internal static class BenchCommand
{
    private const int ProblemsShown = 10;

    public static Command Create()
    {
        Argument<string> suite = new("suite") { Description = string.Join(", ", BenchmarkSuites.All.Select(static s => s.Name)) };
        suite.AcceptOnlyFromAmong([.. BenchmarkSuites.All.Select(static s => s.Name)]);
        Argument<string> data = new("data") { Description = "The authors' file, or a folder of them." };
        Option<string?> items = new("--items") { Description = "Write the items to judge to this file (JSON Lines), for tribunal score." };
        Option<string?> run = new("--run") { Description = "Score this run over the items." };
        Option<string?> judgements = new("--judgements") { Description = "Score these recorded judgements of the items; the vote is cast over all of them." };
        Option<string?> output = new("--output", "-o") { Description = "Write the result here as JSON." };
        Option<bool> json = new("--json") { Description = "Print the result as JSON instead of a table." };
        Command command = new("bench", "Scores a public benchmark by its authors' own rules, beside our vote.") { suite, data, items, run, judgements, output, json };
        command.Validators.Add(result =>
        {
            if (((result.GetValue(run) is null ? 0 : 1) + (result.GetValue(judgements) is null ? 0 : 1) + (result.GetValue(items) is null ? 0 : 1)) != 1)
            {
                result.AddError("give one of --items, --run and --judgements");
            }
        });
        command.SetAction(async (parsed, token) =>
        {
            IBenchmarkSuite chosen = BenchmarkSuites.Find(parsed.GetRequiredValue(suite))!;
            string path = parsed.GetRequiredValue(data);
            try
            {
                return parsed.GetValue(items) is { } file
                    ? await WriteItemsAsync(chosen, path, file, token)
                    : await ScoreAsync(chosen, path, parsed.GetValue(run), parsed.GetValue(judgements), parsed.GetValue(output), parsed.GetValue(json), token);
            }
            catch (Exception exception) when (exception is BenchmarkDataException or BatchFormatException or LedgerException or FileNotFoundException or DirectoryNotFoundException)
            {
                throw new CommandException(ExitCodes.Usage, exception.Message, exception);
            }
        });
        return command;
    }

    private static async Task<int> WriteItemsAsync(IBenchmarkSuite suite, string data, string file, CancellationToken cancellationToken)
    {
        var problems = new Problems();
        long count;
        await using (FileStream output = File.Create(file))
        await using (var lines = new LineWriter(output))
        {
            await foreach (Rollout item in ItemsAsync(suite, data, problems, cancellationToken))
            {
                await lines.WriteAsync(item, cancellationToken);
            }

            count = lines.Lines;
        }

        Console.WriteLine($"{count} items of {suite.Title} in {file}{problems}");
        Console.WriteLine($"next: tribunal score {file} -o RUN …, then tribunal bench {suite.Name} {data} --run RUN");
        return problems.Count > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    private static async Task<int> ScoreAsync(
        IBenchmarkSuite suite, string data, string? run, string? judgements, string? output, bool json, CancellationToken cancellationToken)
    {
        var problems = new Problems();
        await using FileStream ledger = File.OpenRead(run is null ? judgements! : Path.Combine(run, RunFiles.Judgements));
        Func<Rollout, IReadOnlyList<Judgement>, Verdict?> vote = run is null ? await RecordedVoteAsync(judgements!, cancellationToken) : await VerdictsAsync(run, cancellationToken);
        BenchmarkResult result = await BenchmarkScorer.ScoreAsync(suite, ItemsAsync(suite, data, problems, cancellationToken), ledger, vote, cancellationToken);
        byte[] document = JsonSerializer.SerializeToUtf8Bytes(result, BenchmarkJson.Default.BenchmarkResult);
        if (output is not null)
        {
            await File.WriteAllBytesAsync(output, document, cancellationToken);
        }

        if (json)
        {
            await using Stream console = Console.OpenStandardOutput();
            await console.WriteAsync(document, cancellationToken);
            await console.WriteAsync("\n"u8.ToArray(), cancellationToken);
        }
        else
        {
            Print(suite, result, problems);
        }

        return problems.Count > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    private static async Task<Func<Rollout, IReadOnlyList<Judgement>, Verdict?>> VerdictsAsync(string run, CancellationToken cancellationToken)
    {
        await using FileStream verdicts = File.OpenRead(Path.Combine(run, RunFiles.Verdicts));
        return await BenchmarkScorer.VerdictsAsync(verdicts, cancellationToken);
    }

    // Recorded grades have scales of their own: the ledger's range stands for rewards 0 and 1.
    private static async Task<Func<Rollout, IReadOnlyList<Judgement>, Verdict?>> RecordedVoteAsync(string judgements, CancellationToken cancellationToken)
    {
        double min = double.PositiveInfinity;
        double max = double.NegativeInfinity;
        await using FileStream stream = File.OpenRead(judgements);
        await foreach (Judgement judgement in LedgerReader.ReadAsync(stream, withText: false, cancellationToken))
        {
            foreach (double score in judgement.Scores ?? [])
            {
                (min, max) = (Math.Min(min, score), Math.Max(max, score));
            }
        }

        SchemeOptions options = new() { Kind = JudgingKind.Listwise };
        IJudgingScheme scheme = JudgingSchemes.ForRecorded(min < max ? options with { ScoreRange = (min, max) } : options);
        return (item, own) => own.Count == 0 ? null : scheme.Cast(item, own, null);
    }

    private static async IAsyncEnumerable<Rollout> ItemsAsync(IBenchmarkSuite suite, string data, Problems problems, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (BenchmarkLine line in BenchmarkReader.ReadAsync(suite, data, cancellationToken: cancellationToken))
        {
            if (line.Rollout is { } item)
            {
                yield return item;
            }
            else if (problems.Count++ < ProblemsShown)
            {
                await Console.Error.WriteLineAsync($"{line.File}, record {line.Line}: {line.Error}");
            }
        }
    }

    private static void Print(IBenchmarkSuite suite, BenchmarkResult result, Problems problems)
    {
        Table table = new() { Title = new TableTitle(suite.Title), Border = TableBorder.Minimal };
        table.AddColumns("section", "items", "undecided", "one judgement", "vote");
        foreach ((BenchmarkSection single, BenchmarkSection voted) in result.Single.Sections.Zip(result.Vote.Sections))
        {
            table.AddRow(Markup.Escape(voted.Name), $"{voted.Items}", $"{voted.Undecided}", Percent(single.Score), Percent(voted.Score));
        }

        table.AddRow("[bold]overall[/]", $"{result.Vote.Items}", $"{result.Vote.Undecided}", Percent(result.Single.Overall), $"[bold]{Percent(result.Vote.Overall)}[/]");
        AnsiConsole.Write(table);
        Console.WriteLine(result.Line);
        if (problems.Count > 0)
        {
            Console.WriteLine($"not counted{problems}");
        }
    }

    private static string Percent(double? score) => score is { } value ? $"{100 * value:0.0}" : "–";

    private sealed class Problems
    {
        public long Count { get; set; }

        public override string ToString() => Count == 0 ? "" : $"; {Count} records refused";
    }
}
