using Tribunal.Protocols;

namespace Tribunal.Verdicts;

/// <summary>Makes judging schemes out of options.</summary>
public static class JudgingSchemes
{
    /// <summary>A scheme that draws and votes. It is stateless and safe for concurrent use.</summary>
    /// <exception cref="ProblemsException">Options are wrong.</exception>
    public static IJudgingScheme Create(SchemeOptions options)
    {
        Check(options);
        return options.Seats is { Mixed: true } ? new MixedScheme(options) : options.Kind == JudgingKind.Listwise ? new ListScheme(options) : new TournamentScheme(options);
    }

    /// <summary>
    /// A scheme that votes on recorded judgements of any origin: list scores and pair verdicts may be mixed, orders are as
    /// recorded. <see cref="IJudgingScheme.Next"/> never asks for anything. The rule <c>auto</c> sums scores where all judgements
    /// are lists, and otherwise fits Bradley–Terry, a list counting as the wins it implies; under <c>sum</c> and <c>mean</c> a pair
    /// verdict counts as scores 1 and 0.
    /// </summary>
    /// <exception cref="ProblemsException">Options are wrong.</exception>
    public static IJudgingScheme ForRecorded(SchemeOptions options)
    {
        Check(options);
        return new RecordedScheme(options);
    }

    private static void Check(SchemeOptions options)
    {
        if (options.Problems() is { Count: > 0 } problems)
        {
            throw new ProblemsException(problems);
        }
    }
}
