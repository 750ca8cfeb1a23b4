using System.CommandLine;
using Tribunal.Cli.Output;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Formats.Recorded;
using Tribunal.Judgements;
using Tribunal.Protocols.Catalog;
using Tribunal.Runs.BatchApi;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal import FILE… -o DIR</c>: recorded judgements of other tools become a ledger.</summary>
internal static class ImportCommand
{
    private const int ProblemsShown = 20;
    private const string Unfinished = ".tmp~";

    private static readonly Dictionary<string, RecordedFormat> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        ["auto"] = RecordedFormat.Auto,
        ["ledger"] = RecordedFormat.Ledger,
        ["openai-batch"] = RecordedFormat.OpenAiBatch,
        ["prometheus"] = RecordedFormat.Prometheus,
        ["judgebench"] = RecordedFormat.JudgeBench,
        ["rewardbench"] = RecordedFormat.RewardBench,
    };

    public static Command Create()
    {
        Argument<string[]> files = new("file") { Description = "Files of recorded judgements (JSON Lines, JSON or Parquet; gzip or zstd).", Arity = ArgumentArity.OneOrMore };
        Option<string> output = new("--output", "-o") { Description = "Folder for judgements.jsonl and, where the files carry them, the rollouts as batch.jsonl.", Required = true };
        Option<string> format = new("--format") { Description = "auto, ledger, openai-batch, prometheus, judgebench or rewardbench.", DefaultValueFactory = static _ => "auto" };
        format.AcceptOnlyFromAmong([.. Formats.Keys]);
        Option<string> judge = new("--judge") { Description = "The judge's name where the files do not give one.", DefaultValueFactory = static _ => "recorded" };
        Option<string> protocol = new("--protocol") { Description = "How answers of a batch API are read.", DefaultValueFactory = static _ => "auto" };
        protocol.AcceptOnlyFromAmong([.. ProtocolCatalog.Names]);
        Option<string[]> requests = new("--requests") { Description = "Request files that the answers of a batch API belong to.", Arity = ArgumentArity.ZeroOrMore };
        Command command = new("import", "Turns recorded judgements of other tools into a ledger that vote, report and bench read.") { files, output, format, judge, protocol, requests };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(files),
            parsed.GetRequiredValue(output),
            new ImportOptions
            {
                Format = Formats[parsed.GetRequiredValue(format)],
                Judge = parsed.GetRequiredValue(judge),
                Protocol = parsed.GetRequiredValue(protocol),
            },
            parsed.GetValue(requests) ?? [],
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] files, string folder, ImportOptions options, string[] requests, CancellationToken cancellationToken)
    {
        if (requests.Length > 0)
        {
            options = options with { Requests = await ReadRequestsAsync(requests, cancellationToken) };
        }

        Directory.CreateDirectory(folder);
        string ledger = Path.Combine(folder, RunFiles.Judgements);
        string batch = Path.Combine(folder, RunFiles.Batch);
        if (File.Exists(ledger))
        {
            throw new CommandException(ExitCodes.Usage, $"{ledger} exists; import into another folder");
        }

        long problems = 0;
        var known = new HashSet<string>(StringComparer.Ordinal);
        var drawn = new HashSet<(string, int)>();
        long judgements;
        await using (FileStream ledgerFile = File.Create(ledger + Unfinished))
        await using (var lines = new LineWriter(ledgerFile))
        await using (FileStream batchFile = File.Create(batch + Unfinished))
        await using (var rollouts = new LineWriter(batchFile))
        {
            foreach (string file in files)
            {
                await foreach (RecordedLine line in ReadAsync(file, options, cancellationToken))
                {
                    string? error = line.Error ?? line.Judgements.Select(j => drawn.Add((j.RolloutId, j.Sample)) ? null : $"sample {j.Sample} of {j.RolloutId} was in an earlier file").FirstOrDefault(static e => e is not null);
                    if (error is not null)
                    {
                        if (problems++ < ProblemsShown)
                        {
                            await Console.Error.WriteLineAsync($"{file}, line {line.Line}: {error}");
                        }

                        continue;
                    }

                    if (line.Rollout is { } rollout && known.Add(rollout.Id))
                    {
                        await rollouts.WriteAsync(rollout, TribunalJson.Default.Rollout, cancellationToken);
                    }

                    foreach (TracedJudgement judgement in line.Judgements)
                    {
                        await lines.WriteAsync(judgement, JudgementLine.Write, cancellationToken);
                    }
                }
            }

            judgements = lines.Lines;
        }

        if (problems > ProblemsShown)
        {
            await Console.Error.WriteLineAsync($"… and {problems - ProblemsShown} more");
        }

        Keep(ledger, judgements > 0);
        Keep(batch, known.Count > 0);
        if (judgements == 0)
        {
            throw new CommandException(ExitCodes.Usage, "no judgement could be read");
        }

        Console.WriteLine($"{judgements} judgements in {ledger}{(known.Count > 0 ? $", {known.Count} rollouts in {batch}" : "")}{(problems > 0 ? $", {problems} records refused" : "")}");
        if (options.Requests is { Unanswered.Count: > 0 } asked)
        {
            Console.WriteLine($"{asked.Unanswered.Count} requests have no answer yet");
        }

        return problems > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    private static void Keep(string file, bool wanted)
    {
        if (wanted)
        {
            File.Move(file + Unfinished, file, overwrite: true);
        }
        else
        {
            File.Delete(file + Unfinished);
        }
    }

    private static async Task<OpenAiBatchRequests> ReadRequestsAsync(string[] files, CancellationToken cancellationToken)
    {
        var requests = new OpenAiBatchRequests();
        foreach (string file in files)
        {
            await using FileStream stream = Open(file);
            try
            {
                await requests.AddAsync(stream, cancellationToken);
            }
            catch (BatchFormatException exception)
            {
                throw new CommandException(ExitCodes.Usage, $"{file}: {exception.Message}", exception);
            }
        }

        return requests;
    }

    private static async IAsyncEnumerable<RecordedLine> ReadAsync(
        string file, ImportOptions options, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using FileStream stream = Open(file);
        await using IAsyncEnumerator<RecordedLine> lines = LedgerImport.ReadAsync(stream, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            try
            {
                if (!await lines.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (BatchFormatException exception)
            {
                throw new CommandException(ExitCodes.Usage, $"{file}: {exception.Message}", exception);
            }

            yield return lines.Current;
        }
    }

    private static FileStream Open(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Usage, $"{file} can't be read: {exception.Message}", exception);
        }
    }
}
