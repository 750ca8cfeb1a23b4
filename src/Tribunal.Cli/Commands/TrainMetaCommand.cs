using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Judgements;
using Tribunal.Learning.Meta;
using Tribunal.MetaReward;
using Tribunal.Runs.Resuming;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal train meta LEDGER… -o FILE</c>: a meta reward model of one's own.</summary>
internal sealed class TrainMetaCommand
{
    private readonly Argument<string[]> _ledgers = new("ledger") { Description = "Runs' folders or files of recorded judgements, of labelled rollouts.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<FileInfo?> _batch = new("--batch") { Description = "The batch with the labels; a run knows its own.", HelpName = "FILE" };
    private readonly Option<string?> _output = OutputFile.Option("Where the model goes; without it, only --splits can be asked for.", ".tribunal", ".json");
    private readonly Option<string> _learner = new("--learner") { Description = "logistic, trees (boosted), or auto: whichever votes better on rollouts held back.", DefaultValueFactory = static _ => "logistic" };
    private readonly Option<string> _features = new("--features") { Description = "words, own (words and verdict), all (and siblings), or auto: whichever votes better on rollouts held back.", DefaultValueFactory = static _ => "auto" };
    private readonly Option<int> _folds = new("--folds") { Description = "Folds of rollouts for the figures on the card.", DefaultValueFactory = static _ => 5 };
    private readonly Option<double> _keep = new("--keep") { Description = "Fraction of the judgements that will vote.", DefaultValueFactory = static _ => 0.5, HelpName = "FRACTION" };
    private readonly Option<string> _use = new("--meta-use") { Description = "Whether meta rewards will filter judgements or weigh them.", DefaultValueFactory = static _ => "filter" };
    private readonly Option<double> _temperature = new("--meta-temperature") { Description = "Softmax temperature of --meta-use weight.", DefaultValueFactory = static _ => 1 };
    private readonly Option<long> _seed = new("--seed") { Description = "Of folds, splits and bootstrap.", DefaultValueFactory = static _ => 0, HelpName = "S" };
    private readonly Option<int?> _splits = new("--splits") { Description = "Also train on a share of the rollouts and vote on the others, N times over: accuracy at equal judgements with and without.", HelpName = "N" };
    private readonly Option<double> _share = new("--share") { Description = "The share that --splits train on.", DefaultValueFactory = static _ => 0.5 };
    private readonly Option<int[]> _samples = new("--samples", "-k") { Description = "Numbers of judgements that --splits vote with, beside all of them.", AllowMultipleArgumentsPerToken = true, HelpName = "K" };
    private readonly Option<bool> _json = new("--json") { Description = "Print the card and the splits as JSON, and nothing else." };

    public static Command Create()
    {
        var train = new TrainMetaCommand();
        train._learner.AcceptOnlyFromAmong("logistic", "trees", "auto");
        train._features.AcceptOnlyFromAmong("words", "own", "all", "auto");
        train._use.AcceptOnlyFromAmong("filter", "weight");
        train._folds.Between(2, 20);
        train._splits.Between(1, 10_000);
        train._keep.Between(0.01, 1);
        train._share.Between(0.05, 0.95);
        train._temperature.Between(1e-6, 1e6);
        Command command = new("meta", """
            Trains a meta reward model on labelled judgements, for --meta FILE of score and vote.

              tribunal train meta out -o meta.tribunal                                   a run over a batch with best
              tribunal train meta judgements.jsonl --batch rollouts.jsonl -o meta.tribunal
              tribunal train meta out --splits 50 -k 4 -k 8                              what it is worth, over 50 random halves

            Everything is held apart by rollout. The card in the file says whether the model beats plain voting on rollouts
            that it has not seen.
            """)
        {
            train._ledgers, train._batch, train._output, train._learner, train._features, train._folds, train._keep, train._use, train._temperature,
            train._seed, train._splits, train._share, train._samples, train._json,
        };
        command.SetAction(train.RunAsync);
        return command;
    }

    // ML.NET makes code while it runs; asked here, before anything that could be come back to, the linker leaves it all out of a native tool.
    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken) => RuntimeFeature.IsDynamicCodeSupported
        ? TrainAsync(parsed, cancellationToken)
        : throw new CommandException(ExitCodes.Usage, "this tool is native code, and train meta needs the .NET runtime: `dotnet run --project src/Tribunal.Cli -- train meta …`, or a tool packed without -r");

    private async Task<int> TrainAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string? output = parsed.GetValue(_output);
        int? splits = parsed.GetValue(_splits);
        if (output is null && splits is null)
        {
            throw new CommandException(ExitCodes.Usage, "-o FILE or --splits N is needed");
        }

        LedgerInputs inputs = await LedgerInputs.OpenAsync(parsed.GetRequiredValue(_ledgers), cancellationToken);
        List<RolloutLedger> rollouts = await inputs.JoinAsync(parsed.GetValue(_batch), traits: true, cancellationToken);
        var options = new MetaTrainingOptions
        {
            Learners = parsed.GetRequiredValue(_learner) == "auto" ? [MetaLearner.Logistic, MetaLearner.Trees] : [parsed.Named<MetaLearner>(_learner)],
            Features = parsed.GetRequiredValue(_features) == "auto" ? [MetaFeatureSet.Words, MetaFeatureSet.Own, MetaFeatureSet.All] : [parsed.Named<MetaFeatureSet>(_features)],
            Folds = parsed.GetRequiredValue(_folds),
            Seed = parsed.GetRequiredValue(_seed),
            Use = new MetaOptions
            {
                Keep = parsed.GetRequiredValue(_keep),
                Use = parsed.Named<MetaUse>(_use),
                Temperature = parsed.GetRequiredValue(_temperature),
            },
        };
        bool json = parsed.GetValue(_json);
        try
        {
            if (output is not null)
            {
                LearnedMetaModel model = new MetaTrainer(options, TimeProvider.System).Train(rollouts, inputs.Simulated, cancellationToken);
                await OutputFile.WriteAsync(output, model.Write(), cancellationToken);
                if (json)
                {
                    Results.Print(model.CardJson());
                }
                else
                {
                    Console.Write(MetaCardText.Of(model) + $"  in           {OutputFile.Say(output)}\n");
                }
            }

            if (splits is int repeats)
            {
                int?[] samples = [.. (parsed.GetValue(_samples) ?? []).Where(static k => k > 0).Select(static k => (int?)k), null];
                Show(new MetaTrial(options, TimeProvider.System).Run(rollouts, repeats, parsed.GetRequiredValue(_share), samples, cancellationToken), repeats, parsed.GetRequiredValue(_share), json);
            }
        }
        catch (TooFewLabelsException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"there is too little to learn from: {exception.Message}", exception);
        }

        return ExitCodes.Ok;
    }

    private static void Show(IReadOnlyList<MetaTrialRow> rows, int splits, double share, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(rows, CliJson.Default.IReadOnlyListMetaTrialRow));
            return;
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\n  {splits:N0} random splits, {share:P0} trained on, the rest voted on; 95 % of the splits lie in the range"));
        Console.WriteLine("  judgements  plain                 learned               learned - plain       recorded - plain");
        foreach (MetaTrialRow row in rows)
        {
            Console.WriteLine($"  {row.Samples?.ToString(CultureInfo.InvariantCulture) ?? "all",10}  {SpreadText.Rate(row.Plain),-21} {SpreadText.Rate(row.Guided),-21} {SpreadText.Points(row.Difference),-21} {(row.RecordedDifference is { } recorded ? SpreadText.Points(recorded) : "–")}");
        }
    }
}
