using System.CommandLine;
using System.Text.Json;
using Tribunal.Cli.Configuration;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Formats.Batches;
using Tribunal.Inference;
using Tribunal.Runs;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal score</c>: the main job.</summary>
internal sealed class ScoreCommand
{
    private readonly Argument<FileInfo> _batch = new("batch") { Description = "Rollouts: JSONL, JSON or Parquet, plain, gzip or zstd; many dataset shapes are recognised. - is standard input." };
    private readonly Option<DirectoryInfo?> _output = new("--output", "-o") { Description = "The run's folder, BATCH-run by default; a run that is there is resumed.", HelpName = "DIR" };
    private readonly Option<double> _validFloor = new("--valid-floor") { Description = "Stop when a smaller share of judgements has a verdict.", DefaultValueFactory = static _ => ActivityOptions.DefaultValidRateFloor };
    private readonly Option<double> _wait = new("--wait") { Description = "Minutes to wait for a judge that is still starting.", DefaultValueFactory = static _ => 0 };
    private readonly Option<double> _drain = new("--drain") { Description = "Seconds that requests in flight have to end on SIGTERM; what is not answered by then is asked again when the run goes on.", DefaultValueFactory = static _ => 8, HelpName = "SECONDS" };
    private readonly Option<bool> _retryFailed = new("--retry-failed") { Description = "When the run has ended, draw once more what failed (time limit, no answer after --tries), and vote again." };
    private readonly Option<bool> _noReport = new("--no-report") { Description = "Write no report.html; `tribunal report DIR` can at any time." };
    private readonly Option<bool> _json = new("--json") { Description = "Print the summary as JSON on standard output, and nothing else there." };
    private readonly Option<string> _via = new("--via") { Description = "Ask the judge's endpoint, or write request files for a batch API and read its answers: endpoint, openai-batch.", DefaultValueFactory = static _ => "endpoint" };
    private readonly HintChoice _hint = new();
    private readonly JudgeChoice _judge = new() { Rubric = new RubricChoice() };
    private readonly VoteChoice _vote = new();
    private readonly RouteChoice _routes = new();
    private readonly PanelChoice _panel = new();
    private readonly FieldChoice _fields = new();
    private readonly ViewChoice _view = new();
    private readonly LimitChoice _limits = new();
    private readonly SelectionChoice _selection = new();
    private readonly ForecastChoice _forecast = new();

    public static Command Create()
    {
        var score = new ScoreCommand();
        score._via.AcceptOnlyFromAmong("endpoint", "openai-batch");
        score._validFloor.Between(0, 1);
        score._wait.Between(0, double.PositiveInfinity);
        score._drain.Between(0, 86_400);
        Command command = new("score", """
            Scores a batch: samples a judge, drops poor judgements, votes.

              tribunal score rollouts.jsonl -o out                                    the simulated judge: shows how it works
              tribunal score rollouts.jsonl -o out --judge http://gpu:8000/v1 --model DeepSeek-GRM-27B --samples 8
              tribunal score rollouts.jsonl -o out --judge … --model RM-R1-Qwen2.5-Instruct-32B --policy adaptive
              tribunal score rollouts.jsonl -o out --judge http://a:8000/v1 --model RRM-32B --judge http://b:8000/v1 --model GRAM-RR    a panel

            Writes verdicts.jsonl, judgements.jsonl, summary.json and more into DIR. Exit codes: 0 all scored, 1 some
            unscorable or invalid, 2 usage, 3 the judge can't be reached, 4 limit reached, 130 interrupted; 3, 4 and
            130 can be resumed with the same command.
            """)
        {
            score._batch, score._output,
        };
        score._judge.AddTo(command);
        score._vote.AddTo(command);
        score._routes.AddTo(command);
        score._panel.AddTo(command);
        score._fields.AddTo(command);
        score._view.AddTo(command);
        score._limits.AddTo(command);
        score._selection.AddTo(command);
        score._forecast.AddTo(command);
        command.Add(score._validFloor, score._wait, score._drain, score._hint.Option, score._via, score._retryFailed, score._noReport, score._json);

        command.Validators.Add(result =>
        {
            if (result.GetValue(score._retryFailed) && result.GetValue(score._via) == "openai-batch")
            {
                result.AddError("--retry-failed: a batch API is asked again by itself for what the service failed to answer");
            }
        });
        command.SetAction(score.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        FileInfo batch = parsed.GetRequiredValue(_batch);
        if (!StandardInput.IsNamed(batch))
        {
            return await RunAsync(parsed, batch, cancellationToken);
        }

        bool dryRun = _forecast.IsDryRun(parsed);
        batch = await StandardInput.KeepAsync(parsed.GetValue(_output)?.FullName, dryRun, cancellationToken);
        try
        {
            return await RunAsync(parsed, batch, cancellationToken);
        }
        finally
        {
            if (dryRun)
            {
                StandardInput.Forget(batch);
            }
        }
    }

    private async Task<int> RunAsync(ParseResult parsed, FileInfo batch, CancellationToken cancellationToken)
    {
        using var factory = new JudgeFactory(new EndpointNotes());
        bool viaBatchApi = parsed.GetValue(_via) == "openai-batch";
        ScoreOptions options = OptionsOf(parsed, batch);
        await RunTarget.CheckAsync(options.Folder, batch, cancellationToken);
        (IReadOnlyList<Judge> Judges, JudgePanel Panel)? several = viaBatchApi ? null : _judge.OpenPanel(parsed, factory);
        IReadOnlyList<Judge> own = several?.Judges ?? [viaBatchApi ? _judge.OpenForBatchApi(parsed, factory) : _judge.Open(parsed, factory)];
        MetaChoice meta = MetaOf(parsed, factory);
        options = options with
        {
            Request = options.Request with { Meta = options.Request.Meta with { Model = meta.Name }, Judges = _panel.Of(parsed, several?.Panel, _vote.LearnedPanelOf(parsed)) },
        };
        if (several is not null)
        {
            options = options with { Request = options.Request with { Protocol = "auto", ProtocolFile = null } };
        }

        JudgeRegistry judges = RouteChoice.Registry(own, meta, factory);
        string root = Path.GetDirectoryName(options.Folder)!;
        IReadOnlyDictionary<string, string> protocols = await ProtocolTexts.GivenAsync(new LocalRunStores(root), options.RunId, options.Request, cancellationToken);
        JudgeRoutes routes = judges.Resolve(options.Request, protocols);
        RunForecast forecast = await SayForecastAsync(options, routes, cancellationToken);
        if (_forecast.IsDryRun(parsed))
        {
            return ExitCodes.Ok;
        }

        if (!routes.All.All(static judge => judge.Simulated) && !await WasAgreedAsync(options, cancellationToken))
        {
            _forecast.Confirm(parsed, forecast);
        }

        RunTarget.Make(options.Folder);
        if (!viaBatchApi)
        {
            int code = await new ScoreRun(options, judges, routes, forecast).RunAsync(cancellationToken);
            await Settings.KeepAsync(options.Folder, CancellationToken.None);
            return code;
        }

        if (options.Request is not { Routing: null, Judges: null })
        {
            throw new CommandException(ExitCodes.Usage, "--routes and --judges go with no batch API: a file of requests is for one model");
        }

        int stepped = await BatchApiScoring.RunAsync(options, routes.Own, cancellationToken);
        await Settings.KeepAsync(options.Folder, CancellationToken.None);
        return stepped;
    }

    private static async Task<RunForecast> SayForecastAsync(ScoreOptions options, JudgeRoutes routes, CancellationToken cancellationToken)
    {
        try
        {
            RunForecast forecast = await RunForecast.OfAsync(options.Request, new LocalRunStores(Path.GetDirectoryName(options.Folder)!).OpenBatch(options.Request.Batch), routes, cancellationToken);
            await Console.Out.WriteAsync(ForecastText.Of(forecast));
            return forecast;
        }
        catch (BatchFormatException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"the batch can't be read: {exception.Message}", exception);
        }
    }

