using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Cli.Options;

/// <summary>What <c>vote --resamples</c> tries: numbers of judgements, policies, rules, shares kept and tournaments.</summary>
internal sealed class GridChoice
{
    private readonly Option<string?> _samples = new("--try-samples") { Description = "With --resamples: numbers of judgements to try (1,2,4,8,16,32), per match in tournaments.", HelpName = "K,K,…" };
    private readonly Option<string?> _policies = new("--try-policies") { Description = "With --resamples: policies to try (adaptive,adaptive-flat,certified), each with a confidence after a colon where it is not --confidence.", HelpName = "adaptive:0.9,certified,…|none" };
    private readonly Option<string?> _rules = new("--try-rules") { Description = "With --resamples: rules to try (auto,majority, or --rule).", HelpName = "auto,sum,mean,majority,btd" };
    private readonly Option<string?> _keeps = new("--try-keep") { Description = "With --resamples: shares to try that a meta filter keeps (--keep).", HelpName = "FRACTION,…" };
    private readonly Option<string?> _tournaments = new("--try-tournaments") { Description = "With --resamples: tournaments to play on the recorded pairs: round-robin, swiss, each also as -elo and -elo-average, and knockout. Needs a record of every pair.", HelpName = "round-robin,knockout,swiss,…" };

    private Option[] All => [_samples, _policies, _rules, _keeps, _tournaments];

    public void AddTo(Command command) => command.Add(All);

    /// <summary>The first of the options that was given; null without any.</summary>
    public string? FirstGiven(SymbolResult result) => Array.Find(All, option => result.GetResult(option) is not null)?.Name;

