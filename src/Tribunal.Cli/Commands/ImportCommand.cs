using System.CommandLine;
using System.Text.Json.Nodes;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Formats.Recorded;
using Tribunal.Judgements;
using Tribunal.Cli.Configuration;
using Tribunal.Cli.Inputs;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Reports;
using Tribunal.Runs.BatchApi;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Recorded;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Summary;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal import FILE… -o DIR</c>: recorded judgements of other tools become a ledger.</summary>
internal static class ImportCommand
{
    private const int ProblemsShown = 20;
    private const string Unfinished = ".tmp~";

    public static Command Create()
    {
        Argument<string[]> files = new("file") { Description = "Files of recorded judgements (JSON Lines, JSON or Parquet; gzip or zstd); - is standard input.", Arity = ArgumentArity.OneOrMore };
        Option<string> output = new("--output", "-o") { Description = "Folder for judgements.jsonl and, where the files carry them, the rollouts as batch.jsonl.", Required = true, HelpName = "DIR" };
        Option<string> format = new("--format") { Description = "auto, ledger, openai-batch, prometheus, judgebench, rewardbench, promptfoo, inspect or alpaca-eval.", HelpName = "FORMAT", DefaultValueFactory = static _ => "auto" };
        format.AcceptOnlyFromAmong("auto", "ledger", "openai-batch", "prometheus", "judgebench", "rewardbench", "promptfoo", "inspect", "alpaca-eval");
        Option<string> judge = new("--judge") { Description = "The judge's name where the files do not give one.", DefaultValueFactory = static _ => "recorded" };
        Option<string> protocol = new("--protocol") { Description = "How answers of a batch API are read: a name of `tribunal judges`, or auto by the model's name.", HelpName = "NAME", DefaultValueFactory = static _ => "auto" };
        protocol.AcceptOnlyFromAmong([.. ProtocolCatalog.Names]);
        Option<string[]> requests = new("--requests") { Description = "Request files that the answers of a batch API belong to.", Arity = ArgumentArity.ZeroOrMore };
        Option<FileInfo?> batch = new("--batch") { Description = "The rollouts that they judge, where the files don't carry them.", HelpName = "FILE" };
        Option<bool> noReport = new("--no-report") { Description = "Write no report.html; `tribunal report DIR` can at any time." };
        Command command = new("import", """
            Turns recorded judgements of other tools into a run that vote, report, compare, bench and export read.

              tribunal import judgebench-outputs.jsonl -o imported
              tribunal import ledger.jsonl --batch rollouts.jsonl -o imported
              tribunal import results.json -o imported        promptfoo's, or a log of Inspect as JSON: what models graded

            Without the rollouts, in the files or by --batch, it is a ledger only: nothing can be voted on.
            """)
        {
            files, output, format, judge, protocol, requests, batch, noReport,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(files),
            parsed.GetRequiredValue(output),
            new ImportOptions
            {
                Format = parsed.Named<RecordedFormat>(format),
                Judge = parsed.GetRequiredValue(judge),
                Protocol = parsed.GetRequiredValue(protocol),
            },
            parsed.GetValue(requests) ?? [],
            parsed.GetValue(batch),
            parsed.GetValue(noReport) ? null : new ReportWriter(),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] files, string folder, ImportOptions options, string[] requests, FileInfo? named, IReportWriter? reports, CancellationToken cancellationToken)
    {
        if (named is { Exists: false })
        {
            throw new CommandException(ExitCodes.Usage, $"--batch: there is no file at {named.FullName}");
        }

        if (requests.Length > 0)
        {
            options = options with { Requests = await ReadRequestsAsync(requests, cancellationToken) };
        }

        RunTarget.Make(folder);
        string ledger = Path.Combine(folder, RunFiles.Judgements);
        string batch = Path.Combine(folder, RunFiles.Batch);
        string manifest = Path.Combine(folder, RunFiles.Manifest);
        if (Array.Find([ledger, manifest], File.Exists) is { } there)
        {
            // Of a run that was interrupted the manifest is what it goes on by.
            throw new CommandException(ExitCodes.Usage, $"{there} exists; import into another folder");
        }

        (long judgements, int known, long problems) = (0, 0, 0);
        try
        {
            (judgements, known, problems) = await ReadAllAsync(files, ledger, batch, options, cancellationToken);
        }
        catch
        {
            Keep(ledger, false);
            Keep(batch, false);
            throw;
        }

        if (problems > ProblemsShown)
        {
            await Console.Error.WriteLineAsync($"… and {problems - ProblemsShown} more");
        }

        // Rollouts that are named stand for those that the files carry.
        Keep(ledger, judgements > 0);
        Keep(batch, named is null && known > 0);
        if (judgements == 0)
        {
            throw new CommandException(ExitCodes.Usage, "no judgement could be read");
        }

        Console.WriteLine($"{judgements} judgements in {ledger}{(named is null && known > 0 ? $", {known} rollouts in {batch}" : "")}{(problems > 0 ? $", {problems} records refused" : "")}");
        if (options.Requests is { Unanswered.Count: > 0 } asked)
        {
            Console.WriteLine($"{asked.Unanswered.Count} requests have no answer yet");
        }

        Results.Print(new JsonObject { ["judgements"] = judgements, ["rollouts"] = known, ["refused"] = problems, ["unanswered"] = options.Requests?.Unanswered.Count, ["output"] = folder });
        if (named is null && known == 0)
        {
            await Console.Error.WriteLineAsync("these files carry no rollouts: with --batch FILE the folder is a run, which report, compare and export read");
            return problems > 0 ? ExitCodes.Partial : ExitCodes.Ok;
        }

        RunSummary summary = await VoteAsync(folder, named?.FullName ?? Path.GetFullPath(batch), options, reports, cancellationToken);
        Console.Write(SummaryText.Of(summary, elapsed: null));
        return problems > 0 || summary.Unscorable > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    // What the files hold, into a ledger and a batch that get their names later.
    private static async Task<(long Judgements, int Rollouts, long Problems)> ReadAllAsync(string[] files, string ledger, string batch, ImportOptions options, CancellationToken cancellationToken)
    {
        long problems = 0;
        var known = new HashSet<string>(StringComparer.Ordinal);
        var drawn = new HashSet<(string, int)>();
        var again = new List<TracedJudgement>();
        await using (FileStream ledgerFile = File.Create(ledger + Unfinished))
        await using (var lines = new LineWriter(ledgerFile))
        await using (FileStream batchFile = File.Create(batch + Unfinished))
        await using (var rollouts = new LineWriter(batchFile))
        {
            foreach (string file in files)
            {
                await using Stream stream = file == OutputFile.Standard ? Console.OpenStandardInput() : Open(file);
                try
                {
                    await foreach (RecordedLine line in LedgerImport.ReadAsync(stream, options, cancellationToken))
                    {
                        await TakeAsync(file, line);
                    }
                }
                catch (BatchFormatException exception)
                {
                    throw new CommandException(ExitCodes.Usage, $"{file}: {exception.Message}", exception);
                }
            }

            // What a service expired or throttled stands only where no answer came after all.
            foreach (TracedJudgement judgement in again.Where(judgement => drawn.Add((judgement.RolloutId, judgement.Sample))))
            {
                await lines.WriteAsync(judgement, JudgementLine.Write, cancellationToken);
            }

            return (lines.Lines, known.Count, problems);

            async Task TakeAsync(string file, RecordedLine line)
            {
                if (line.MayAskAgain)
                {
                    again.AddRange(line.Judgements);
                    return;
                }

                string? error = line.Error ?? line.Judgements.Select(j => drawn.Add((j.RolloutId, j.Sample)) ? null : $"sample {j.Sample} of {j.RolloutId} was in an earlier file").FirstOrDefault(static e => e is not null);
                if (error is not null)
                {
                    if (problems++ < ProblemsShown)
                    {
                        await Console.Error.WriteLineAsync($"{file}, line {line.Line}: {error}");
                    }

                    return;
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
    }

    // Every recorded judgement votes; a protocol that they share and we know says on what scale.
    private static async Task<RunSummary> VoteAsync(string folder, string batch, ImportOptions options, IReportWriter? reports, CancellationToken cancellationToken)
    {
        string file = Path.Combine(folder, RunFiles.Judgements);
        var ledger = new LedgerVote();
        await ledger.ReadAsync(Ledger(JudgementLine.Read), cancellationToken);
        string protocol = ledger.OneProtocol ? ledger.First!.Protocol : "imported";
        var request = new EvaluationRequest { Batch = batch, Protocol = protocol, Meta = new MetaOptions { Model = "recorded" } };
        var run = new RecordedRun
        {
            Manifest = new RunManifest
            {
                RunId = Path.GetFileName(Path.GetFullPath(folder)),
                Request = request,
                Batch = new BatchFingerprint(0, ""),
                Judge = ledger.First?.Judge ?? options.Judge,
                Model = ledger.First?.Judge ?? options.Judge,
                Protocol = protocol,
                Sampling = new SamplingDefaults(0, 1, 1),
                Origin = RunOrigin.Imported,
                Created = TimeProvider.System.GetUtcNow(),
            },
            Ledger = ledger,
            Options = RecordedOptions.Imported(RecordedOptions.Of(request, protocol, null, null), ledger.Scores),
        };
        RunSummary summary = await run.WriteAsync(folder, reports, cancellationToken);
        await Settings.KeepAsync(folder, cancellationToken);
        return summary;

        async IAsyncEnumerable<Judgement> Ledger(ReadJudgement<Judgement> read)
        {
            await using FileStream stream = Open(file);
            await foreach (Judgement judgement in LedgerReader.ReadAsync(stream, read, file, cancellationToken: cancellationToken))
            {
                yield return judgement;
            }
        }
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

    private static FileStream Open(string file)
    {
        if (!File.Exists(file))
        {
            throw new CommandException(ExitCodes.Usage, Directory.Exists(file) ? $"{file} is a folder: name the files in it" : $"there is no file {file}");
        }

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
