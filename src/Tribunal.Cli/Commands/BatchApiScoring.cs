using System.Text.Json;
using Tribunal.Cli.Output;
using Tribunal.Reports;
using Tribunal.Runs;
using Tribunal.Runs.BatchApi;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Training;

namespace Tribunal.Cli.Commands;

/// <summary><c>score --via openai-batch</c>: each call takes the run one step on, between what was answered and what is still to ask.</summary>
internal static class BatchApiScoring
{
    private const int ProblemsShown = 20;

    /// <summary>Takes one step and says what comes next.</summary>
    /// <exception cref="CommandException">Something that was asked for needs an endpoint, or the run or a file can't be used.</exception>
    public static async Task<int> RunAsync(ScoreOptions options, Judge judge, CancellationToken cancellationToken)
    {
        (EvaluationRequest request, string folder) = (options.Request, options.Folder);
        if (request.Policy.Kind == PolicyKind.Budget || request.Limits != new SpendLimits() || request.Meta.Model is not null)
        {
            throw new CommandException(ExitCodes.Usage, "--via openai-batch goes with neither the budget policy nor limits nor a meta reward model: they follow a run as it is judged");
        }

        if (request.Hint != HintMode.None)
        {
            throw new CommandException(ExitCodes.Usage, "--via openai-batch draws no hinted samples: they follow from how the ordinary ones went");
        }

        await using IAsyncDisposable ownership = new LocalRunStore(folder).TryOwn()
            ?? throw new CommandException(ExitCodes.Usage, $"another process works on {folder}");
        var run = new OpenAiBatchRun(folder, request, judge, TimeProvider.System, options.Report ? new ReportWriter() : null, options.Omit);
        OpenAiBatchState state = await run.AdvanceAsync(cancellationToken);
        foreach (string problem in state.Problems.Take(ProblemsShown))
        {
            await Console.Error.WriteLineAsync(problem);
        }

        // Advice from all of them: the twenty shown may be of one kind.
        foreach (string advice in state.Problems.Select(ReasonAdvice.For).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            await Console.Error.WriteLineAsync($"What to change: {advice}.");
        }

        TextWriter words = Console.Out;
        await words.WriteLineAsync($"{state.Rollouts} rollouts, {state.Answers} answers in the ledger{(state.Unusable > 0 ? $", {state.Unusable} answers that could not be used" : "")}");
        if (state.Summary is not { } summary)
        {
            await words.WriteLineAsync($"{state.Requests} requests to hand to the batch API:");
            foreach (string file in state.RequestFiles)
            {
                await words.WriteLineAsync($"  {file}");
            }

            await words.WriteLineAsync($"Put its output and error files into {Path.Combine(folder, OpenAiBatchRun.AnswersFolder)}, then give the same command again.");
            return ExitCodes.Partial;
        }

        if (options.Json)
        {
            Results.Print(JsonSerializer.Serialize(summary, RunsJson.Readable.RunSummary));
        }

        await words.WriteAsync(SummaryText.Of(summary, TimeSpan.Zero));
        await words.WriteLineAsync($"  in           {folder}");
        return ExitCodes.Complete(summary.Unscorable, summary.Invalid);
    }
}
