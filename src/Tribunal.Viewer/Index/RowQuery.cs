using Tribunal.Runs.Labels;

namespace Tribunal.Viewer.Index;

/// <summary>Which rows are asked for, and in which order.</summary>
internal sealed record RowQuery
{
    /// <summary>Names of filters (<see cref="RowFilters"/>); a row passes all.</summary>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>A domain; null for all.</summary>
    public string? Domain { get; init; }

    /// <summary>Text that an id, a prompt, a response or a trace has.</summary>
    public string? Text { get; init; }

    /// <summary>A column (<see cref="RowFilters"/>); null for the batch's order.</summary>
    public string? Sort { get; init; }

    public bool Descending { get; init; }

    /// <summary>Whether it asks for all rows in the batch's order.</summary>
    public bool IsAll => Filters.Count == 0 && Domain is null && Text is null && Sort is null;

    /// <summary>The query as one word, for telling whether an answer is of it.</summary>
    public string Key => string.Join('\n', string.Join(',', Filters), Domain, Text, Sort, Descending);
}

/// <summary>Filters and orders of rows.</summary>
internal static class RowFilters
{
    private const double Unsure = 0.6;
    private const double TopShare = 0.95;

    /// <summary>The filters by name, each with what it shows.</summary>
    public static IReadOnlyDictionary<string, string> Names { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["wrong"] = "the best response is not a labelled one",
        ["right"] = "the best response is a labelled one",
        ["unlabelled"] = "nobody knows which is best",
        ["noted"] = "a person labelled it or wrote a note",
        ["contested"] = $"confidence below {Unsure}",
        ["unscorable"] = "no reward",
        ["unparsable"] = "a judgement without a verdict where it should stand",
        ["truncated"] = "a judgement that was cut off",
        ["refused"] = "a judgement that the judge declined",
        ["failed"] = "a judgement that never came",
        ["flipped"] = "judgements in the two orders chose different responses",
        ["neutralised"] = "forged delimiters or verdict strings were made inert",
        ["dropped"] = "a valid judgement did not vote",
        ["slow"] = "its slowest judgement is among the slowest twentieth",
        ["dear"] = "its tokens are among the most expensive twentieth",
    };

    /// <summary>The columns that rows can be ordered by.</summary>
    public static IReadOnlyList<string> Sorts { get; } = ["id", "domain", "confidence", "margin", "best", "right", "drawn", "valid", "kept", "flipped", "neutralised", "slowest", "tokens"];

    /// <summary>The numbers of the rows that pass, in order.</summary>
    /// <param name="index">The rows.</param>
    /// <param name="query">What is asked for.</param>
    /// <param name="rightness">Each row's rightness, people's labels among it.</param>
    /// <param name="labels">People's labels.</param>
    /// <param name="found">Rows that a search has found; null for no search.</param>
    public static int[] Apply(RunIndex index, RowQuery query, Func<int, sbyte> rightness, RunLabels labels, SearchHits? found)
    {
        ReadOnlySpan<IndexRow> rows = index.Rows;
        int domain = query.Domain is null ? -1 : index.Domains.IndexOf(query.Domain);
        Func<IndexRow, int, bool>[] tests = [.. query.Filters.Select(name => TestOf(name, index, rightness, labels))];
        var passing = new List<int>();
        for (int row = 0; row < rows.Length; row++)
        {
            if ((query.Domain is null || rows[row].Domain == domain) && (found is null || found.Has(row)) && Passes(tests, rows[row], row))
            {
                passing.Add(row);
            }
        }

        return Ordered(passing, index, query, rightness);
    }

    private static bool Passes(Func<IndexRow, int, bool>[] tests, in IndexRow known, int row)
    {
        foreach (Func<IndexRow, int, bool> test in tests)
        {
            if (!test(known, row))
            {
                return false;
            }
        }

        return true;
    }

    private static Func<IndexRow, int, bool> TestOf(string name, RunIndex index, Func<int, sbyte> rightness, RunLabels labels)
    {
        switch (name)
        {
            case "wrong": return (_, row) => rightness(row) == 0;
            case "right": return (_, row) => rightness(row) == 1;
            case "unlabelled": return (_, row) => rightness(row) < 0;
            case "noted": return (_, row) => labels.Count > 0 && labels.Of(index.IdOf(row)) is not null;
            case "contested": return static (known, _) => known.Responses > 1 && known.Confidence < Unsure;
            case "unscorable": return static (known, _) => known.Status == 2;
            case "unparsable": return static (known, _) => known.Unparsable > 0;
            case "truncated": return static (known, _) => known.Truncated > 0;
            case "refused": return static (known, _) => known.Refused > 0;
            case "failed": return static (known, _) => known.Failed > 0;
            case "flipped": return static (known, _) => known.Flipped > 0;
            case "neutralised": return static (known, _) => known.Neutralised > 0;
            case "dropped": return static (known, _) => known.Verdict >= 0 && known.Kept < known.Valid;
            case "slow":
                double slow = Quantile(index, static known => known.SlowestMs);
                return (known, _) => known.SlowestMs > 0 && known.SlowestMs >= slow;
            case "dear":
                double dear = Quantile(index, static known => known.Input + known.Output);
                return (known, _) => known.Input + known.Output >= dear;
            default: throw new ProblemsException([new Problem("filter", $"there is no {name}; known: {string.Join(", ", Names.Keys)}")]);
        }
    }

    private static double Quantile(RunIndex index, Func<IndexRow, double> value)
    {
        ReadOnlySpan<IndexRow> rows = index.Rows;
        double[] values = new double[rows.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = value(rows[i]);
        }

        Array.Sort(values);
        return values.Length == 0 ? 0 : values[(int)(TopShare * (values.Length - 1))];
    }

    // Rows of equal keys keep the batch's order; those without one come last, whichever way.
    private static int[] Ordered(List<int> rows, RunIndex index, RowQuery query, Func<int, sbyte> rightness)
    {
        if (query.Sort is not { } sort)
        {
            return [.. rows];
        }

        if (sort is "id" or "domain")
        {
            Func<int, string> word = row => sort == "id" ? index.IdOf(row) : index.Rows[row].Domain is >= 0 and var domain ? index.Domains[domain] : "";
            return [.. query.Descending ? rows.OrderByDescending(word, StringComparer.Ordinal) : rows.OrderBy(word, StringComparer.Ordinal)];
        }

        return [.. rows.OrderBy(Key)];

        double Key(int row)
        {
            double key = KeyOf(sort, index.Rows[row], row, rightness);
            return double.IsNaN(key) ? double.PositiveInfinity : query.Descending ? -key : key;
        }
    }

    private static double KeyOf(string sort, in IndexRow row, int number, Func<int, sbyte> rightness) => sort switch
    {
        "confidence" => row.Confidence,
        "margin" => row.Margin,
        "best" => row.Best < 0 ? double.NaN : row.Best,
        "right" => rightness(number) is >= 0 and var right ? right : double.NaN,
        "drawn" => row.Drawn,
        "valid" => row.Valid,
        "kept" => row.Kept,
        "flipped" => row.Flipped,
        "neutralised" => row.Neutralised,
        "slowest" => row.SlowestMs,
        "tokens" => row.Input + row.Output,
        _ => throw new ProblemsException([new Problem("sort", $"not by {sort}; known: {string.Join(", ", Sorts)}")]),
    };
}
