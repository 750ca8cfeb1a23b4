using System.Text.Json.Serialization;

namespace Tribunal.Calibration;

/// <summary>A share with its 95 % interval (Wilson).</summary>
/// <param name="Value">In [0, 1].</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="Of">How many it is a share of.</param>
public sealed record Rate(double Value, double Low, double High, long Of)
{
    /// <summary>Wilson's score interval for a share of <paramref name="of"/>; null when that is 0.</summary>
    /// <param name="count">Hits; may be fractional where ties count in part.</param>
    /// <param name="of">Trials.</param>
    public static Rate? Wilson(double count, long of)
    {
        if (of == 0)
        {
            return null;
        }

        const double Z = 1.959963984540054;
        double p = count / of;
        double z2 = Z * Z / of;
        double centre = (p + (z2 / 2)) / (1 + z2);
        double half = Z / (1 + z2) * Math.Sqrt((p * (1 - p) / of) + (z2 / (4.0 * of)));
        return new Rate(p, Math.Max(0, centre - half), Math.Min(1, centre + half), of);
    }
}
