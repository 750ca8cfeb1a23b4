using System.CommandLine;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Formats.TrainingSets;
using Tribunal.Runs.Exports;
using Tribunal.Runs.Resuming;
using Tribunal.Training;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal export training RUN -o DIR --form …</c>: training data for judges from a labelled ledger.</summary>
internal sealed class ExportTrainingCommand
{
    private readonly Argument<string> _run = new("run") { Description = "The run's folder." };
    private readonly Option<string> _output = new("--output", "-o") { Description = "Where train.jsonl or train.parquet and training.json go.", Required = true, HelpName = "DIR" };
    private readonly Option<string> _form = new("--form") { Description = "spct (rejection sampling), rm-r1 (distillation), rlvr (prompts with answers, for RL), rrm (pairs with ±1), meta (judgements with their correctness).", Required = true };
    private readonly Option<string> _format = new("--format") { Description = "jsonl or parquet.", DefaultValueFactory = static _ => "jsonl" };
    private readonly Option<string?> _batch = new("--batch") { Description = "The batch with the labels, where it is no longer where the run found it.", HelpName = "FILE" };
    private readonly Option<FileInfo?> _template = new("--template") { Description = "The prompt template, where the run used one of its own.", HelpName = "FILE" };
    private readonly Option<string> _shape = new("--shape") { Description = "Examples to imitate (spct, rm-r1) as messages or as prompt-completion.", DefaultValueFactory = static _ => "messages" };
    private readonly Option<string> _reasoning = new("--reasoning") { Description = "Thinking inside the content (think) or as reasoning_content beside it (field).", DefaultValueFactory = static _ => "think" };
    private readonly Option<int> _trajectories = new("--n-rft") { Description = "Trajectories of an item that spct looks at.", DefaultValueFactory = static _ => 3, HelpName = "N" };
    private readonly Option<bool> _stripHints = new("--strip-hints") { Description = "Write hinted trajectories under the prompt without its hint." };
    private readonly Option<string[]> _exclude = new("--exclude-domain") { Description = "Leave a domain out, such as one with spurious cues; may be given more than once.", HelpName = "NAME" };
    private readonly Option<bool> _allowSimulated = new("--allow-simulated") { Description = ExportCommand.AllowSimulatedDescription };
    private readonly Option<bool> _json = new("--json") { Description = "Print the report as JSON, and nothing else." };

    public static Command Create()
    {
        var export = new ExportTrainingCommand();
        export._form.AcceptOnlyFromAmong("spct", "rm-r1", "rlvr", "rrm", "meta");
        export._format.AcceptOnlyFromAmong("jsonl", "parquet");
        export._shape.AcceptOnlyFromAmong("messages", "prompt-completion");
        export._reasoning.AcceptOnlyFromAmong("think", "field");
        export._trajectories.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--n-rft is 1 or more");
            }
        });
        Command command = new("training", """
            Training data for judges from a run over labelled rollouts (best or scores), as TRL and verl read it.

              tribunal export training out -o sft --form spct                       score … --hint failed adds hinted trajectories
              tribunal export training out -o rl --form rlvr --format parquet

            Says what was dropped and why, and whether length, position or format predicts the labels of what is left.
            """)
        {
            export._run, export._output, export._form, export._format, export._batch, export._template, export._shape, export._reasoning,
            export._trajectories, export._stripHints, export._exclude, export._allowSimulated, export._json,
        };
        command.SetAction(export.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        FileInfo? template = parsed.GetValue(_template);
        string output = parsed.GetRequiredValue(_output);
        TrainingReport report = await TrainingExport.WriteAsync(
            new TrainingExportOptions
            {
                Run = parsed.GetRequiredValue(_run),
                Output = output,
                Form = parsed.Named<TrainingForm>(_form),
                Format = parsed.GetValue(_format) == "parquet" ? TrainingFileFormat.Parquet : TrainingFileFormat.JsonLines,
                Batch = parsed.GetValue(_batch),
                Template = template is null ? null : await File.ReadAllTextAsync(template.FullName, cancellationToken),
                Shape = parsed.GetValue(_shape) == "messages" ? ExampleShape.Messages : ExampleShape.PromptCompletion,
                Reasoning = parsed.GetValue(_reasoning) == "field" ? ReasoningPlace.Field : ReasoningPlace.Think,
                Trajectories = parsed.GetRequiredValue(_trajectories),
                StripHints = parsed.GetValue(_stripHints),
                AllowSimulated = parsed.GetValue(_allowSimulated),
                ExcludedDomains = parsed.GetValue(_exclude) ?? [],
            },
            cancellationToken);
        if (parsed.GetValue(_json))
        {
            Results.Print(await File.ReadAllTextAsync(Path.Combine(output, TrainingExport.ReportFile), cancellationToken));
        }
        else
        {
            Console.Write(Words(report, output));
        }

        return report.Examples > 0 ? ExitCodes.Ok : ExitCodes.Partial;
    }

    private static string Words(TrainingReport report, string output)
    {
        var text = new System.Text.StringBuilder();
        Row("examples", $"{report.Examples:N0} in {Path.Combine(output, report.File)}");
        Row("items", $"{report.Items.Labelled:N0} labelled, {report.Items.Kept:N0} kept, {report.Items.TooEasy:N0} too easy; {report.Rollouts.Unlabelled:N0} of {report.Rollouts.Read:N0} rollouts unlabelled");
        Row("judgements", $"{report.Judgements:N0} in the ledger");
        Count("kept", report.Kept, report.KeptHinted > 0 ? $"{report.KeptHinted:N0} of them hinted" : "");
        foreach ((string reason, long count) in report.Dropped.OrderByDescending(static d => d.Value).ThenBy(static d => d.Key, StringComparer.Ordinal))
        {
            Count("dropped", count, reason);
        }

        if (report.Rewards.Keys.Any(static r => r != "+1"))
        {
            Row("rewards", string.Join(", ", report.Rewards.Select(static r => $"{r.Value:N0} {r.Key}")));
        }

        foreach (CueReport cue in report.Cues)
        {
            Row("cue", $"{cue.Agreement.Value,6:P1} [{cue.Agreement.Low:P1}, {cue.Agreement.High:P1}] of {cue.Agreement.Of:N0}  {cue.Cue}{(cue.Domain is null ? "" : $" (in {TerminalText.Clean(cue.Domain)})")}{(cue.Predicts ? "  <- predicts the label" : "")}");
        }

        foreach (string warning in report.Warnings)
        {
            Row("warning", TerminalText.Clean(warning));
        }

        return text.ToString();

        void Row(string name, string value) => text.Append("  ").Append(name.PadRight(12)).Append(' ').AppendLine(value);

        void Count(string name, long count, string why) => Row("  " + name, $"{count,9:N0}  {why}".TrimEnd());
    }
}