    // Who began the run was told what it takes; more judgements of it are another matter.
    private static async Task<bool> WasAgreedAsync(ScoreOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return Directory.Exists(options.Folder)
                && await new LocalRunStore(options.Folder).ReadDocumentAsync(RunFiles.Manifest, cancellationToken) is { } written
                && ContractJson.Read(written, RunsJson.Default.RunManifest)?.Request.Policy == options.Request.Policy;
        }
        catch (JsonException)
        {
            // What its plan can't be read from is said when the run goes on.
            return false;
        }
    }

    /// <exception cref="CommandException">An option can't be used.</exception>
    private ScoreOptions OptionsOf(ParseResult parsed, FileInfo batch)
    {
        if (batch.ToString() is var named && named.Contains("://", StringComparison.Ordinal))
        {
            throw new CommandException(ExitCodes.Usage, $"{named}: a batch is a file on this machine; download it first, or pipe it into `tribunal score - -o DIR`");
        }

        BatchFiles.Require(batch);

        string folder = Path.TrimEndingDirectorySeparator(parsed.GetValue(_output)?.FullName ?? Path.GetFullPath(NameOf(batch) + "-run"));
        if (!StoreNames.IsValidRunId(Path.GetFileName(folder)))
        {
            throw new CommandException(ExitCodes.Usage, $"the run's folder is its name, and '{Path.GetFileName(folder)}' can't be one: use letters, digits, '.', '_' and '-' (letters without marks, at most 128 in all, no '.' first)");
        }

        EvaluationRequest request = _vote.ToRequest(parsed, batch.FullName, _judge.ProtocolOf(parsed), metaName: null) with
        {
            ProtocolFile = _judge.ProtocolFileOf(parsed),
            Routing = _routes.Of(parsed),
            Fields = _fields.Of(parsed),
            Trajectories = _view.Of(parsed),
            Hint = _hint.ModeOf(parsed),
            Limits = _limits.Of(parsed),
            Selection = _selection.Of(parsed),
        };
        request = _judge.Rubric!.AddTo(request, parsed);
        return parsed.GetValue(_retryFailed) && request.Policy.Kind == PolicyKind.Budget
            ? throw new CommandException(ExitCodes.Usage, "--retry-failed: under --policy budget the failed judgements were part of the total")
            : new ScoreOptions
            {
                Folder = folder,
                OutputNamed = parsed.GetValue(_output) is not null,
                Request = request,
                ValidRateFloor = parsed.GetRequiredValue(_validFloor),
                PatienceMinutes = parsed.GetRequiredValue(_wait),
                Omit = _judge.OmittedOf(parsed),
                AnswerCap = _judge.AnswerCapOf(parsed),
                Drain = TimeSpan.FromSeconds(parsed.GetRequiredValue(_drain)),
                RetryFailed = parsed.GetValue(_retryFailed),
                Report = !parsed.GetValue(_noReport),
                Json = parsed.GetValue(_json),
            };
    }

    private MetaChoice MetaOf(ParseResult parsed, JudgeFactory factory)
    {
        string meta = _vote.MetaOf(parsed);
        return File.Exists(meta) ? new MetaChoice(null, MetaFiles.Read(meta)) : new MetaChoice(_judge.OpenMeta(parsed, meta, factory), null);
    }

    private static string NameOf(FileInfo batch)
    {
        string name = batch.Name;
        int dot = name.IndexOf('.', 1);
        return new string([.. (dot > 0 ? name[..dot] : name).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-')]);
    }
}
