using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tribunal.Cli.Output;
using Tribunal.Formats;
using Tribunal.Formats.Batches;
using Tribunal.Reports;
using Tribunal.Runs;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Simulator.Judging;

namespace Tribunal.Cli.Commands;

/// <summary>One call of <c>tribunal score</c>: a run in a folder, from where it is to its end or to a stop.</summary>
internal sealed class ScoreRun(ScoreOptions options, JudgeRegistry judges, JudgeRoutes routes, RunForecast forecast)
{
    private readonly IRunStore _store = new LocalRunStore(options.Folder);
    private readonly LocalRunStores _stores = new(Path.GetDirectoryName(options.Folder)!);
    private readonly RunMonitors _monitors = new();
    private readonly TextWriter _words = Console.Out;
    private readonly long _started = TimeProvider.System.GetTimestamp();

    private bool Simulated => routes.All.Any(static judge => judge.Simulated);

    /// <summary>Works on the run.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="CommandException">Another process has the run, or it can't go on.</exception>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using IAsyncDisposable ownership = new LocalRunStore(options.Folder).TryOwn()
            ?? throw new CommandException(ExitCodes.Usage, $"another process works on {options.Folder}");
        await SayWhoJudgesAsync();
        await _store.DeleteAsync(RunFiles.Cancel, cancellationToken);
        if (await RunSpending.ReachedAsync(_store, options.Request.Limits, routes.Prices, cancellationToken) is { } reached)
        {
            return await SayReachedAsync(reached, cancellationToken);
        }

