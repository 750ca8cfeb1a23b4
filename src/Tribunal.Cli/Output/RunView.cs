using System.Diagnostics;
using Spectre.Console;
using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;

namespace Tribunal.Cli.Output;

/// <summary>Shows how a run goes on: a live line on a terminal, a line every few seconds elsewhere, nothing when quiet. Writes to standard error.</summary>
internal sealed class RunView(Func<RunMonitor> current, JudgeRoutes routes, RunForecast forecast, TimeProvider time, bool quiet)
{
    private static readonly TimeSpan LiveEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PlainEvery = TimeSpan.FromSeconds(5);
    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
    private readonly long _started = time.GetTimestamp();
    private RunProgress _progress = new() { Stage = RunStages.Planning };

    public TimeSpan Elapsed => time.GetElapsedTime(_started);

    public void Show(RunProgress progress) => Volatile.Write(ref _progress, progress);

    /// <summary>Shows the run until it ends.</summary>
    public async Task<RunOutcome> FollowAsync(Task<RunOutcome> run)
    {
        if (quiet)
        {
            return await run;
        }

        if (Console.IsErrorRedirected || !_console.Profile.Capabilities.Ansi)
        {
            while (await Task.WhenAny(run, Task.Delay(PlainEvery, time)) != run)
            {
                await Console.Error.WriteLineAsync(Line());
            }

            return await run;
        }

        await _console.Live(new Text(Line())).AutoClear(true).StartAsync(async live =>
        {
            while (await Task.WhenAny(run, Task.Delay(LiveEvery, time)) != run)
            {
                live.UpdateTarget(new Text(Line()));
            }
        });
        return await run;
    }

    private string Line()
    {
        RunProgress progress = Volatile.Read(ref _progress);
        if (progress.Stage != RunStages.Judging)
        {
            return progress.Detail is null ? progress.Stage : $"{progress.Stage}: {progress.Detail}";
        }

        // Each attempt has its own.
        RunMonitor monitor = current();
        double seconds = Math.Max(0.001, Elapsed.TotalSeconds);
        (long drawn, long valid) = monitor.Counts;
        Usage usage = monitor.Usage;
        long done = drawn + monitor.Earlier;
        double? share = forecast is { Exact: true, Judgements: > 0 } ? Math.Min(1, (double)done / forecast.Judgements) : null;
        List<string> parts =
        [
            share is double s ? $"{s,4:P0}" : "",
            $"{done:N0} of {(forecast.Exact ? "" : "at most ")}{forecast.Judgements:N0} judgements",
            $"{drawn / seconds:N0}/s",
            $"{(usage.Input + usage.Output) / seconds:N0} tokens/s",
        ];
        if (monitor.Waiting is { } waiting)
        {
            parts.Add($"waits for {waiting.Count:N0} answers, the oldest {waiting.Longest.TotalSeconds:N0} s");
        }

        if (drawn > 0)
        {
            parts.Add($"valid {(double)valid / drawn:P1}");
        }

        if (share is > 0 and < 1 && drawn > 0)
        {
            double left = seconds * (1 - share.Value) / Math.Max(share.Value - ((double)monitor.Earlier / Math.Max(1, done) * share.Value), 0.001);
            parts.Add($"{TimeSpan.FromSeconds(Math.Min(left, 8_640_000)):d\\.hh\\:mm\\:ss} left".Replace("0.", "", StringComparison.Ordinal));
        }

        if (monitor.CostBy(routes.Prices) is { } cost)
        {
            parts.Add($"cost {cost:0.00}");
        }

        if (monitor.Halt is { } halt)
        {
            parts.Add($"stopping: {halt.Detail}");
        }

        return string.Join("  ", parts.Where(static part => part.Length > 0));
    }
}
