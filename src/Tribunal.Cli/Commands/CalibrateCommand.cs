using System.CommandLine;
using System.Text.Json;
using Tribunal.Calibration;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Runs;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal calibrate</c>: learns from a labelled run how often its confidences are right.</summary>
internal sealed class CalibrateCommand
{
    private readonly Argument<DirectoryInfo> _run = new("run") { Description = "A run's folder, or that of a vote (with --batch)." };
    private readonly Option<FileInfo?> _batch = new("--batch") { Description = "The batch that it judged, with labels; a run knows its own.", HelpName = "FILE" };
    private readonly Option<DirectoryInfo?> _against = new("--against") { Description = "A run of another judge on the same batch, the dear one of a cascade: what is lost is told against it. Where the batch has no labels its verdicts stand for them.", HelpName = "RUN" };
    private readonly Option<double> _loss = new("--loss") { Description = "The share of verdicts that a cascade may lose, for the `below` that is printed.", DefaultValueFactory = static _ => 0.005 };
    private readonly Option<FileInfo> _output = new("--output", "-o") { Description = "The calibration.", Required = true, HelpName = "FILE" };

    public static Command Create()
    {
        var calibrate = new CalibrateCommand();
        Command command = new("calibrate", """
            Learns from a run whose batch has labels how often verdicts of a confidence are right.

              tribunal calibrate out -o judge.calibration
              tribunal calibrate cheap --against dear -o cheap.calibration    for a cascade (docs/routing.md), with or without labels
              tribunal score others.jsonl -o out2 --calibration judge.calibration    verdicts gain `correctness`

            By a temperature, by a curve, or by confidence and margin, whichever does best on the half of the rollouts that it was not
            fitted on.
            """)
        {
            calibrate._run, calibrate._batch, calibrate._against, calibrate._loss, calibrate._output,
        };
        command.SetAction(calibrate.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string folder = parsed.GetRequiredValue(_run).FullName;
        string verdicts = Path.Combine(folder, RunFiles.Verdicts);
        if (!File.Exists(verdicts))
        {
            throw new CommandException(ExitCodes.Usage, $"there are no verdicts in {folder}: a run that has ended is needed");
        }

        string manifestFile = Path.Combine(folder, RunFiles.Manifest);
        RunManifest? manifest = File.Exists(manifestFile) ? ContractJson.Read(await File.ReadAllBytesAsync(manifestFile, cancellationToken), RunsJson.Default.RunManifest) : null;
        string batch = parsed.GetValue(_batch)?.FullName ?? manifest?.Request.Batch ?? throw new CommandException(ExitCodes.Usage, "--batch is needed: only runs know what they judge");
        if (!File.Exists(batch))
        {
            throw new CommandException(ExitCodes.Usage, $"there is no batch at {batch}: name it with --batch");
        }

        (List<LabelledVerdict> labelled, List<string> seen) = await LabelledAsync(batch, verdicts, manifest?.Request.Fields, parsed.GetValue(_against) is { } against ? await BestOfAsync(against.FullName, cancellationToken) : null, cancellationToken);
        StoredCalibration calibration = StoredCalibration.Fit(labelled)
            ?? throw new CommandException(ExitCodes.Usage, $"only {labelled.Count} verdicts have a label (`best`), and it takes {StoredCalibration.Fewest}: nothing can be calibrated without labels");
        seen.Sort(StringComparer.Ordinal);
        calibration = calibration with { Judge = manifest?.Model, Protocol = manifest?.Protocol, Seen = [.. seen.Distinct(StringComparer.Ordinal)] };
        string file = parsed.GetRequiredValue(_output).FullName;
        await File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(calibration, TribunalJson.Default.StoredCalibration), cancellationToken);
        Console.WriteLine($"  fitted on    {calibration.FittedOn:N0} labelled verdicts, by {Way(calibration)}");
        Console.WriteLine($"  error        {calibration.ErrorBefore:0.000} before, {calibration.ErrorAfter:0.000} after, on the half held back");
        if (StoredCalibration.Cascade(labelled, parsed.GetRequiredValue(_loss)) is { } cascade)
        {
            Console.WriteLine($"  cascade      below {cascade.Below:0.###}: {cascade.GoOn:P1} go on to another judge, {cascade.Loss:P2} of all verdicts {(labelled[0].OtherRight is null ? "stay and are other than they should be" : "are lost to the other judge")} (on the half held back)");
        }

        Console.WriteLine($"  in           {file}");
        return ExitCodes.Ok;
    }

    private static string Way(StoredCalibration calibration) => calibration switch
    {
        { Odds: not null } => "confidence and margin",
        { Points: not null } => "a curve",
        _ => $"a temperature of {calibration.Temperature:0.###}",
    };

    private static async Task<Dictionary<string, int>> BestOfAsync(string run, CancellationToken cancellationToken)
    {
        string verdicts = Path.Combine(run, RunFiles.Verdicts);
        if (!File.Exists(verdicts))
        {
            throw new CommandException(ExitCodes.Usage, $"--against: there are no verdicts in {run}");
        }

        var best = new Dictionary<string, int>(StringComparer.Ordinal);
        await foreach (string line in File.ReadLinesAsync(verdicts, cancellationToken))
        {
            if (JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict) is { Best: { } chosen } verdict)
            {
                best[verdict.Id] = chosen;
            }
        }

        return best;
    }

    private static async Task<(List<LabelledVerdict> Verdicts, List<string> Seen)> LabelledAsync(string batch, string verdicts, BatchFields? fields, Dictionary<string, int>? against, CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, (IReadOnlyList<int>? Best, string Name)>(StringComparer.Ordinal);
        var validator = new RolloutValidator();
        await using (FileStream stream = File.OpenRead(batch))
        {
            await foreach (BatchLine line in RolloutReader.ReadAsync(stream, fields: fields, cancellationToken: cancellationToken))
            {
                if (line.Rollout is { Responses.Count: > 1 } rollout && validator.Check(rollout) is null)
                {
                    known.Add(rollout.Id, (rollout.KnownBest(), SeenRollouts.NameOf(rollout)));
                }
            }
        }

        // Labels say who is right, of either judge. Without enough of them the other judge's word is all there is.
        bool byLabels = against is null || known.Values.Count(static of => of.Best is not null) >= StoredCalibration.Fewest;
        var labelled = new List<LabelledVerdict>();
        var seen = new List<string>();
        await foreach (string line in File.ReadLinesAsync(verdicts, cancellationToken))
        {
            if (JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict) is not { Status: VerdictStatus.Scored, Best: { } best, Confidence: { } confidence } verdict || !known.TryGetValue(verdict.Id, out var of))
            {
                continue;
            }

            int? other = against is not null && against.TryGetValue(verdict.Id, out int chosen) ? chosen : null;
            IReadOnlyList<int>? right = byLabels ? of.Best : other is { } says ? [says] : null;
            if (right is not null && (against is null || other is not null))
            {
                labelled.Add(new LabelledVerdict(verdict.Id, confidence, verdict.Margin ?? 0, verdict.Stop == StopReason.Exhausted, right.Contains(best), byLabels && other is { } theirs ? right.Contains(theirs) : null));
                seen.Add(of.Name);
            }
        }

        return (labelled, seen);
    }
}
