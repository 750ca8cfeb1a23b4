using Tribunal.Judgements;

namespace Tribunal.MetaReward;

/// <summary>
/// The figures that a learned meta reward model looks at: the words of a judgement (<see cref="ReasoningTraits"/>), its verdict, and how it
/// stands among its siblings, the other usable judgements of the same rollout or match. Those of the siblings change as judgements
/// are added, so they are made anew for every vote.
/// </summary>
public static class MetaFeatures
{
    private static readonly string[] VerdictNames = ["margin", "draw", "level", "place", "cut", "retried", "logprob", "logprob-known"];
    private static readonly string[] SiblingNames = ["agreement", "agreement-otherwise-shown", "distance", "consensus", "siblings"];
    private static readonly string[] OwnNames = [.. ReasoningTraits.Names, .. VerdictNames];
    private static readonly string[] All = [.. OwnNames, .. OwnNames.Select(Among), .. SiblingNames];

    private const int OwnStart = 12;

    /// <summary>
    /// All names, in the order of a row of features: a judgement's own, the same less the mean of its siblings', and how it agrees with
    /// them. With both a figure and its deviation among siblings a model can tell what marks a hard rollout from what marks a poor
    /// judgement of it (Y. Mundlak 1978); a filter inside a rollout needs the latter alone.
    /// </summary>
    public static IReadOnlyList<string> Names => All;

    /// <summary>Where a feature stands among <see cref="Names"/>; below 0 where it is none of them.</summary>
    public static int IndexOf(string name) => Array.IndexOf(All, name);

    /// <summary>The names of a feature set.</summary>
    public static IReadOnlyList<string> NamesOf(MetaFeatureSet set) => set switch
    {
        MetaFeatureSet.Words => [.. ReasoningTraits.Names, .. ReasoningTraits.Names.Select(Among)],
        MetaFeatureSet.Own => [.. OwnNames, .. OwnNames.Select(Among)],
        _ => Names,
    };

    /// <summary>Where a draw stands among a judgement's own features.</summary>
    internal const int Draw = OwnStart + 1;

    /// <summary>How many features a judgement has by itself.</summary>
    internal static int OwnCount => OwnNames.Length;

    /// <summary>A judgement's own features, siblings left out.</summary>
    /// <param name="judgement">The judgement, with its text or its traits.</param>
    /// <param name="values">Its row: a value per candidate in [0, 1], NaN where it did not look.</param>
    /// <param name="firstResponse">A candidate's first response.</param>
    internal static float[] Own(Judgement judgement, double[] values, Func<int, int> firstResponse)
    {
        float[] own = new float[OwnCount];
        TraitsOf(judgement).Values.CopyTo(own);
        (int favourite, double top, double second, bool draw) = Top(values);
        own[OwnStart] = (float)(double.IsNaN(second) ? 0 : top - second);
        own[Draw] = draw ? 1 : 0;
        own[OwnStart + 2] = (float)top;
        own[OwnStart + 3] = draw ? 0.5f : (float)Place(judgement, firstResponse(favourite));
        own[OwnStart + 4] = judgement.Finish is null or "stop" ? 0 : 1;
        own[OwnStart + 5] = judgement.Tries is { Requests: > 1 } ? 1 : 0;
        own[OwnStart + 6] = judgement.LogProb is { } known && double.IsFinite(known) ? (float)Math.Clamp(known, -100, 0) : 0;
        own[OwnStart + 7] = judgement.LogProb is { } logprob && double.IsFinite(logprob) ? 1 : 0;
        return own;
    }

    private static ReasoningTraits TraitsOf(Judgement judgement) =>
        judgement.Traits ?? (judgement is TracedJudgement traced ? ReasoningTraits.Of(traced.Reasoning, traced.Text) : ReasoningTraits.None);

    /// <summary>Writes the rows of features of some siblings, one rollout or match.</summary>
    /// <param name="start">First row.</param>
    /// <param name="rows">How many rows.</param>
    /// <param name="features">rows × <see cref="Names"/>.Count values, row after row.</param>
    internal static void Fill(ISiblings siblings, int start, int rows, Span<double> features)
    {
        int width = Names.Count;
        int candidates = siblings.Candidates;
        Span<double> sums = stackalloc double[OwnCount];
        sums.Clear();
        double[] totals = new double[candidates];
        int[] seen = new int[candidates];
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<float> own = siblings.Features(start + row);
            for (int i = 0; i < own.Length; i++)
            {
                features[(row * width) + i] = own[i];
                sums[i] += own[i];
            }

            double[] values = siblings.Row(start + row);
            for (int c = 0; c < candidates; c++)
            {
                if (!double.IsNaN(values[c]))
                {
                    totals[c] += values[c];
                    seen[c]++;
                }
            }
        }

