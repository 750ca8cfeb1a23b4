using System.CommandLine;
using System.Text.Json;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Reports;
using Tribunal.Runs.Resuming;
using Tribunal.Runs;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal vote</c>: vote again on a ledger, no inference.</summary>
internal sealed class VoteCommand
{
    private readonly Argument<string[]> _runs = new("run") { Description = "A run's folder; several of one batch vote together.", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string[]> _judgements = new("--judgements") { Description = "Recorded judgements, instead of a run's or beside it; may be given more than once.", HelpName = "FILE" };
    private readonly Option<FileInfo?> _batch = new("--batch") { Description = "The batch they judge; a run knows its own.", HelpName = "FILE" };
    private readonly Option<DirectoryInfo> _output = new("--output", "-o") { Description = "Where verdicts.jsonl and summary.json go.", Required = true, HelpName = "DIR" };
    private readonly Option<int?> _resamples = new("--resamples") { Description = "Also resample the record N times: accuracy against judgements spent, for several k and policies, as table, JSON and CSV.", HelpName = "N" };
    private readonly Option<FileInfo?> _plot = new("--plot") { Description = "Also draw the resamples, as an SVG file.", HelpName = "FILE" };
    private readonly Option<bool> _json = new("--json") { Description = "Print the summary as JSON on standard output, and nothing else there." };
    private readonly VoteChoice _vote = new();
    private readonly GridChoice _grid = new();

    public static Command Create()
    {
        var vote = new VoteCommand();
        Command command = new("vote", """
            Votes again on recorded judgements: other k, rule, policy or meta filter, no inference.

              tribunal vote out -o again --samples 4                      the first four judgements of each rollout
              tribunal vote out -o again --keep 0.25                      a stricter meta filter
              tribunal vote --judgements j.jsonl --batch b.jsonl -o again --resamples 1000
              tribunal vote run-a run-b run-c -o panel --panel dawid-skene    several judges, weighed by how they agree
              tribunal vote out -o again --meta meta.tribunal             a meta reward model of one's own
              tribunal vote out -o again --tournament knockout --votes 2  as if the recorded pairs had met in a knockout
              tribunal vote out -o again --resamples 200 --try-samples 1,2,4 --try-tournaments round-robin-elo,knockout,swiss

            Without --samples every recorded judgement counts. Meta rewards that were recorded filter the vote by
            --keep, unless --meta names none or a file.
            """)
        {
            vote._runs, vote._judgements, vote._batch, vote._output, vote._resamples, vote._plot, vote._json,
        };
        vote._vote.ForRecords();
        vote._vote.AddTo(command);
        vote._grid.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(vote._plot) is not null && result.GetValue(vote._resamples) is null)
            {
                result.AddError("--plot draws --resamples N");
            }

            if (result.GetValue(vote._resamples) is null && vote._grid.FirstGiven(result) is { } option)
            {
                result.AddError($"{option} goes with --resamples N");
            }

            if (result.GetValue(vote._resamples) is < 1)
            {
                result.AddError("--resamples is 1 or more");
            }
        });
        command.SetAction(vote.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        LedgerInputs inputs = await LedgerInputs.OpenAsync([.. parsed.GetValue(_runs) ?? [], .. parsed.GetValue(_judgements) ?? []], cancellationToken);
        if (inputs.IsEmpty)
        {
            throw new CommandException(ExitCodes.Usage, "a run's folder, or --judgements with --batch, is needed");
        }

        string batch = inputs.BatchOf(parsed.GetValue(_batch));
        LearnedMetaModel? learned = LearnedOf(parsed);
        LedgerVote ledger = await inputs.ReadAsync(traits: learned is not null, cancellationToken);
        string folder = FolderOf(parsed);
        EvaluationRequest request = await RequestOfAsync(parsed, inputs, ledger, batch, learned, cancellationToken);
        SchemeOptions options = OptionsFor(request, inputs, learned) with { Members = inputs.Footing };
        ResampleRequest? grid = parsed.GetValue(_resamples) is int resamples ? _grid.RequestOf(parsed, resamples, options) : null;
        if (options is { Policy.Learns: true, Learned: null })
        {
            options = options with { Learned = JudgeLearning.LearnFirst(options, await LedgerInputs.JoinAsync(ledger, batch, cancellationToken)) };
        }

        ledger.Calibration = request.Calibration;
        int? samples = _vote.HasSamples(parsed) ? _vote.SamplesOf(parsed) * (inputs.Panel?.Members?.Count ?? 1) : null;
        SummaryPart sums = await CastAsync(ledger, batch, options, samples, inputs.Simulated, Path.Combine(folder, RunFiles.Verdicts), cancellationToken);
        RunSummary summary = SummaryWriter.Write(SummaryManifest(inputs.Manifests.Count > 0 ? inputs.Manifests[0] : null, ledger.First, request, sums), sums, halt: null, prices: null, weights: options.Panel, learned: options.Learned);
        await File.WriteAllBytesAsync(Path.Combine(folder, RunFiles.Summary), JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Readable.RunSummary), cancellationToken);
        Show(summary, ledger.Seen, folder, parsed.GetValue(_json));
        if (grid is not null)
        {
            IReadOnlyList<ResampleResult> results = Resampling.Run(grid, await LedgerInputs.JoinAsync(ledger, batch, cancellationToken), Environment.ProcessorCount, cancellationToken);
            await GridChoice.WriteAsync(results, folder, parsed.GetValue(_json) ? Console.Error : Console.Out, cancellationToken);
            if (parsed.GetValue(_plot) is { } plot)
            {
                await File.WriteAllTextAsync(plot.FullName, ResamplePlot.Draw(results), cancellationToken);
            }
        }

        return summary.Unscorable > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    private string FolderOf(ParseResult parsed)
    {
        string folder = Path.TrimEndingDirectorySeparator(parsed.GetRequiredValue(_output).FullName);
        if (File.Exists(Path.Combine(folder, RunFiles.Manifest)))
        {
            throw new CommandException(ExitCodes.Usage, $"{folder} is a run's folder, and a vote would replace its verdicts: choose another with -o");
        }

        Directory.CreateDirectory(folder);
        return folder;
    }

    private async Task<EvaluationRequest> RequestOfAsync(
        ParseResult parsed, LedgerInputs inputs, LedgerVote ledger, string batch, LearnedMetaModel? learned, CancellationToken cancellationToken)
    {
        string? meta = learned?.Id ?? (_vote.HasMeta(parsed) && _vote.MetaOf(parsed) == "none" ? null : "recorded");
        EvaluationRequest request = _vote.ToRequest(parsed, batch, inputs.Protocol ?? "imported", meta);
        if (_vote.LearnedPanelOf(parsed) is { } method)
        {
            request = request with { Panel = PanelLearning.LearnWithin(method, await LedgerInputs.JoinAsync(ledger, batch, cancellationToken), request.Seed) };
            await (parsed.GetValue(_json) ? Console.Error : Console.Out).WriteAsync(TrainPanelCommand.Of(request.Panel));
        }

        else if (!_vote.HasPanel(parsed))
        {
            request = request with { Panel = inputs.WeightsOfRun() };
        }

        return _vote.AsPlayed(parsed, request, inputs.Manifests.Count == 1 ? inputs.Manifests[0].Request : null);
    }

    private static Task<SummaryPart> CastAsync(
        LedgerVote ledger, string batch, SchemeOptions options, int? samples, bool simulated, string target, CancellationToken cancellationToken) =>
        WholeFile.WriteAsync(target, async verdicts =>
        {
            await using FileStream rollouts = File.OpenRead(batch);
            return await ledger.CastAsync(rollouts, options, samples, simulated, verdicts, cancellationToken);
        });

    private static void Show(RunSummary summary, long seen, string folder, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(summary, RunsJson.Readable.RunSummary));
            return;
        }

        Console.Write(SummaryText.Of(summary, elapsed: null));
        if (seen > 0)
        {
            Console.WriteLine($"  trained on   {seen:N0} of these rollouts: their labels don't count in the accuracy");
        }

        Console.WriteLine($"  in           {folder}");
    }

    private LearnedMetaModel? LearnedOf(ParseResult parsed)
    {
        string meta = _vote.MetaOf(parsed);
        return meta is "none" or "recorded" ? null
            : Uri.TryCreate(meta, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https" || meta == JudgeChoice.Simulated
                ? throw new CommandException(ExitCodes.Usage, $"--meta {meta}: a vote asks no model; none, recorded or a file of train meta is needed")
            : MetaFiles.Read(meta);
    }

    private static SchemeOptions OptionsFor(EvaluationRequest request, LedgerInputs inputs, LearnedMetaModel? learned)
    {
        string? file = inputs.Protocol is null ? null : inputs.ProtocolTexts().GetValueOrDefault(inputs.Protocol);
        if (inputs.Protocol is not { } protocol || (file is null && !ProtocolCatalog.Names.Contains(protocol)))
        {
            return Schemes.OptionsFor(request, JudgingKind.Pairwise, new SchemeOptions { Kind = JudgingKind.Listwise }.ScoreRange, learned);
        }

        IProtocol known = ProtocolCatalog.Resolve(protocol, null, file).Protocol;
        return Schemes.OptionsFor(request, known.Kind, known.ScoreRange, learned);
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
}
