using System.CommandLine;
using System.Text.Json.Nodes;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Formats.TrainingSets;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Recorded;
using Tribunal.Verdicts;
using Tribunal.Runs.Labels;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal export csv|parquet|preferences RUN -o FILE</c>: verdicts for other tools; <c>training</c> is a command of its own.</summary>
internal static class ExportCommand
{
    /// <summary>What <c>--allow-simulated</c> does.</summary>
    public const string AllowSimulatedDescription = "Write what the simulated judge made all the same, marked as simulated: it is no data to train on.";

    public static Command Create()
    {
        Command command = new("export", "Writes a run's verdicts, and training data for judges, for other tools.")
        {
            Create("csv", "A row per response, for spreadsheets; text that would run as a formula is defused.", ".csv", static (_, scored, graded, output, token) => VerdictExport.WriteCsvAsync(scored, output, graded, token)),
            Create("parquet", "A row per rollout, for data frames.", ".parquet", static (_, scored, graded, output, token) => VerdictExport.WriteParquetAsync(scored, output, graded, token)),
            CreatePreferences(),
            ExportTrainingCommand.Create(),
        };
        return command;
    }

    private static Command CreatePreferences()
    {
        Option<string> pairs = new("--pairs") { Description = "best-worst, best-rest or all.", DefaultValueFactory = static _ => "best-worst" };
        pairs.AcceptOnlyFromAmong("best-worst", "best-rest", "all");
        Option<double> margin = new("--min-margin") { Description = "Leave out pairs whose rewards differ by less, 0 to 1." };
        Option<double> confidence = new("--min-confidence") { Description = "Leave out rollouts whose verdict is less sure, 0 to 1." };
        Option<bool> simulated = new("--allow-simulated") { Description = AllowSimulatedDescription };
        Command command = Create(
            "preferences",
            "Preference data that TRL reads: prompt, chosen and rejected as messages, with the margin.",
            ".jsonl",
            (parsed, scored, graded, output, token) => VerdictExport.WritePreferencesAsync(
                scored,
                output,
                new PreferenceOptions { Graded = graded, Pairs = parsed.Named<PreferencePairs>(pairs), MinMargin = parsed.GetValue(margin), MinConfidence = parsed.GetValue(confidence), AllowSimulated = parsed.GetValue(simulated) },
                token));
        command.Add(pairs, margin, confidence, simulated);
        return command;
    }

    private static Command Create(
        string name, string description, string form, Func<ParseResult, IAsyncEnumerable<ScoredRollout>, bool, Stream, CancellationToken, Task<long>> write)
    {
        Argument<string> run = new("run") { Description = "The run's folder." };
        Option<string?> output = OutputFile.Option("The file to write.", form).Needed();
        Option<string?> batch = new("--batch") { Description = "The batch, where it is no longer where the run found it." };
        Command command = new(name, description) { run, output, batch };
        command.SetAction((parsed, token) => RunAsync(parsed, parsed.GetRequiredValue(run), parsed.GetValue(batch), parsed.GetRequiredValue(output)!, write, token));
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed,
        string run,
        string? batch,
        string output,
        Func<ParseResult, IAsyncEnumerable<ScoredRollout>, bool, Stream, CancellationToken, Task<long>> write,
        CancellationToken cancellationToken)
    {
        RunContents contents = await RunOpening.OpenFolderAsync(run, batch, voteToo: true, cancellationToken);
        RunLabels labels = await contents.LabelsAsync(cancellationToken);

        // Of a panel, some rollouts may have grades and others none: one look before says how the file is made.
        bool graded = await contents.VerdictsAsync(cancellationToken).AnyAsync(static verdict => verdict.Criteria is not null, cancellationToken);
        bool simulated = false;
        IAsyncEnumerable<Verdict> told = contents.VerdictsAsync(cancellationToken).Select(verdict =>
        {
            simulated |= verdict.Simulated == true;
            return verdict;
        });
        long rows = await OutputFile.WriteAsync(output, async target =>
        {
            await using Stream rollouts = await contents.RequireBatchAsync(batch, cancellationToken);
            return await write(parsed, ScoredRollouts.ReadAsync(rollouts, told, cancellationToken).Select(one => one with { Rollout = labels.Apply(one.Rollout) }), graded, target, cancellationToken);
        });
        Console.WriteLine($"{rows} rows in {OutputFile.Say(output)}");
        Results.Print(new JsonObject { ["rows"] = rows, ["output"] = output });
        if (contents.Summary.Status == RunStatus.Partial)
        {
            await Console.Error.WriteLineAsync($"INCOMPLETE: the run has not ended; {contents.Summary.Scored:N0} of its {contents.Summary.Rollouts:N0} rollouts are scored so far");
        }

        if (simulated)
        {
            await Console.Error.WriteLineAsync("SIMULATED: no model judged these responses; the field simulated says so.");
        }

        return ExitCodes.Ok;
    }
}
