using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Formats;
using Tribunal.Formats.Batches;
using Tribunal.Inference;
using Tribunal.MetaReward;
using Tribunal.Reports;
using Tribunal.Runs;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal score</c>: the main job.</summary>
internal sealed class ScoreCommand
{
    // Enough that others fill the gap where one waits for its last answers; more only take memory.
    private const int ShardsUnderWay = 4;

    private readonly Argument<FileInfo> _batch = new("batch") { Description = "Rollouts: JSONL, JSON or Parquet, plain, gzip or zstd; many dataset shapes are recognised." };
    private readonly Option<DirectoryInfo?> _output = new("--output", "-o") { Description = "The run's folder, BATCH-run by default; a run that is there is resumed.", HelpName = "DIR" };
    private readonly Option<long?> _maxTokens = new("--max-tokens") { Description = "Stop, resumably, when the run has used so many tokens." };
    private readonly Option<double?> _maxCost = new("--max-cost") { Description = "Stop, resumably, when the run has cost so much (needs prices)." };
    private readonly Option<double> _validFloor = new("--valid-floor") { Description = "Stop when a smaller share of judgements has a verdict.", DefaultValueFactory = static _ => 0.3 };
    private readonly Option<double> _wait = new("--wait") { Description = "Minutes to wait for a judge that is still starting.", DefaultValueFactory = static _ => 0 };
    private readonly Option<bool> _retryFailed = new("--retry-failed") { Description = "When the run has ended, draw once more what failed (time limit, no answer after --tries), and vote again." };
    private readonly Option<bool> _noReport = new("--no-report") { Description = "Write no report.html; `tribunal report DIR` can at any time." };
    private readonly Option<bool> _json = new("--json") { Description = "Print the summary as JSON on standard output, and nothing else there." };
    private readonly Option<string> _via = new("--via") { Description = "Ask the judge's endpoint, or write request files for a batch API and read its answers: endpoint, openai-batch.", DefaultValueFactory = static _ => "endpoint" };
    private readonly HintChoice _hint = new();
    private readonly JudgeChoice _judge = new();
    private readonly VoteChoice _vote = new();
    private readonly RouteChoice _routes = new();
    private readonly FieldChoice _fields = new();

