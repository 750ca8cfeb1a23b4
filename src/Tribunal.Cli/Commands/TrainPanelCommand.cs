using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Judgements;
using Tribunal.Learning.Meta;
using Tribunal.Learning.Panels;
using Tribunal.Runs.Resuming;
using Tribunal.Voting;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal train panel LEDGER… -o FILE</c>: weights of judges that vote together.</summary>
internal sealed class TrainPanelCommand
{
    private readonly Argument<string[]> _ledgers = new("ledger") { Description = "Runs' folders of one batch, or files of recorded judgements.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<FileInfo?> _batch = new("--batch") { Description = "The batch; runs know their own.", HelpName = "FILE" };
    private readonly Option<string?> _output = OutputFile.Option("Where the weights go.", ".json");
    private readonly Option<string> _method = new("--method") { Description = "labelled (from best), or without labels one-coin (an accuracy per judge) or dawid-skene (and its bias for a position).", DefaultValueFactory = static _ => "labelled" };
    private readonly Option<long> _seed = new("--seed") { Description = "Of the splits.", DefaultValueFactory = static _ => 0, HelpName = "S" };
    private readonly Option<int?> _splits = new("--splits") { Description = "Also learn every kind of weights on a share of the rollouts and vote on the others, N times over.", HelpName = "N" };
    private readonly Option<double> _share = new("--share") { Description = "The share that --splits learn from.", DefaultValueFactory = static _ => 0.5 };
    private readonly Option<int[]> _samples = new("--samples", "-k") { Description = "Numbers of judgements that --splits vote with, beside all of them.", AllowMultipleArgumentsPerToken = true, HelpName = "K" };

    public static Command Create()
    {
        var train = new TrainPanelCommand();
        train._method.AcceptOnlyFromAmong("labelled", "one-coin", "dawid-skene");
        train._splits.Between(1, 10_000);
        train._share.Between(0.05, 0.95);
        Command command = new("panel", """
            Learns how much each judge's vote weighs beside the others', for --panel FILE of score and vote.

              tribunal train panel run-a run-b run-c -o panel.json                       three judges over one labelled batch
              tribunal train panel run-a run-b run-c --method dawid-skene -o panel.json  without labels
              tribunal train panel run-a run-b run-c --splits 50                         which weights vote best, over 50 random halves

            Rollouts whose labels the weights were learned from don't count in any accuracy that a vote with them reports.
            """)
        {
            train._ledgers, train._batch, train._output, train._method, train._seed, train._splits, train._share, train._samples,
        };
        command.SetAction(train.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string? output = parsed.GetValue(_output);
        int? splits = parsed.GetValue(_splits);
        if (output is null && splits is null)
        {
            throw new CommandException(ExitCodes.Usage, "-o FILE or --splits N is needed");
        }

        LedgerInputs inputs = await LedgerInputs.OpenAsync(parsed.GetRequiredValue(_ledgers), cancellationToken);
        List<RolloutLedger> rollouts = await inputs.JoinAsync(parsed.GetValue(_batch), traits: false, cancellationToken);
        if (output is not null)
        {
            PanelMethod method = parsed.Named<PanelMethod>(_method);
            if (method == PanelMethod.Labelled && !rollouts.Exists(static r => r.Rollout.Best is { Count: > 0 } && r.Ledger.Count > 0))
            {
                throw new CommandException(ExitCodes.Usage, "no rollout has both a label and judgements: --method one-coin and dawid-skene need no labels");
            }

            PanelWeights panel = PanelLearning.Learn(method, rollouts);
            byte[] weights = JsonSerializer.SerializeToUtf8Bytes(panel, TribunalJson.Default.PanelWeights);
            await OutputFile.WriteAsync(output, weights, cancellationToken);
            Console.Write(Of(panel));
            Console.WriteLine($"  in {OutputFile.Say(output)}");
            Results.Print(JsonNode.Parse(weights)!);
        }

        if (splits is int repeats)
        {
            try
            {
                int?[] samples = [.. (parsed.GetValue(_samples) ?? []).Where(static k => k > 0).Select(static k => (int?)k), null];
                Show(PanelTrial.Run(rollouts, VotingRule.Auto, parsed.GetValue(_seed), repeats, parsed.GetRequiredValue(_share), samples), repeats, parsed.GetRequiredValue(_share));
            }
            catch (TooFewLabelsException exception)
            {
                throw new CommandException(ExitCodes.Usage, $"there is too little to compare weights on: {exception.Message}", exception);
            }
        }

        return ExitCodes.Ok;
    }

    /// <summary>The weights as a table.</summary>
    public static string Of(PanelWeights panel)
    {
        var text = new System.Text.StringBuilder($"  {panel.Method} weights; the mean of those above 0 is 1\n     weight  comparisons  judge\n");
        foreach (PanelWeight weight in panel.Weights)
        {
            string figure = weight.Later is { } later
                ? string.Create(CultureInfo.InvariantCulture, $"{weight.Weight:0.00}|{later:0.00}")
                : weight.Weight.ToString("0.00", CultureInfo.InvariantCulture);
            text.Append(CultureInfo.InvariantCulture, $"  {figure,9}  {weight.Judgements,11:N0}  {TerminalText.Clean(weight.Judge)} ({TerminalText.Clean(weight.Protocol)})\n");
        }

        return panel.Weights.Any(static w => w.Later is not null) ? text.Append("  for choosing the first shown | a later one\n").ToString() : text.ToString();
    }

    private static void Show(IReadOnlyList<PanelTrialRow> rows, int splits, double share)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n  {splits:N0} random splits, {share:P0} learned from, the rest voted on; 95 % of the splits lie in the range"));
        Console.WriteLine("  judgements  weights      accuracy              less equal weights");
        foreach (PanelTrialRow row in rows)
        {
            Console.WriteLine($"  {row.Samples?.ToString(CultureInfo.InvariantCulture) ?? "all",10}  {JsonNamingPolicy.KebabCaseLower.ConvertName(row.Method.ToString()),-12} {SpreadText.Rate(row.Accuracy),-21} {(row.Method == PanelMethod.Equal ? "" : SpreadText.Points(row.Difference))}");
        }
    }
}
