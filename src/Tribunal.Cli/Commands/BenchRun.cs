using System.Runtime.CompilerServices;
using System.Text.Json;
using Spectre.Console;
using Tribunal.Benchmarks;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Formats.Suites;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Recorded;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Verdicts;

namespace Tribunal.Cli.Commands;

/// <summary>One call of <c>tribunal bench</c>.</summary>
/// <param name="suite">The benchmark.</param>
/// <param name="data">Its authors' file, or a folder of them.</param>
/// <param name="folder">Where items, run and result go; null for none where no judge is asked.</param>
/// <param name="json">Whether standard output holds the result as JSON, and nothing else.</param>
internal sealed class BenchRun(IBenchmarkSuite suite, string data, string? folder, bool json)
{
    private const int ProblemsShown = 10;
    private const string ItemsFile = "items.jsonl";
    private const string RunFolder = "run";
    private const string ResultFile = "bench.json";
    private long _problems;

    private string Refused => _problems == 0 ? "" : $"; {_problems} records refused";

    public async Task<int> PrepareAsync(CancellationToken cancellationToken)
    {
        string file = await WriteItemsAsync(cancellationToken);
        Console.WriteLine($"next: tribunal score {file} -o RUN …, then tribunal bench {suite.Name} {data} --run RUN");
        return _problems > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    public async Task<int> JudgeAsync(IReadOnlyList<string> scoring, CancellationToken cancellationToken)
    {
        string file = await WriteItemsAsync(cancellationToken);
        string run = Path.Combine(Path.GetDirectoryName(file)!, RunFolder);
        int code = await CommandErrors.RunAsync(ScoreCommand.Create(), [file, "--output", run, .. scoring], cancellationToken);
        return code is ExitCodes.Ok or ExitCodes.Partial && File.Exists(Path.Combine(run, RunFiles.Verdicts)) ? Math.Max(code, await ScoreRunAsync(run, cancellationToken)) : code;
    }

    public async Task<int> ScoreRunAsync(string run, CancellationToken cancellationToken)
    {
        RunContents contents = await RunOpening.OpenFolderAsync(run, cancellationToken: cancellationToken);
        if (contents.Summary.Status == RunStatus.Partial)
        {
            await Console.Error.WriteLineAsync("INCOMPLETE: the run has not ended; items without a verdict so far count as undecided");
        }

        Func<Rollout, IReadOnlyList<Judgement>, Verdict?> verdicts = await BenchmarkScorer.VerdictsAsync(contents.VerdictsAsync(cancellationToken), cancellationToken);
        return await ScoreAsync(contents.JudgementsAsync(JudgementLine.Read, cancellationToken), verdicts, cancellationToken);
    }

    public async Task<int> ScoreRecordedAsync(string judgements, CancellationToken cancellationToken)
    {
        Func<Rollout, IReadOnlyList<Judgement>, Verdict?> vote = await RecordedVoteAsync(judgements, cancellationToken);
        await using FileStream ledger = File.OpenRead(judgements);
        return await ScoreAsync(LedgerReader.ReadAsync(ledger, JudgementLine.Read, judgements, cancellationToken: cancellationToken), vote, cancellationToken);
    }

    private async Task<string> WriteItemsAsync(CancellationToken cancellationToken)
    {
        string target = folder ?? $"bench-{suite.Name}";
        Directory.CreateDirectory(target);
        string file = Path.Combine(target, ItemsFile);
        string temporary = file + ".tmp~";
        long count;
        await using (FileStream output = File.Create(temporary))
        await using (var lines = new LineWriter(output))
        {
            await foreach (Rollout item in ItemsAsync(cancellationToken))
            {
                await lines.WriteAsync(item, TribunalJson.Default.Rollout, cancellationToken);
            }

            count = lines.Lines;
        }

        // A run is resumed only over the very file it was started with.
        if (File.Exists(file) && await BatchFiles.HashAsync(file, cancellationToken) == await BatchFiles.HashAsync(temporary, cancellationToken))
        {
            File.Delete(temporary);
        }
        else
        {
            File.Move(temporary, file, overwrite: true);
        }

        await Console.Error.WriteLineAsync($"{count} items of {suite.Title} in {file}{Refused}");
        return file;
    }

    private async Task<int> ScoreAsync(IAsyncEnumerable<Judgement> judgements, Func<Rollout, IReadOnlyList<Judgement>, Verdict?> vote, CancellationToken cancellationToken)
    {
        _problems = 0;
        BenchmarkResult result = await BenchmarkScorer.ScoreAsync(suite, ItemsAsync(cancellationToken), judgements, vote, cancellationToken);
        byte[] document = JsonSerializer.SerializeToUtf8Bytes(result, BenchmarkJson.Default.BenchmarkResult);
        if (folder is not null)
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllBytesAsync(Path.Combine(folder, ResultFile), document, cancellationToken);
        }

        if (json)
        {
            Results.Print(System.Text.Encoding.UTF8.GetString(document));
        }
        else
        {
            Print(result);
        }

        return _problems > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    private async IAsyncEnumerable<Rollout> ItemsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (BenchmarkLine line in BenchmarkReader.ReadAsync(suite, data, cancellationToken: cancellationToken))
        {
            if (line.Rollout is { } item)
            {
                yield return item;
            }
            else if (_problems++ < ProblemsShown)
            {
                await Console.Error.WriteLineAsync($"{line.File}, record {line.Line}: {line.Error}");
            }
        }
    }

    // Recorded grades have scales of their own: the ledger's range stands for rewards 0 and 1.
    private static async Task<Func<Rollout, IReadOnlyList<Judgement>, Verdict?>> RecordedVoteAsync(string judgements, CancellationToken cancellationToken)
    {
        double min = double.PositiveInfinity;
        double max = double.NegativeInfinity;
        await using FileStream stream = File.OpenRead(judgements);
        await foreach (Judgement judgement in LedgerReader.ReadAsync(stream, JudgementLine.Read, judgements, cancellationToken: cancellationToken))
        {
            foreach (double score in judgement.Scores?.Where(double.IsFinite) ?? [])
            {
                (min, max) = (Math.Min(min, score), Math.Max(max, score));
            }
        }

        SchemeOptions options = new() { Kind = JudgingKind.Listwise };
        IJudgingScheme scheme = JudgingSchemes.ForRecorded(min < max ? options with { ScoreRange = (min, max) } : options);
        return (item, own) => own.Count == 0 ? null : scheme.Cast(item, own, null);
    }

    private void Print(BenchmarkResult result)
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
        if (_problems > 0)
        {
            Console.WriteLine($"not counted{Refused}");
        }
    }

    private static string Percent(double? score) => score is { } value ? $"{100 * value:0.0}" : "–";
}
