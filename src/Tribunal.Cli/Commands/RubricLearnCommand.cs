using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tribunal.Calibration;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Judgements;
using Tribunal.Reports;
using Tribunal.Rollouts;
using Tribunal.Runs.Resuming;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal rubric learn RUN -o FILE</c>: which criteria tell the labelled best from the others, and whether they help on examples that were held back.</summary>
internal sealed class RubricLearnCommand
{
    private const int Resamples = 4000;

    private readonly Argument<string> _run = new("run") { Description = "The folder of a labelled run that was graded by the candidates (score --rubric FILE)." };
    private readonly Option<string?> _without = new("--without") { Description = "The folder of a run of the same batch without a rubric, to compare with.", HelpName = "RUN" };
    private readonly Option<string?> _output = OutputFile.Option("Where the rubric goes.", ".yaml", ".yml");
    private readonly Option<double> _share = new("--share") { Description = "The share of labelled rollouts that is learned from; the rest is held back.", DefaultValueFactory = static _ => 0.5 };
    private readonly Option<long> _seed = new("--seed") { Description = "Of the split, and of the choice among equal scores.", DefaultValueFactory = static _ => 0, HelpName = "S" };

    public static Command Create()
    {
        var learn = new RubricLearnCommand();
        learn._share.Between(0.1, 0.9);
        Command command = new("learn", """
            Chooses criteria and weights from labelled examples, and says on held-back ones whether they help.

              tribunal score labelled.jsonl -o graded --rubric candidates.yaml --judge …
              tribunal score labelled.jsonl -o plain --protocol general-list --judge …
              tribunal rubric learn graded --without plain -o rubric.yaml
            """)
        {
            learn._run, learn._without, learn._output, learn._share, learn._seed,
        };
        command.SetAction(learn.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string run = parsed.GetRequiredValue(_run);
        long seed = parsed.GetValue(_seed);
        RubricSet set = RubricFiles.Parse(await RubricFiles.TextOfAsync(run, cancellationToken), run);
        Rubric candidates = set.Others ?? throw new CommandException(ExitCodes.Usage, "the run's rubric file states no criteria for all rollouts: only those can be weighed over many");
        List<GradedExample> examples = await ExamplesAsync(run, candidates, cancellationToken);
        GradedExample[] taught = [.. examples.Where(example => IsTaught(example.Id, seed, parsed.GetValue(_share)))];
        GradedExample[] held = [.. examples.Except(taught)];
        if (taught.Length == 0 || held.Length == 0)
        {
            throw new CommandException(ExitCodes.Usage, $"{examples.Count} labelled rollouts of several responses were graded by all of the criteria: too few to learn from and to hold back");
        }

        Rubric learned = RubricLearning.Learn(candidates, taught);
        Console.WriteLine($"  {learned.Criteria.Count} of {candidates.Criteria.Count} criteria, learned from {taught.Length:N0} labelled rollouts:");
        foreach (Criterion criterion in learned.Criteria)
        {
            Console.WriteLine(TerminalText.Clean($"  {criterion.Weight,4:0}  {RubricForm.Word(criterion.Kind),-8}  {criterion.Id}: {TerminalText.Fit(criterion.Text.ReplaceLineEndings(" "), 120)}"));
        }

        Dictionary<string, bool>? without = parsed.GetValue(_without) is { } other ? await WithoutAsync(other, cancellationToken) : null;
        Say(candidates, learned, held, without, seed);
        if (parsed.GetValue(_output) is { } output)
        {
            await OutputFile.WriteAsync(output, Yaml(learned), cancellationToken);
            Console.WriteLine($"  in {OutputFile.Say(output)}");
        }

        Results.Print(new JsonObject
        {
            ["learnedFrom"] = taught.Length,
            ["heldBack"] = held.Length,
            ["criteria"] = new JsonArray([.. learned.Criteria.Select(static criterion => (JsonNode)new JsonObject { ["id"] = criterion.Id, ["weight"] = criterion.Weight })]),
            ["output"] = parsed.GetValue(_output),
        });

        return ExitCodes.Ok;
    }

    private static bool IsTaught(string id, long seed, double share) => new SeededRandom(StableHash.Of((ulong)seed, "held-back", id)).NextDouble() < share;

    private static async Task<List<GradedExample>> ExamplesAsync(string run, Rubric candidates, CancellationToken cancellationToken)
    {
        LedgerInputs inputs = await LedgerInputs.OpenAsync([run], cancellationToken);
        var examples = new List<GradedExample>();
        foreach (RolloutLedger joined in await inputs.JoinAsync(batch: null, traits: false, cancellationToken))
        {
            if (joined.Rollout.Responses.Count < 2 || joined.Rollout.KnownBest() is not { } best || CriterionGrades.Mean(joined.Ledger, static i => i) is not { } means)
            {
                continue;
            }

            IReadOnlyList<double>?[] byCriterion = [.. candidates.Criteria.Select(criterion => means.FirstOrDefault(mean => mean.Id == criterion.Id)?.Grades)];
            if (Array.TrueForAll(byCriterion, grades => grades?.Count == joined.Rollout.Responses.Count))
            {
                examples.Add(new GradedExample(
                    joined.Rollout.Id, best, [.. Enumerable.Range(0, joined.Rollout.Responses.Count).Select(response => (IReadOnlyList<double>)[.. byCriterion.Select(grades => grades![response])])]));
            }
        }

        return examples;
    }

    // As the other run's own vote has it.
    private static async Task<Dictionary<string, bool>> WithoutAsync(string run, CancellationToken cancellationToken)
    {
        LedgerInputs inputs = await LedgerInputs.OpenAsync([run], cancellationToken);
        IJudgingScheme scheme = JudgingSchemes.ForRecorded(new SchemeOptions { Kind = Protocols.JudgingKind.Listwise });
        var right = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (RolloutLedger joined in await inputs.JoinAsync(batch: null, traits: false, cancellationToken))
        {
            if (joined.Rollout.Responses.Count > 1 && joined.Rollout.KnownBest() is { } best && scheme.Cast(joined.Rollout, joined.Ledger, stop: null).Best is { } chosen)
            {
                right[joined.Rollout.Id] = best.Contains(chosen);
            }
        }

        return right;
    }

    private static void Say(Rubric candidates, Rubric learned, GradedExample[] held, Dictionary<string, bool>? without, long seed)
    {
        GradedExample[] compared = without is null ? held : [.. held.Where(example => without.ContainsKey(example.Id))];
        bool[] own = [.. compared.Select(example => RubricLearning.IsRight(learned, candidates, example, seed))];
        bool[] given = [.. compared.Select(example => RubricLearning.IsRight(candidates, candidates, example, seed))];
        Console.WriteLine($"  on {compared.Length:N0} that were held back:");
        Row("learned", own);
        Row("as given", given);
        if (without is null || compared.Length == 0)
        {
            Console.WriteLine("  whether they help can't be said: --without RUN names a run of the same batch that had no rubric");
            return;
        }

        bool[] plain = [.. compared.Select(example => without[example.Id])];
        Row("without", plain);
        long better = own.Where((right, i) => right && !plain[i]).LongCount();
        long worse = own.Where((right, i) => !right && plain[i]).LongCount();
        (double low, double high) = PairedTests.Bootstrap(better, worse, own.Length, Resamples, seed);
        string verdict = low > 0 ? "they help" : high < 0 ? "they hurt: leave them out" : "no difference is shown";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"  learned less without: {(double)(better - worse) / own.Length:+0.0%;-0.0%;0.0%} (95 % {low:+0.0%;-0.0%;0.0%} to {high:+0.0%;-0.0%;0.0%}; {better} better, {worse} worse): {verdict}"));
    }

    private static void Row(string name, bool[] right)
    {
        if (Rate.Wilson(right.Count(static one => one), right.Length) is { } rate)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {name,-9} {rate.Value,6:0.0%}  (95 % {rate.Low:0.0%} to {rate.High:0.0%})"));
        }
    }

    private static string Yaml(Rubric rubric)
    {
        var text = new StringBuilder("criteria:\n");
        foreach (Criterion criterion in rubric.Criteria)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - id: {Quoted(criterion.Id)}\n    text: {Quoted(criterion.Text)}\n    weight: {criterion.Weight}\n    kind: {RubricForm.Word(criterion.Kind)}\n");
        }

        return text.Append(rubric.Gates ? "" : "required: count\n").Append(rubric.Subtracts ? "" : "negative: invert\n").ToString();
    }

    // A JSON string is a YAML one.
    private static string Quoted(string text) => $"\"{System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";
}
