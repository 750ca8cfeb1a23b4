using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Calibration;
using Tribunal.Cli.Output;
using Tribunal.Formats.TrainingSets;
using Tribunal.Rollouts;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Resuming;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal calibrate</c>: learns from a labelled run how often its confidences are right.</summary>
internal sealed class CalibrateCommand
{
    private readonly Argument<DirectoryInfo> _run = new("run") { Description = "The folder of a run that has ended." };
    private readonly Option<FileInfo?> _batch = new("--batch") { Description = "The batch that it judged, with labels; a run knows its own.", HelpName = "FILE" };
    private readonly Option<DirectoryInfo?> _against = new("--against") { Description = "A run of another judge on the same batch, the dear one of a cascade: what is lost is told against it. Where the batch has no labels its verdicts stand for them.", HelpName = "RUN" };
    private readonly Option<double> _loss = new("--loss") { Description = "The share of verdicts that a cascade may lose, for the `below` that is printed.", DefaultValueFactory = static _ => 0.005 };
    private readonly Option<string?> _output = OutputFile.Option("The calibration.", ".calibration", ".json").Needed();

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
        RunContents run = await EndedAsync(folder, "", cancellationToken);
        await using Stream batch = await run.RequireBatchAsync(parsed.GetValue(_batch)?.FullName, cancellationToken);
        Dictionary<string, int>? others = parsed.GetValue(_against) is { } against ? await BestOfAsync(await EndedAsync(against.FullName, "--against: ", cancellationToken), cancellationToken) : null;
        (List<LabelledVerdict> labelled, List<string> seen) = await LabelledAsync(run, batch, others, cancellationToken);
        StoredCalibration calibration = StoredCalibration.Fit(labelled)
            ?? throw new CommandException(ExitCodes.Usage, $"only {labelled.Count} verdicts have a label (`best`), and it takes {StoredCalibration.Fewest}: nothing can be calibrated without labels");
        seen.Sort(StringComparer.Ordinal);
        calibration = calibration with { Judge = run.Summary.Model, Protocol = run.Summary.Protocol, Seen = [.. seen.Distinct(StringComparer.Ordinal)] };
        string file = parsed.GetRequiredValue(_output)!;
        await OutputFile.WriteAsync(file, JsonSerializer.SerializeToUtf8Bytes(calibration, TribunalJson.Default.StoredCalibration), cancellationToken);
        Console.WriteLine($"  fitted on    {calibration.FittedOn:N0} labelled verdicts, by {Way(calibration)}");
        Console.WriteLine($"  error        {calibration.ErrorBefore:0.000} before, {calibration.ErrorAfter:0.000} after, on the half held back");
        (double Below, double GoOn, double Loss) cascade = calibration.Cascade(labelled, parsed.GetRequiredValue(_loss));
        Console.WriteLine($"  cascade      below {cascade.Below:0.###}: {cascade.GoOn:P1} go on to another judge, {cascade.Loss:P2} of all verdicts {(labelled[0].OtherRight is null ? "stay and are other than they should be" : "are lost to the other judge")} (on the half held back)");
        Console.WriteLine($"  in           {OutputFile.Say(file)}");
        Results.Print(new JsonObject { ["fittedOn"] = calibration.FittedOn, ["errorBefore"] = calibration.ErrorBefore, ["errorAfter"] = calibration.ErrorAfter, ["below"] = cascade.Below, ["output"] = file });
        return ExitCodes.Ok;
    }

    private static string Way(StoredCalibration calibration) => calibration switch
    {
        { Odds: not null } => "confidence and margin",
        { Points: not null } => "a curve",
        _ => $"a temperature of {calibration.Temperature:0.###}",
    };

    private static async Task<RunContents> EndedAsync(string folder, string option, CancellationToken cancellationToken)
    {
        RunContents run = await RunContents.OpenFolderAsync(folder, voteToo: true, cancellationToken);
        return run.Summary.Status == RunStatus.Complete ? run : throw new CommandException(ExitCodes.Usage, $"{option}{folder} has not ended: a run that has is needed");
    }

    private static async Task<Dictionary<string, int>> BestOfAsync(RunContents run, CancellationToken cancellationToken)
    {
        var best = new Dictionary<string, int>(StringComparer.Ordinal);
        await foreach (Verdict verdict in run.VerdictsAsync(cancellationToken))
        {
            if (verdict.Best is { } chosen)
            {
                best[verdict.Id] = chosen;
            }
        }

        return best;
    }

    private static async Task<(List<LabelledVerdict> Verdicts, List<string> Seen)> LabelledAsync(RunContents run, Stream batch, Dictionary<string, int>? against, CancellationToken cancellationToken)
    {
        RunLabels labels = await run.LabelsAsync(cancellationToken);
        var rows = new List<(Rollout Rollout, Verdict Verdict)>();
        var labelled = new List<LabelledVerdict>();
        var seen = new List<string>();
        await foreach ((Rollout rollout, Verdict verdict) in ScoredRollouts.ReadAsync(batch, run.VerdictsAsync(cancellationToken), cancellationToken))
        {
            if (rollout.Responses.Count > 1 && verdict is { Status: VerdictStatus.Scored, Best: not null, Confidence: not null })
            {
                rows.Add((labels.Apply(rollout), verdict));
            }
        }

        // Labels say who is right, of either judge. Without enough of them the other judge's word is all there is.
        bool byLabels = against is null || rows.Count(static row => row.Rollout.KnownBest() is not null) >= StoredCalibration.Fewest;
        foreach ((Rollout rollout, Verdict verdict) in rows)
        {
            int best = verdict.Best!.Value;
            int? other = against is not null && against.TryGetValue(verdict.Id, out int chosen) ? chosen : null;
            IReadOnlyList<int>? right = byLabels ? rollout.KnownBest() : other is { } says ? [says] : null;
            if (right is not null && (against is null || other is not null))
            {
                labelled.Add(new LabelledVerdict(verdict.Id, verdict.Confidence!.Value, verdict.Margin ?? 0, verdict.Stop == StopReason.Exhausted, right.Contains(best), byLabels && other is { } theirs ? right.Contains(theirs) : null));
                seen.Add(SeenRollouts.NameOf(rollout));
            }
        }

        return (labelled, seen);
    }
}
