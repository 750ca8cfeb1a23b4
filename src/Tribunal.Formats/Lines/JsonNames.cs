using Tribunal.Sampling;

namespace Tribunal.Formats.Lines;

/// <summary>Names of enum members as they stand in JSON.</summary>
internal static class JsonNames
{
    /// <summary>Why sampling stopped.</summary>
    public static string Of(StopReason stop) => stop switch
    {
        StopReason.Fixed => "fixed",
        StopReason.Confident => "confident",
        StopReason.Certified => "certified",
        StopReason.Exhausted => "exhausted",
        StopReason.Budget => "budget",
        StopReason.Interrupted => "interrupted",
        _ => throw new ArgumentOutOfRangeException(nameof(stop)),
    };
}
