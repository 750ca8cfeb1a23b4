using Tribunal.Verdicts;

namespace Tribunal.Cli.Output;

/// <summary>Means with their ranges, in per cent and in points.</summary>
internal static class SpreadText
{
    public static string Rate(Spread spread) => FormattableString.Invariant($"{100 * spread.Mean:0.0} [{100 * spread.Low:0.0}, {100 * spread.High:0.0}]");

    public static string Points(Spread spread) => FormattableString.Invariant($"{100 * spread.Mean:+0.0;-0.0;0.0} [{100 * spread.Low:+0.0;-0.0;0.0}, {100 * spread.High:+0.0;-0.0;0.0}]");
}