        DrainOnSignal();
        RunOutcome outcome = await WorkAsync(cancellationToken);
        await SayOutcomeAsync(outcome, cancellationToken);
        return outcome.Halt is null ? ExitCodes.Complete(outcome.Unscorable, outcome.Invalid) : RunEnd.Of(outcome.Halt).ExitCode;
    }

    private async Task<RunOutcome> WorkAsync(CancellationToken cancellationToken)
    {
        using var look = new PeriodicTimer(TimeSpan.FromSeconds(1), TimeProvider.System);
        Task watching = StopWhenAskedAsync(look, cancellationToken);
        try
        {
            return await JudgeAsync(cancellationToken);
        }
        finally
        {
            look.Dispose();
            await watching;
        }
    }

    // For going on from the viewer's page. What can't go on a second time is not recorded: --retry-failed is asked for anew.
    private async Task RecordCommandAsync(CancellationToken cancellationToken)
    {
        string[] arguments = [.. Environment.GetCommandLineArgs().Skip(1).Where(static argument => argument is not ("--retry-failed" or "--json"))];
        var command = new RunCommand { Arguments = options.OutputNamed ? arguments : [.. arguments, "--output", options.Folder], Folder = Environment.CurrentDirectory, Price = routes.Prices?.One };
        if (arguments is ["score", ..] && !command.MayHoldSecret())
        {
            await _store.WriteDocumentAsync(RunFiles.CommandLine, JsonSerializer.SerializeToUtf8Bytes(command, RunsJson.Readable.RunCommand), cancellationToken);
        }
    }

    // A page may ask for a soft end by a document in the run's folder; the steps look for it only between chunks.
    private async Task StopWhenAskedAsync(PeriodicTimer look, CancellationToken cancellationToken)
    {
        try
        {
            while (await look.WaitForNextTickAsync(cancellationToken))
            {
                if (await _stores.IsCancelRequestedAsync(options.RunId, cancellationToken))
                {
                    _monitors.Of(options.RunId).Stop(new Halt(HaltKind.Cancelled, "somebody asked the run to stop"));
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Given up hard.
        }
    }

    private Task SayWhoJudgesAsync() => _words.WriteLineAsync(Simulated
        ? $"SIMULATED judge{NotAsked}: these rewards show how Tribunal works and say nothing of the responses (--judge URL --model NAME for a real one)."
        : routes.Panel is { } panel ? $"a panel of {string.Join(", ", panel.Select(static judge => $"{judge.Model} by {judge.Protocol.Name}"))}"
        : $"{routes.Own.Model} by {routes.Own.Protocol.Name}, {routes.Own.Concurrency} at a time");

    // A model that is named without the address of a judge.
    private string NotAsked => routes.All.Select(static judge => judge.Model).Distinct().Where(static model => !model.StartsWith(SimulatedJudgeOptions.DefaultModel, StringComparison.Ordinal)).ToArray() is { Length: > 0 } names
        ? $" ({string.Join(", ", names)} {(names.Length == 1 ? "is" : "are")} not asked: --judge says where)" : "";

    private async Task<int> SayReachedAsync(Problem reached, CancellationToken cancellationToken)
    {
        if (options.Json && await _store.ReadDocumentAsync(RunFiles.Summary, cancellationToken) is { } last)
        {
            Results.Print(JsonSerializer.Serialize(ContractJson.Read(last, RunsJson.Default.RunSummary), RunsJson.Readable.RunSummary));
        }

        await Console.Error.WriteLineAsync($"stopped: {OptionNames.Join([reached])}");
        return ExitCodes.Limit;
    }

    private void DrainOnSignal() => Interrupts.Drain(
        () =>
        {
            Console.Error.WriteLine("stopping: what is in flight ends first (once more to abort)");
            _monitors.Of(options.RunId).Stop(new Halt(HaltKind.Interrupted, "interrupted"));
        },
        within: options.Drain);

    private async Task<RunOutcome> JudgeAsync(CancellationToken cancellationToken)
    {
        int concurrency = routes.Own.Concurrency;
        var steps = new RunSteps(
            _stores,
            judges,
            _monitors,
            new ActivityOptions
            {
                DrawsPerChunk = Math.Max(64, concurrency * 4),
                DrawsPerShard = Math.Max(384, concurrency * 6),
                ValidRateFloor = options.ValidRateFloor,
            },
            TimeProvider.System,
            ToolLog.Factory.CreateLogger<RunSteps>(),
            options.Report ? new ReportWriter() : null);
        var view = new RunView(() => _monitors.Of(options.RunId), routes, forecast, TimeProvider.System, quiet: options.Json || Results.Quiet);
        Task recorded = Task.CompletedTask;
        bool planned = false;
        var host = new InProcessHost(steps, TimeProvider.System, progress =>
        {
            Show(view, progress);
            if (progress.Stage != RunStages.Planning && !planned)
            {
                // Only now is it known to be this run's: a command with other options is refused by the plan.
                planned = true;

                // What planning a large batch leaves would lie there while judging begins: the highest memory of the run, and more with each rollout.
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                recorded = RecordCommandAsync(cancellationToken);
            }
        });
        try
        {
            RunOutcome outcome = await view.FollowAsync(host.RunAsync(new BatchRun(options.RunId, options.Request with { RetryFailed = options.RetryFailed }, PatienceMinutes: options.PatienceMinutes), cancellationToken));
            await recorded;
            return outcome;
        }
        catch (BatchChangedException exception) when (options.RetryFailed)
        {
            throw new CommandException(ExitCodes.Usage, $"--retry-failed: {exception.Message}", exception);
        }
        catch (BatchFormatException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"the batch can't be read: {exception.Message}", exception);
        }
        catch (OperationCanceledException exception)
        {
            throw new CommandException(ExitCodes.Interrupted, $"aborted; what was finished is in {options.Folder}: the same command goes on from there", exception);
        }
        catch (IOException exception)
        {
            throw new CommandException(ExitCodes.Unreachable, $"storage failed: {CommandErrors.Of(exception).Message}; the same command goes on from here", exception);
        }
    }

    private void Show(RunView view, RunProgress progress)
    {
        if (progress is { Stage: RunStages.Planning, Detail: { } again })
        {
            _words.WriteLine(again);
        }

        view.Show(progress);
    }

    private async Task SayOutcomeAsync(RunOutcome outcome, CancellationToken cancellationToken)
    {
        RunSummary summary = ContractJson.Read(await File.ReadAllBytesAsync(Path.Combine(options.Folder, RunFiles.Summary), CancellationToken.None), RunsJson.Default.RunSummary)!;
        if (options.Json)
        {
            Results.Print(JsonSerializer.Serialize(summary, RunsJson.Readable.RunSummary));
        }

        await _words.WriteAsync(SummaryText.Of(summary, TimeProvider.System.GetElapsedTime(_started)));
        if (outcome.Halt is { } halt)
        {
            string change = halt.Kind is HaltKind.Rejected or HaltKind.Unreachable && ReasonAdvice.For(halt.Detail) is { } advice ? $" What to change: {advice}." : "";
            await Console.Error.WriteLineAsync($"stopped: {TerminalText.Clean(halt.Detail).TrimEnd('.')}. Nothing is lost: {RunEnd.Of(halt).HowToGoOn}{change}");
        }

        // What was once a run's total caps an answer now: who gave it for the run is told so.
        if (options.AnswerCap is { } cap && summary.Judgements is { Truncated: > 0 } cut && cut.Truncated * 2 >= cut.Drawn)
        {
            await Console.Error.WriteLineAsync($"{cut.Truncated:N0} of {cut.Drawn:N0} answers were cut: --max-tokens {cap:N0} is the cap on one answer, and the total of a run is --max-total-tokens. With a higher cap, into another folder, they come to their end.");
        }

        if (summary.Invalid > 0 && await FirstInvalidAsync(cancellationToken) is { } first)
        {
            await _words.WriteLineAsync($"  invalid      in {RunFiles.Invalid}; first: line {first.Line:N0}: {TerminalText.Fit(first.Reason, 160)}");
        }

        if (await StoredManifest.ShownAsync(_store, cancellationToken) is { Repeats: > 0 and var repeats })
        {
            await _words.WriteLineAsync($"  warning      {repeats:N0} rollouts of one response repeat the prompt of another and were judged each alone; --group-by prompt, into another folder, judges them together");
        }

        if (outcome.Halt is null && options.Report)
        {
            string report = Path.Combine(options.Folder, RunFiles.Report);
            await _words.WriteLineAsync($"  report       {(File.Exists(report) ? report : $"not written; why: tribunal report {options.Folder}")}");
        }

        await _words.WriteLineAsync($"  in           {options.Folder}");
        if (Simulated)
        {
            await _words.WriteLineAsync("SIMULATED: no model judged these responses.");
        }
    }

    private async Task<InvalidLine?> FirstInvalidAsync(CancellationToken cancellationToken)
    {
        if (await _store.OpenReadAsync(RunFiles.Invalid, cancellationToken) is not { } stream)
        {
            return null;
        }

        using var reader = new StreamReader(stream);
        return await reader.ReadLineAsync(cancellationToken) is { } line ? JsonSerializer.Deserialize(line, FormatsJson.Default.InvalidLine) : null;
    }
}