    /// <summary>The grid that was asked for.</summary>
    /// <exception cref="CommandException">A value can't be used.</exception>
    public ResampleRequest RequestOf(ParseResult parsed, int resamples, SchemeOptions options)
    {
        var usual = new ResampleRequest { Options = options };
        return usual with
        {
            Resamples = resamples,
            Seed = options.Seed,
            Samples = Read<int>(parsed, _samples, static (string text, out int k) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out k) && k > 0, usual.Samples),
            Policies = Read<PolicyOptions>(
                parsed, _policies, (string text, out PolicyOptions policy) => TryPolicy(text, options.Policy, out policy),
                [options.Policy with { Kind = PolicyKind.Adaptive }, options.Policy with { Kind = PolicyKind.Adaptive, Prior = PriorKind.Flat }, options.Policy with { Kind = PolicyKind.Certified }]),
            Rules = Read<VotingRule>(parsed, _rules, TryRule, options.Rule == VotingRule.Auto ? [VotingRule.Auto, VotingRule.Majority] : [options.Rule]),
            Keeps = Read<double>(parsed, _keeps, static (string text, out double keep) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out keep) && keep is > 0 and <= 1, []),
            Tournaments = Read<TournamentOptions>(parsed, _tournaments, (string text, out TournamentOptions tournament) => TryTournament(text, options.Tournament, out tournament), []),
        };
    }

    /// <summary>Writes <c>resamples.json</c> and <c>resamples.csv</c>, and prints the table.</summary>
    public static async Task WriteAsync(IReadOnlyList<ResampleResult> results, string folder, TextWriter words, CancellationToken cancellationToken)
    {
        await File.WriteAllBytesAsync(Path.Combine(folder, "resamples.json"), JsonSerializer.SerializeToUtf8Bytes(results, TribunalJson.Default.IReadOnlyListResampleResult), cancellationToken);
        var csv = new StringBuilder("rule,keep,tournament,policy,samples,accuracy,accuracy_low,accuracy_high,judgements,judgements_low,judgements_high,rollouts,resamples,pool_agreement,pool_error,label_error\n");
        bool keeps = results.Any(static result => result.Keep is not null);
        int wide = Math.Max(10, results.Max(static result => NameOf(result.Tournament).Length));
        bool tournaments = results.Any(static result => result.Tournament is not null);
        await words.WriteLineAsync($"\n  {results[0].Resamples:N0} draw orders; 95 % of them lie in the range\n  rule      {(keeps ? "keep  " : "")}{(tournaments ? "tournament".PadRight(wide) + "  " : "")}policy               judgements  accuracy                  as the pool  error of confidence: pool, labels");
        foreach (ResampleResult result in results)
        {
            bool isFixed = result.Policy.Kind == PolicyKind.Fixed;
            string rule = result.Rule == VotingRule.BradleyTerryDavidson ? "btd" : result.Rule.ToString().ToLowerInvariant();
            string kind = isFixed ? $"fixed-{result.Policy.Samples}" : string.Create(CultureInfo.InvariantCulture, $"{NameOf(result.Policy)}-{result.Policy.Confidence:0.###}");
            string keep = result.Keep?.ToString("0.###", CultureInfo.InvariantCulture) ?? "";
            string tournament = NameOf(result.Tournament);
            (Spread accuracy, Spread spent) = (result.Accuracy, result.Judgements);
            await words.WriteLineAsync($"  {rule,-9} {(keeps ? $"{keep,-5} " : "")}{(tournaments ? tournament.PadRight(wide) + "  " : "")}{kind,-20} {spent.Mean,10:0.00}  {$"{accuracy.Mean:P1} [{accuracy.Low:P1}, {accuracy.High:P1}]",-26}{(result.PoolAgreement is { } agreement ? $"{agreement,9:P1}    {result.PoolError,10:0.000}  {result.LabelError:0.000}" : "")}".TrimEnd());
            csv.AppendLine(CultureInfo.InvariantCulture, $"{rule},{keep},{tournament},{kind},{(isFixed ? result.Policy.Samples : 0)},{accuracy.Mean},{accuracy.Low},{accuracy.High},{spent.Mean},{spent.Low},{spent.High},{result.Rollouts},{result.Resamples},{result.PoolAgreement},{result.PoolError},{result.LabelError}");
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "resamples.csv"), csv.ToString(), cancellationToken);
    }

    private static string NameOf(PolicyOptions policy) => policy.Kind.ToString().ToLowerInvariant() + (policy is { Kind: PolicyKind.Adaptive, Prior: PriorKind.Flat } ? "-flat" : "");

    private static string NameOf(TournamentOptions? tournament) => tournament switch
    {
        null => "",
        { Kind: TournamentKind.Knockout } => "knockout",
        { Kind: var kind, Rating: var rating, Elo.Orders: var orders } =>
            (kind == TournamentKind.Swiss ? "swiss" : "round-robin") + (rating != RatingKind.Elo ? "" : orders > 0 ? "-elo-average" : "-elo"),
    };

    private delegate bool TryRead<T>(string text, out T value);

    private static IReadOnlyList<T> Read<T>(ParseResult parsed, Option<string?> option, TryRead<T> read, IReadOnlyList<T> usual)
    {
        if (parsed.GetValue(option) is not { } text)
        {
            return usual;
        }

        if (text == "none")
        {
            return [];
        }

        var values = new List<T>();
        foreach (string part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            values.Add(read(part, out T value) ? value : throw new CommandException(ExitCodes.Usage, $"{option.Name}: '{part}' can't be used; {option.HelpName} is needed"));
        }

        return values;
    }

    private static bool TryRule(string text, out VotingRule rule)
    {
        bool known = VoteChoice.Rules.Contains(text);
        rule = known ? VoteChoice.RuleOf(text) : default;
        return known;
    }

    private static bool TryPolicy(string text, PolicyOptions like, out PolicyOptions policy)
    {
        string[] parts = text.Split(':');
        policy = like with
        {
            Kind = parts[0] == "certified" ? PolicyKind.Certified : PolicyKind.Adaptive,
            Prior = parts[0] == "adaptive-flat" ? PriorKind.Flat : like.Prior,
        };
        bool known = parts[0] is "adaptive" or "adaptive-flat" or "certified";
        if (parts is [_, var level] && double.TryParse(level, NumberStyles.Float, CultureInfo.InvariantCulture, out double confidence))
        {
            policy = policy with { Confidence = confidence };
            return known;
        }

        return parts.Length == 1 && known;
    }

    private static bool TryTournament(string text, TournamentOptions like, out TournamentOptions tournament)
    {
        const int Orders = 100;
        RatingKind rating = text.Contains("-elo", StringComparison.Ordinal) ? RatingKind.Elo : RatingKind.Votes;
        TournamentKind kind = text switch
        {
            "knockout" => TournamentKind.Knockout,
            "swiss" or "swiss-elo" or "swiss-elo-average" => TournamentKind.Swiss,
            "round-robin" or "round-robin-elo" or "round-robin-elo-average" => TournamentKind.RoundRobin,
            _ => TournamentKind.None,
        };
        tournament = like with
        {
            Kind = kind,
            Votes = null,
            Rating = rating,
            Elo = like.Elo with { Orders = text.EndsWith("-average", StringComparison.Ordinal) ? Math.Max(Orders, like.Elo.Orders) : 0 },
        };
        return kind != TournamentKind.None;
    }
}
