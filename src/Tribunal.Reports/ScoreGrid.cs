using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Reports;

/// <summary>The grid that a run's rewards lie on.</summary>
internal static class ScoreGrid
{
    private const int MostBins = 40;

    /// <summary>
    /// Into how many equal steps [0, 1] is cut for bins around the marks: as many as whole scores have, or so many times as many that a
    /// bin holds as many of the values that a mean of the votes can take as any other.
    /// </summary>
    public static int StepsOf(string protocol, string? model, EvaluationRequest request, int samples)
    {
        if (!ProtocolCatalog.Names.Contains(protocol, StringComparer.Ordinal) || ProtocolCatalog.Resolve(protocol, model).Protocol is not { Kind: JudgingKind.Listwise } lists)
        {
            return Histogram.Usual;
        }

        double span = lists.ScoreRange.Max - lists.ScoreRange.Min;
        if (span is < 1 or > MostBins || span != Math.Floor(span))
        {
            return Histogram.Usual;
        }

        // A filter by meta reward leaves so many votes.
        int votes = request.Meta.Model is null or "none" || request.Meta.Use != MetaReward.MetaUse.Filter ? samples : Math.Max(1, (int)Math.Round(samples * request.Meta.Keep));
        int steps = (int)span;
        for (int times = MostBins / steps; times > 1; times--)
        {
            if (votes % times == 0)
            {
                return steps * times;
            }
        }

        return steps;
    }
}