    public static Command Create()
    {
        var score = new ScoreCommand();
        score._via.AcceptOnlyFromAmong("endpoint", "openai-batch");
        score._validFloor.Between(0, 1);
        score._wait.Between(0, double.PositiveInfinity);
        score._maxTokens.Between(1, double.PositiveInfinity);
        score._maxCost.Between(0, double.PositiveInfinity);
        Command command = new("score", """
            Scores a batch: samples a judge, drops poor judgements, votes.

              tribunal score rollouts.jsonl -o out                                    the simulated judge: shows how it works
              tribunal score rollouts.jsonl -o out --judge http://gpu:8000/v1 --model DeepSeek-GRM-27B --samples 8
              tribunal score rollouts.jsonl -o out --judge … --model RM-R1-Qwen2.5-Instruct-32B --policy adaptive

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
        score._fields.AddTo(command);
        foreach (Option option in (Option[])[score._maxTokens, score._maxCost, score._validFloor, score._wait, score._hint.Option, score._via, score._retryFailed, score._noReport, score._json])
        {
            command.Add(option);
        }

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
        if (!batch.Exists)
        {
            throw new CommandException(ExitCodes.Usage, $"there is no batch at {batch.FullName}");
        }

        string folder = Path.TrimEndingDirectorySeparator(parsed.GetValue(_output)?.FullName ?? Path.GetFullPath(NameOf(batch) + "-run"));
        string runId = Path.GetFileName(folder);
        if (!StoreNames.IsValidRunId(runId))
        {
            throw new CommandException(ExitCodes.Usage, $"the run's folder is its name, and '{runId}' can't be one: use letters, digits, '.', '_' and '-'");
        }

        RunTarget.Check(folder, batch);
        using var factory = new JudgeFactory();
        bool viaBatchApi = parsed.GetValue(_via) == "openai-batch";
        JudgeSource source = viaBatchApi ? _judge.OpenForBatchApi(parsed, factory) : _judge.Open(parsed, factory);
        if (_vote.LearnedPanelOf(parsed) is not null)
        {
            throw new CommandException(ExitCodes.Usage, "--panel: scoring takes equal weights or a file of train panel; vote can learn them from several runs");
        }

        LearnedMetaModel? learned = File.Exists(_vote.MetaOf(parsed)) ? MetaFiles.Read(_vote.MetaOf(parsed)) : null;
        IMetaRewardModel? meta = learned is null ? _judge.OpenMeta(parsed, _vote.MetaOf(parsed), factory) : null;
        using var judges = new RoutedJudges(new NamedJudges([source], meta is null ? [] : [meta], learned is null ? [] : [learned]), source.Judge.Name, meta, learned);
        EvaluationRequest request = _vote.ToRequest(parsed, batch.FullName, _judge.ProtocolOf(parsed), learned?.Id ?? meta?.Name) with
        {
            Routing = _routes.Of(parsed),
            Fields = _fields.Of(parsed),
            Hint = _hint.ModeOf(parsed),
            Limits = new SpendLimits { Tokens = parsed.GetValue(_maxTokens), Cost = parsed.GetValue(_maxCost) },
        };
        if (parsed.GetValue(_retryFailed) && request.Policy.Kind == PolicyKind.Budget)
        {
            throw new CommandException(ExitCodes.Usage, "--retry-failed: under --policy budget the failed judgements were part of the total");
        }

        JudgeRoutes routes = Resolve(judges, request);
        JudgeBinding binding = routes.Own;
        bool simulated = routes.All.Any(static judge => judge.Simulated);
        if (viaBatchApi)
        {
            if (request.Routing is not null)
            {
                throw new CommandException(ExitCodes.Usage, "--routes goes with no batch API: a file of requests is for one model");
            }

            return await BatchApiScoring.RunAsync(batch.FullName, folder, request, binding, parsed.GetValue(_json), cancellationToken);
        }

        var store = new LocalRunStore(folder);
        await using IRunOwnership ownership = await store.TryOwnAsync(cancellationToken)
            ?? throw new CommandException(ExitCodes.Usage, $"another process works on {folder}");
        bool json = parsed.GetValue(_json);
        TextWriter words = json ? Console.Error : Console.Out;
        await words.WriteLineAsync(simulated
            ? "SIMULATED judge: these rewards show how Tribunal works and say nothing of the responses (--judge URL --model NAME for a real one)."
            : $"{source.Model} by {binding.Protocol.Name}, {binding.Concurrency} at a time");

        await RunTarget.ForgetUndrawnAsync(store, cancellationToken);
        if (request.Limits != new SpendLimits() && await SpentBefore.ReachedAsync(store, request.Limits, routes.Price, cancellationToken) is { } reached)
        {
            if (json && await store.ReadDocumentAsync(RunFiles.Summary, cancellationToken) is { } last)
            {
                Console.WriteLine(JsonSerializer.Serialize(ContractJson.Read(last, RunsJson.Default.RunSummary), RunsJson.Readable.RunSummary));
            }

            await Console.Error.WriteLineAsync($"stopped: {reached}");
            return ExitCodes.Limit;
        }

        var monitors = new RunMonitors();
        Interrupts.Drain(() =>
        {
            Console.Error.WriteLine("stopping: what is in flight ends first (once more to abort)");
            monitors.Of(runId).Stop(new Halt(HaltKind.Interrupted, "interrupted"));
        });
        var options = new ActivityOptions
        {
            DrawsPerChunk = Math.Max(64, binding.Concurrency * 4),
            DrawsPerShard = Math.Max(384, binding.Concurrency * 6),
            ValidRateFloor = parsed.GetRequiredValue(_validFloor),
        };
        var stores = new LocalRunStores(Path.GetDirectoryName(folder)!);
        var steps = new RunSteps(stores, judges, monitors, options, TimeProvider.System, NullLogger<RunSteps>.Instance, parsed.GetValue(_noReport) ? null : new ReportWriter());
        long started = TimeProvider.System.GetTimestamp();
        RunOutcome outcome = await RunToEndAsync();
        if (parsed.GetValue(_retryFailed) && outcome.Halt is null
            && await ReopenAsync(stores, runId, monitors, cancellationToken) is > 0 and var failed)
        {
            await words.WriteLineAsync($"{failed:N0} failed judgements are drawn again");
            outcome = await RunToEndAsync();
        }

        RunSummary summary = ContractJson.Read(await File.ReadAllBytesAsync(Path.Combine(folder, RunFiles.Summary), CancellationToken.None), RunsJson.Default.RunSummary)!;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(summary, RunsJson.Readable.RunSummary));
        }

        await words.WriteAsync(SummaryText.Of(summary, TimeProvider.System.GetElapsedTime(started)));
        if (outcome.Halt is { } halt)
        {
            await Console.Error.WriteLineAsync($"stopped: {TerminalText.Clean(halt.Detail)}. Nothing is lost: {HowToGoOn(halt)}");
        }

        if (summary.Invalid > 0 && await FirstInvalidAsync(store, cancellationToken) is { } first)
        {
            await words.WriteLineAsync($"  invalid      in {RunFiles.Invalid}; first: line {first.Line:N0}: {TerminalText.Fit(first.Reason, 160)}");
        }

        if (await store.ReadDocumentAsync(RunFiles.Manifest, cancellationToken) is { } written && ContractJson.Read(written, RunsJson.Default.RunManifest) is { Repeats: > 0 and var repeats })
        {
            await words.WriteLineAsync($"  warning      {repeats:N0} rollouts of one response repeat the prompt of another and were judged each alone; --group-by prompt, into another folder, judges them together");
        }

        if (outcome.Halt is null && !parsed.GetValue(_noReport))
        {
            string report = Path.Combine(folder, RunFiles.Report);
            await words.WriteLineAsync($"  report       {(File.Exists(report) ? report : $"not written; why: tribunal report {folder}")}");
        }

        await words.WriteLineAsync($"  in           {folder}");
        if (simulated)
        {
            await words.WriteLineAsync("SIMULATED: no model judged these responses.");
        }

        return CodeOf(outcome);

        async Task<RunOutcome> RunToEndAsync()
        {
            var view = new RunView(monitors.Of(runId), binding, request, TimeProvider.System, quiet: json);
            var host = new InProcessHost(steps.ByName(), TimeProvider.System, view.Show);
            return await EndAsync(view, host.RunAsync(new BatchRun(runId, request, Window: ShardsUnderWay, PatienceMinutes: parsed.GetRequiredValue(_wait)), cancellationToken), folder);
        }
    }

    private static async Task<long> ReopenAsync(LocalRunStores stores, string runId, RunMonitors monitors, CancellationToken cancellationToken)
    {
        try
        {
            monitors.Renew(runId);
            return await FailedJudgements.ReopenAsync(stores, runId, cancellationToken);
        }
        catch (BatchChangedException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"--retry-failed: {exception.Message}", exception);
        }
    }

    private static string HowToGoOn(Halt halt) => halt.Kind switch
    {
        HaltKind.Limit => "the same command with a higher limit goes on from here.",
        HaltKind.Rejected when halt.Detail.Contains("HTTP 401", StringComparison.Ordinal) || halt.Detail.Contains("HTTP 403", StringComparison.Ordinal) =>
            "with the right key (--api-key-env VAR) it goes on from here.",
        HaltKind.Rejected => "once that is put right, it goes on from here.",
        HaltKind.ValidRate => "what was judged is kept; --valid-floor 0 goes on all the same.",
        HaltKind.BatchChanged => "with the batch as it was, it goes on from here.",
        _ => "the same command goes on from here.",
    };

    private static async Task<InvalidLine?> FirstInvalidAsync(IRunStore store, CancellationToken cancellationToken)
    {
        if (await store.OpenReadAsync(RunFiles.Invalid, cancellationToken) is not { } stream)
        {
            return null;
        }

        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync(cancellationToken) is { } line ? JsonSerializer.Deserialize(line, FormatsJson.Default.InvalidLine) : null;
    }

    private static JudgeRoutes Resolve(IJudgeProvider judges, EvaluationRequest request)
    {
        try
        {
            return JudgeRoutes.Resolve(judges, request);
        }
        catch (JudgeConfigurationException exception)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message, exception);
        }
    }

    private static async Task<RunOutcome> EndAsync(RunView view, Task<RunOutcome> run, string folder)
    {
        try
        {
            return await view.FollowAsync(run);
        }
        catch (RunMismatchException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"{exception.Message}: choose another folder, or delete this one", exception);
        }
        catch (RunDamagedException exception)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message, exception);
        }
        catch (BatchFormatException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"the batch can't be read: {exception.Message}", exception);
        }
        catch (OperationCanceledException exception)
        {
            throw new CommandException(ExitCodes.Interrupted, $"aborted; what was finished is in {folder}: the same command goes on from there", exception);
        }
        catch (IOException exception)
        {
            throw new CommandException(ExitCodes.Unreachable, $"storage failed: {exception.Message}; the same command goes on from here", exception);
        }
    }

    private static string NameOf(FileInfo batch)
    {
        string name = batch.Name;
        int dot = name.IndexOf('.', 1);
        return new string([.. (dot > 0 ? name[..dot] : name).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-')]);
    }

    private static int CodeOf(RunOutcome outcome) => outcome.Halt?.Kind switch
    {
        null => outcome.Unscorable + outcome.Invalid > 0 ? ExitCodes.Partial : ExitCodes.Ok,
        HaltKind.Limit or HaltKind.ValidRate => ExitCodes.Limit,
        HaltKind.Interrupted or HaltKind.Cancelled => ExitCodes.Interrupted,
        HaltKind.BatchChanged => ExitCodes.Usage,
        _ => ExitCodes.Unreachable,
    };
}
