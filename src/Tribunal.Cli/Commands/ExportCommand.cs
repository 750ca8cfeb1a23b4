using System.CommandLine;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Cli.Output;
using Tribunal.Formats.Lines;
using Tribunal.Formats.TrainingSets;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Verdicts;
using Tribunal.Runs.Labels;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal export csv|parquet|preferences RUN -o FILE</c>: verdicts for other tools; <c>training</c> is a command of its own.</summary>
internal static class ExportCommand
{
    /// <summary>What <c>--allow-simulated</c> does.</summary>
    public const string AllowSimulatedDescription = "Write what the simulated judge made all the same, marked as simulated: it is no data to train on.";

    private static readonly Dictionary<string, PreferencePairs> PairChoices = new(StringComparer.OrdinalIgnoreCase)
    {
        ["best-worst"] = PreferencePairs.BestWorst,
        ["best-rest"] = PreferencePairs.BestRest,
        ["all"] = PreferencePairs.All,
    };

    public static Command Create()
    {
        Command command = new("export", "Writes a run's verdicts, and training data for judges, for other tools.")
        {
            Create("csv", "A row per response, for spreadsheets; text that would run as a formula is defused.", static (_, scored, graded, output, token) => VerdictExport.WriteCsvAsync(scored, output, graded, token)),
            Create("parquet", "A row per rollout, for data frames.", static (_, scored, graded, output, token) => VerdictExport.WriteParquetAsync(scored, output, graded, token)),
            CreatePreferences(),
            ExportTrainingCommand.Create(),
        };
        return command;
    }

    private static Command CreatePreferences()
    {
        Option<string> pairs = new("--pairs") { Description = "best-worst, best-rest or all.", DefaultValueFactory = static _ => "best-worst" };
        pairs.AcceptOnlyFromAmong([.. PairChoices.Keys]);
        Option<double> margin = new("--min-margin") { Description = "Leave out pairs whose rewards differ by less, 0 to 1." };
        Option<double> confidence = new("--min-confidence") { Description = "Leave out rollouts whose verdict is less sure, 0 to 1." };
        Option<bool> simulated = new("--allow-simulated") { Description = AllowSimulatedDescription };
        Command command = Create(
            "preferences",
            "Preference data that TRL reads: prompt, chosen and rejected as messages, with the margin.",
            (parsed, scored, graded, output, token) => VerdictExport.WritePreferencesAsync(
                scored,
                output,
                new PreferenceOptions { Graded = graded, Pairs = PairChoices[parsed.GetRequiredValue(pairs)], MinMargin = parsed.GetValue(margin), MinConfidence = parsed.GetValue(confidence), AllowSimulated = parsed.GetValue(simulated) },
                token));
        command.Add(pairs);
        command.Add(margin);
        command.Add(confidence);
        command.Add(simulated);
        return command;
    }

    private static Command Create(
        string name, string description, Func<ParseResult, IAsyncEnumerable<ScoredRollout>, bool, Stream, CancellationToken, Task<long>> write)
    {
        Argument<string> run = new("run") { Description = "The run's folder." };
        Option<string> output = new("--output", "-o") { Description = "The file to write.", Required = true };
        Option<string?> batch = new("--batch") { Description = "The batch, where it is no longer where the run found it." };
        Command command = new(name, description) { run, output, batch };
        command.SetAction((parsed, token) => RunAsync(parsed, parsed.GetRequiredValue(run), parsed.GetValue(batch), parsed.GetRequiredValue(output), write, token));
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
        string verdicts = Path.Combine(run, RunFiles.Verdicts);
        if (!File.Exists(verdicts))
        {
            throw new CommandException(ExitCodes.Usage, $"{run} has no {RunFiles.Verdicts}: it is no run, or is not finished");
        }

        string path = batch ?? await BatchOfAsync(run, cancellationToken);
        RunLabels labels = await RunLabels.ReadAsync(new LocalRunStore(run), cancellationToken);

        // Of a panel, some rollouts may have grades and others none: one look before says how the file is made.
        bool graded = await VerdictsAsync(run, cancellationToken).AnyAsync(static verdict => verdict.Criteria is not null, cancellationToken);
        bool simulated = false;
        IAsyncEnumerable<Verdict> told = VerdictsAsync(run, cancellationToken).Select(verdict =>
        {
            simulated |= verdict.Simulated == true;
            return verdict;
        });
        long rows = await WholeFile.WriteAsync(output, async target =>
        {
            await using FileStream rollouts = File.OpenRead(path);
            return await write(parsed, ScoredRollouts.ReadAsync(rollouts, told, cancellationToken).Select(one => one with { Rollout = labels.Apply(one.Rollout) }), graded, target, cancellationToken);
        });
        Console.WriteLine($"{rows} rows in {output}");
        if (simulated)
        {
            await Console.Error.WriteLineAsync("SIMULATED: no model judged these responses; the field simulated says so.");
        }

        return ExitCodes.Ok;
    }

    // A stopped run has no summary that counts them, and neither has a file that somebody put there.
    private static async IAsyncEnumerable<Verdict> VerdictsAsync(string run, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (File.Exists(Path.Combine(run, RunFiles.Summary)))
        {
            RunContents contents = await RunContents.OpenFolderAsync(run, voteToo: true, cancellationToken);
            await foreach (Verdict verdict in contents.VerdictsAsync(cancellationToken))
            {
                yield return verdict;
            }

            yield break;
        }

        string path = Path.Combine(run, RunFiles.Verdicts);
        await using FileStream lines = File.OpenRead(path);
        await foreach (Verdict verdict in ScoredRollouts.ReadVerdictsAsync(lines, path, cancellationToken))
        {
            yield return verdict;
        }
    }

    // The run's own copy of the batch, or the file its manifest names.
    private static async Task<string> BatchOfAsync(string run, CancellationToken cancellationToken)
    {
        string copy = Path.Combine(run, RunFiles.Batch);
        if (File.Exists(copy))
        {
            return copy;
        }

        RunManifest manifest = await StoredManifest.ShownAsync(new LocalRunStore(run), cancellationToken)
            ?? throw new CommandException(ExitCodes.Usage, $"{run} has no {RunFiles.Manifest}; give the batch with --batch");
        return File.Exists(manifest.Request.Batch)
            ? manifest.Request.Batch
            : throw new CommandException(ExitCodes.Usage, $"the run's batch {manifest.Request.Batch} is not there; give it with --batch");
    }
}