        for (int row = 0; row < rows; row++)
        {
            Span<double> line = features.Slice(row * width, width);
            for (int i = 0; i < OwnCount; i++)
            {
                line[OwnCount + i] = rows > 1 ? line[i] - ((sums[i] - line[i]) / (rows - 1)) : 0;
            }

            Span<double> into = line[(2 * OwnCount)..];
            into.Clear();
            Agree(siblings, start, rows, row, into);
            into[2] = Distance(siblings.Row(start + row), totals, seen);
            into[4] = Math.Log(rows);
        }
    }

    // The share of the others that put this one's favourite first among what both looked at, of all others and of those that were
    // shown it at another place; and how sure the others are among themselves.
    private static void Agree(ISiblings siblings, int start, int rows, int row, Span<double> into)
    {
        double[] values = siblings.Row(start + row);
        int favourite = Top(values).Favourite;
        float place = siblings.Features(start + row)[OwnStart + 3];
        double agreed = 0;
        double otherwise = 0;
        int others = 0;
        int otherwiseShown = 0;
        for (int other = 0; other < rows; other++)
        {
            if (other == row)
            {
                continue;
            }

            double[] theirs = siblings.Row(start + other);
            double share = 0;
            int common = 0;
            for (int c = 0; c < values.Length && !double.IsNaN(theirs[favourite]); c++)
            {
                if (c != favourite && !double.IsNaN(values[c]) && !double.IsNaN(theirs[c]))
                {
                    common++;
                    share += theirs[favourite] > theirs[c] ? 1 : theirs[favourite] == theirs[c] ? 0.5 : 0;
                }
            }

            if (common == 0)
            {
                continue;
            }

            share /= common;
            agreed += share;
            others++;

            // Two that were shown the same way choose the same place exactly when they agree.
            bool samePlace = Math.Abs(siblings.Features(start + other)[OwnStart + 3] - place) < 1e-6;
            if (samePlace != share > 0.5)
            {
                otherwise += share;
                otherwiseShown++;
            }
        }

        into[0] = others == 0 ? 0.5 : agreed / others;
        into[1] = otherwiseShown == 0 ? 0.5 : otherwise / otherwiseShown;
        into[3] = others == 0 ? 0 : Math.Abs((2 * into[0]) - 1);
    }

    private static double Distance(double[] values, double[] totals, int[] seen) => Enumerable.Range(0, values.Length)
        .Where(c => !double.IsNaN(values[c]) && seen[c] > 1)
        .Select(c => Math.Abs(values[c] - ((totals[c] - values[c]) / (seen[c] - 1)))).DefaultIfEmpty(0).Average();

    private static (int Favourite, double Top, double Second, bool Draw) Top(double[] values)
    {
        int[] ranked = [.. Enumerable.Range(0, values.Length).Where(c => !double.IsNaN(values[c])).OrderByDescending(c => values[c])];
        int favourite = ranked.FirstOrDefault();
        double second = ranked.Length > 1 ? values[ranked[1]] : double.NaN;
        return (favourite, values[favourite], second, values[favourite] == second);
    }

    // Where the favourite stood, 0 first to 1 last.
    private static double Place(Judgement judgement, int favourite)
    {
        int place = judgement.PlaceOf(judgement.Winner ?? favourite);
        return place == judgement.Order.Count ? 0.5 : (double)place / Math.Max(1, judgement.Order.Count - 1);
    }

    private static string Among(string name) => name + "-among-siblings";
}

/// <summary>Which features a meta reward model may look at.</summary>
public enum MetaFeatureSet
{
    /// <summary>The words alone, and how they differ from the siblings'.</summary>
    Words,

    /// <summary>Words and verdict, and how they differ from the siblings'.</summary>
    Own,

    /// <summary>That, and how far the siblings agree.</summary>
    All,
}
