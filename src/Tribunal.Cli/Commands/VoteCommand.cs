using System.CommandLine;
using System.Text.Json;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Runs.Recorded;
using Tribunal.Reports;
using Tribunal.Runs.Resuming;
using Tribunal.Runs;
using Tribunal.Runs.Storage.Local;
using Tribunal.Cli.Configuration;
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
    private readonly Option<DirectoryInfo> _output = new("--output", "-o") { Description = "The folder of the vote: a run like any other, marked as a vote.", Required = true, HelpName = "DIR" };
    private readonly Option<int?> _resamples = new("--resamples") { Description = "Also resample the record N times: accuracy against judgements spent, for several k and policies, as table, JSON and CSV.", HelpName = "N" };
    private readonly Option<string?> _plot = OutputFile.Option("--plot", "Also draw the resamples, as an SVG file.", [".svg"]);
    private readonly Option<bool> _json = new("--json") { Description = "Print the summary as JSON on standard output, and nothing else there." };
    private readonly Option<bool> _noReport = new("--no-report") { Description = "Write no report.html; `tribunal report DIR` can at any time." };
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
            vote._runs, vote._judgements, vote._batch, vote._output, vote._resamples, vote._plot, vote._noReport, vote._json,
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
        string folder = await FolderOfAsync(parsed, inputs, cancellationToken);
        EvaluationRequest request = await RequestOfAsync(parsed, inputs, ledger, batch, learned, cancellationToken);
        SchemeOptions options = RecordedOptions.Of(request, inputs.Protocol, inputs.Protocol is { } protocol ? (await inputs.ProtocolTextsAsync(cancellationToken)).GetValueOrDefault(protocol) : null, learned) with { Members = inputs.Footing };
        options = inputs.Imported ? RecordedOptions.Imported(options, ledger.Scores) : options;
        ResampleRequest? grid = parsed.GetValue(_resamples) is int resamples ? _grid.RequestOf(parsed, resamples, options) : null;
        if (options is { Policy.Learns: true, Learned: null })
        {
            options = options with { Learned = JudgeLearning.LearnFirst(options, await LedgerInputs.JoinAsync(ledger, batch, cancellationToken)) };
        }

        ledger.Calibration = request.Calibration;
        int? samples = _vote.HasSamples(parsed) ? _vote.SamplesOf(parsed) * (inputs.Panel?.Members?.Count ?? 1) : null;
        RunManifest manifest = inputs.Manifests.Count > 0 ? inputs.Manifests[0] : ManifestOf(ledger.First, request);
        await inputs.KeepProtocolsAsync(folder, cancellationToken);
        var run = new RecordedRun
        {
            Manifest = manifest with { Request = request, Simulated = inputs.Simulated, Origin = RunOrigin.Voted, Normalised = false, Shards = 0, DrawsPerShard = 0, Invalid = 0, Extensions = null, Created = TimeProvider.System.GetUtcNow() },
            Ledger = ledger,
            Again = inputs.LinesAsync(cancellationToken),
            Options = options,
            Samples = samples,
        };
        RunSummary summary = await run.WriteAsync(folder, parsed.GetValue(_noReport) ? null : new ReportWriter(), cancellationToken);
        await Settings.KeepAsync(folder, cancellationToken);
        Show(summary, ledger, folder, parsed.GetValue(_json));
        if (grid is not null)
        {
            IReadOnlyList<ResampleResult> results = Resampling.Run(grid, await LedgerInputs.JoinAsync(ledger, batch, cancellationToken), Environment.ProcessorCount, cancellationToken);
            await GridChoice.WriteAsync(results, folder, Console.Out, cancellationToken);
            if (parsed.GetValue(_plot) is { } plot)
            {
                await OutputFile.WriteAsync(plot, ResamplePlot.Draw(results), cancellationToken);
            }
        }

        return summary.Unscorable > 0 ? ExitCodes.Partial : ExitCodes.Ok;
    }

    // What a vote left may be voted on again into the same place; a run's own verdicts may not.
    private async Task<string> FolderOfAsync(ParseResult parsed, LedgerInputs inputs, CancellationToken cancellationToken)
    {
        string folder = Path.TrimEndingDirectorySeparator(parsed.GetRequiredValue(_output).FullName);
        if (inputs.Reads(folder) || (File.Exists(Path.Combine(folder, RunFiles.Manifest)) && (await StoredManifest.ShownAsync(new LocalRunStore(folder), cancellationToken))?.Origin != RunOrigin.Voted))
        {
            throw new CommandException(ExitCodes.Usage, $"{folder} is a run's folder, and a vote would replace its verdicts: choose another with -o");
        }

        RunTarget.Make(folder);
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
            await Console.Out.WriteAsync(TrainPanelCommand.Of(request.Panel));
        }

        else if (!_vote.HasPanel(parsed))
        {
            request = request with { Panel = inputs.WeightsOfRun() };
        }

        return _vote.AsPlayed(parsed, request, inputs.Manifests.Count == 1 ? inputs.Manifests[0].Request : null);
    }

    private static void Show(RunSummary summary, LedgerVote ledger, string folder, bool json)
    {
        if (json)
        {
            Results.Print(JsonSerializer.Serialize(summary, RunsJson.Readable.RunSummary));
            return;
        }

        Console.WriteLine($"  ledger       {ledger.Judgements:N0} judgements of {ledger.Rollouts:N0} rollouts read, {summary.Judgements.Drawn:N0} of them voted");
        Console.Write(SummaryText.Of(summary, elapsed: null));
        if (ledger.Seen > 0)
        {
            Console.WriteLine($"  trained on   {ledger.Seen:N0} of these rollouts: their labels don't count in the accuracy");
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

    private static RunManifest ManifestOf(Judgement? first, EvaluationRequest request) => new()
    {
        RunId = "vote",
        Request = request,
        Batch = new BatchFingerprint(0, ""),
        Judge = first?.Judge ?? "none",
        Model = first?.Judge ?? "none",
        Protocol = first?.Protocol ?? "imported",
        Sampling = new SamplingDefaults(0, 1, 1),
    };
}
