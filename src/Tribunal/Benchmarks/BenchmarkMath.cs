using System.Globalization;
using System.Text.Json;
using Tribunal.Rollouts;

namespace Tribunal.Benchmarks;

/// <summary>What the suites' rules have in common.</summary>
internal static class BenchmarkMath
{
    /// <summary>Credits a preference with the correct response first: 1, 0, and <paramref name="otherwise"/> for a draw or no decision.</summary>
    public static double Credit(int? comparison, double otherwise) => comparison switch { 1 => 1, -1 => 0, _ => otherwise };

    /// <summary>The mean; null of nothing.</summary>
    public static double? Mean(IEnumerable<double> values) => values.Average(static value => (double?)value);

    /// <summary>Whether a pair is decided: in every game that was played, where the judge depends on the order.</summary>
    public static bool IsDecided(BenchmarkOutcome outcome) => outcome.Games?.All(static game => game is not null) ?? outcome.Compare(0, 1) is not null;

    /// <summary>A section whose score is the mean of its items' credits.</summary>
    public static BenchmarkSection Section(string name, IReadOnlyCollection<BenchmarkOutcome> outcomes, Func<BenchmarkOutcome, double> credit, Func<BenchmarkOutcome, bool> decided) => new()
    {
        Name = name,
        Score = Mean(outcomes.Select(credit)),
        Items = outcomes.Count,
        Undecided = outcomes.Count(o => !decided(o)),
    };

    /// <summary>The mean over the sections that have a score, and the names of those that do not.</summary>
    public static BenchmarkScore Average(IReadOnlyList<BenchmarkSection> sections) => new()
    {
        Overall = Mean(sections.Where(static s => s.Score is not null).Select(static s => s.Score!.Value)),
        Sections = sections,
        Missing = [.. sections.Where(static s => s.Score is null).Select(static s => s.Name)],
    };

    /// <summary>The one response labelled best.</summary>
    /// <exception cref="FormatException">There is none, or more than one.</exception>
    public static int Best(Rollout rollout) => rollout.Best is [int only] ? only : throw new FormatException("the record does not say which response is best");

    /// <exception cref="FormatException">The record has another number of responses.</exception>
    public static void RequireResponses(Rollout rollout, int count)
    {
        if (rollout.Responses.Count != count)
        {
            throw new FormatException($"the record has {rollout.Responses.Count} responses, not {count}");
        }
    }

    /// <summary>The file's own name up to its first dot, without folders.</summary>
    public static string Stem(string file)
    {
        string name = file[(file.LastIndexOf('/') + 1)..];
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? name : name[..dot];
    }

    /// <summary>Which of the names a path holds, looking from the file upwards; null when it holds none.</summary>
    public static string? Named(string? path, IReadOnlyList<string> names) =>
        path?.Split('/').Reverse()
            .Select(segment => names.FirstOrDefault(n => segment.Contains(n, StringComparison.OrdinalIgnoreCase) || segment.Contains(n.Replace('-', '_'), StringComparison.OrdinalIgnoreCase)))
            .FirstOrDefault(static found => found is not null);

    /// <summary>An integer of the rollout's metadata.</summary>
    public static int MetadataInt(Rollout rollout, string name) =>
        rollout.Metadata is { ValueKind: JsonValueKind.Object } metadata && metadata.TryGetProperty(name, out JsonElement value) && value.TryGetInt32(out int number)
            ? number
            : throw new FormatException($"the item {rollout.Id} has lost its {name}");

    /// <summary>Metadata of two indexes into a record's responses.</summary>
    public static JsonElement PairMetadata(string first, int i, string second, int j)
    {
        using JsonDocument document = JsonDocument.Parse(string.Create(CultureInfo.InvariantCulture, $$"""{"{{first}}":{{i}},"{{second}}":{{j}}}"""));
        return document.RootElement.Clone();
    }
}
