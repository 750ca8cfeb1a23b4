using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tribunal.Judging;
using Tribunal.Pipeline.Activities;
using Tribunal.Pipeline.Batches;
using Tribunal.Pipeline.Ledger;
using Tribunal.Pipeline.Orchestration;
using Tribunal.Pipeline.Runs;
using Tribunal.Pipeline.Storage;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal vote</c>: vote again on a ledger, no inference.</summary>
internal sealed class VoteCommand
{
    private readonly Argument<DirectoryInfo?> _run = new("run") { Description = "A run's folder.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<FileInfo?> _judgements = new("--judgements") { Description = "Recorded judgements, instead of a run's.", HelpName = "FILE" };
    private readonly Option<FileInfo?> _batch = new("--batch") { Description = "The batch they judge; a run knows its own.", HelpName = "FILE" };
    private readonly Option<DirectoryInfo> _output = new("--output", "-o") { Description = "Where verdicts.jsonl and summary.json go.", Required = true, HelpName = "DIR" };
    private readonly Option<int?> _resamples = new("--resamples") { Description = "Also resample the record N times: accuracy against judgements spent, for several k and policies, as table, JSON and CSV.", HelpName = "N" };
    private readonly Option<bool> _json = new("--json") { Description = "Print the summary as JSON on standard output, and nothing else there." };
    private readonly VoteChoice _vote = new();

    public static Command Create()
    {
        var vote = new VoteCommand();
        Command command = new("vote", """
            Votes again on recorded judgements: other k, rule, policy or meta filter, no inference.

              tribunal vote out -o again --samples 4                      the first four judgements of each rollout
              tribunal vote out -o again --keep 0.25                      a stricter meta filter
              tribunal vote --judgements j.jsonl --batch b.jsonl -o again --resamples 1000

            Without --samples every recorded judgement counts. Meta rewards that were recorded filter the vote by --keep.
            """)
        {
            vote._run, vote._judgements, vote._batch, vote._output, vote._resamples, vote._json,
        };
        vote._vote.AddTo(command);
        command.SetAction(vote.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        RunManifest? manifest = await ManifestAsync(parsed.GetValue(_run), cancellationToken);
        List<string> ledgers = LedgersOf(parsed);
        string batch = parsed.GetValue(_batch)?.FullName ?? manifest?.Request.Batch ?? throw new CommandException(ExitCodes.Usage, "--batch is needed with --judgements");
        if (!File.Exists(batch))
        {
            throw new CommandException(ExitCodes.Usage, $"there is no batch at {batch}: name it with --batch");
        }

        var ledger = new LedgerVote();
        try
        {
            foreach (string path in ledgers)
            {
                await using FileStream stream = File.OpenRead(path);
                await ledger.ReadAsync(stream, cancellationToken);
            }
        }
        catch (LedgerException exception)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message, exception);
        }

        string folder = parsed.GetRequiredValue(_output).FullName;
        Directory.CreateDirectory(folder);
        bool simulated = manifest?.Simulated ?? false;
        EvaluationRequest request = _vote.ToRequest(parsed, batch, manifest?.Protocol ?? "imported", "recorded");
        SchemeOptions options = OptionsFor(request, manifest?.Protocol);
        SummaryPart sums;
        string target = Path.Combine(folder, RunFiles.Verdicts);
        string unfinished = target + ".tmp~";
        try
        {
            await using FileStream rollouts = File.OpenRead(batch);
            await using FileStream verdicts = File.Create(unfinished);
            sums = await ledger.CastAsync(rollouts, options, _vote.HasSamples(parsed) ? _vote.SamplesOf(parsed) : null, simulated, verdicts, cancellationToken);
        }
        catch (Exception exception)
        {
            File.Delete(unfinished);
            if (exception is ArgumentException or BatchFormatException)
            {
                throw new CommandException(ExitCodes.Usage, exception.Message, exception);
            }

            throw;
        }

        File.Move(unfinished, target, overwrite: true);
        RunSummary summary = SummaryWriter.Write(SummaryManifest(manifest, ledger.First, request, sums), sums, halt: null, price: null);
        await File.WriteAllBytesAsync(Path.Combine(folder, RunFiles.Summary), JsonSerializer.SerializeToUtf8Bytes(summary, PipelineJson.Readable.RunSummary), cancellationToken);
        if (parsed.GetValue(_json))
        {
            Console.WriteLine(JsonSerializer.Serialize(summary, PipelineJson.Readable.RunSummary));
        }
        else
        {
            Console.Write(SummaryText.Of(summary, elapsed: null));
            Console.WriteLine($"  in           {folder}");
        }

        if (parsed.GetValue(_resamples) is int resamples)
        {
            await ResampleAsync(parsed, ledger, batch, options, resamples, folder, cancellationToken);
        }

        return summary.Unscorable > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    private static async Task<RunManifest?> ManifestAsync(DirectoryInfo? run, CancellationToken cancellationToken)
    {
        if (run is null)
        {
            return null;
        }

        string path = Path.Combine(run.FullName, RunFiles.Manifest);
        return File.Exists(path)
            ? JsonSerializer.Deserialize(await File.ReadAllBytesAsync(path, cancellationToken), PipelineJson.Default.RunManifest)
            : throw new CommandException(ExitCodes.Usage, $"there is no run in {run.FullName}");
    }

    // A run that is still under way has its ledger in parts.
    private List<string> LedgersOf(ParseResult parsed)
    {
        if (parsed.GetValue(_judgements) is { } file)
        {
            return file.Exists ? [file.FullName] : throw new CommandException(ExitCodes.Usage, $"there are no judgements at {file.FullName}");
        }

        string run = parsed.GetValue(_run)?.FullName ?? throw new CommandException(ExitCodes.Usage, "a run's folder, or --judgements with --batch, is needed");
        string whole = Path.Combine(run, RunFiles.Judgements);
        string parts = Path.Combine(run, RunFiles.PartsPrefix);
        return File.Exists(whole) ? [whole]
            : Directory.Exists(parts) ? [.. Directory.EnumerateFiles(parts, "ledger-*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
            : throw new CommandException(ExitCodes.Usage, $"{run} has no ledger");
    }

    private static SchemeOptions OptionsFor(EvaluationRequest request, string? protocol)
    {
        if (protocol is null || !ProtocolCatalog.Names.Contains(protocol))
        {
            return Schemes.OptionsFor(request, JudgingKind.Pairwise, new SchemeOptions { Kind = JudgingKind.Listwise }.ScoreRange);
        }

        IProtocol known = ProtocolCatalog.Resolve(protocol, null).Protocol;
        return Schemes.OptionsFor(request, known.Kind, known.ScoreRange);
    }

    private static RunManifest SummaryManifest(RunManifest? manifest, Judgement? first, EvaluationRequest request, SummaryPart sums)
    {
        long rollouts = sums.Domains.Values.Sum(static domain => domain.Rollouts);
        return manifest is not null
            ? manifest with { Request = request, Rollouts = rollouts }
            : new RunManifest
            {
                RunId = "vote",
                Request = request,
                Batch = new BatchFingerprint(0, ""),
                Judge = first?.Judge ?? "none",
                Model = first?.Judge ?? "none",
                Protocol = first?.Protocol ?? "imported",
                Sampling = new SamplingDefaults(0, 1, 1),
                Rollouts = rollouts,
            };
    }

    private async Task ResampleAsync(
        ParseResult parsed, LedgerVote ledger, string batch, SchemeOptions options, int resamples, string folder, CancellationToken cancellationToken)
    {
        var joined = new List<RolloutLedger>();
        await using (FileStream rollouts = File.OpenRead(batch))
        {
            await foreach (RolloutLedger rollout in ledger.JoinAsync(rollouts, cancellationToken))
            {
                joined.Add(rollout);
            }
        }

        PolicyOptions policy = options.Policy;
        IReadOnlyList<ResampleResult> results;
        try
        {
            results = Resampling.Run(
                new ResampleRequest
                {
                    Resamples = resamples,
                    Seed = options.Seed,
                    Policies = [policy with { Kind = PolicyKind.Adaptive }, policy with { Kind = PolicyKind.Certified }],
                    Rules = options.Rule == VotingRule.Auto ? [VotingRule.Auto, VotingRule.Majority] : [options.Rule],
                    Options = options,
                },
                joined,
                Environment.ProcessorCount,
                cancellationToken);
        }
        catch (ArgumentException exception)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message, exception);
        }

        await File.WriteAllBytesAsync(Path.Combine(folder, "resamples.json"), JsonSerializer.SerializeToUtf8Bytes(results, TribunalJson.Default.IReadOnlyListResampleResult), cancellationToken);
        var csv = new StringBuilder("rule,policy,samples,accuracy,accuracy_low,accuracy_high,judgements,judgements_low,judgements_high,rollouts,resamples\n");
        TextWriter words = parsed.GetValue(_json) ? Console.Error : Console.Out;
        await words.WriteLineAsync($"\n  {resamples:N0} draw orders; 95 % of them lie in the range\n  rule      policy     judgements  accuracy");
        foreach (ResampleResult result in results)
        {
            bool isFixed = result.Policy.Kind == PolicyKind.Fixed;
            string rule = result.Rule.ToString().ToLowerInvariant();
            string kind = isFixed ? $"fixed-{result.Policy.Samples}" : result.Policy.Kind.ToString().ToLowerInvariant();
            (Spread accuracy, Spread spent) = (result.Accuracy, result.Judgements);
            await words.WriteLineAsync($"  {rule,-9} {kind,-10} {spent.Mean,10:0.00}  {accuracy.Mean:P1} [{accuracy.Low:P1}, {accuracy.High:P1}]");
            csv.AppendLine(CultureInfo.InvariantCulture, $"{rule},{kind},{(isFixed ? result.Policy.Samples : 0)},{accuracy.Mean},{accuracy.Low},{accuracy.High},{spent.Mean},{spent.Low},{spent.High},{result.Rollouts},{result.Resamples}");
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "resamples.csv"), csv.ToString(), cancellationToken);
    }
}
