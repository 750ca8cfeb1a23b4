using Tribunal.Formats.Batches;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Resuming;

/// <summary>What fails again however often it is tried: the batch is gone, changed or unreadable, or what is asked for can't be had.</summary>
public static class Hopeless
{
    private static readonly Type[] Kinds =
    [
        typeof(FileNotFoundException), typeof(BatchChangedException), typeof(BatchFormatException), typeof(RunMismatchException), typeof(RunDamagedException),
        typeof(JudgeConfigurationException),
        typeof(ArgumentException), typeof(ProblemsException), typeof(ArgumentOutOfRangeException), typeof(ArgumentNullException),
    ];

    /// <summary>Whether another try, on another machine or another day, can't help.</summary>
    public static bool Is(Exception exception) => Array.Exists(Kinds, kind => kind.IsInstanceOfType(exception));

    /// <summary>The same by the name of an exception's type, with or without its namespace: what crosses the boundary of a durable activity.</summary>
    public static bool Is(string type) => Array.Exists(Kinds, kind => type.EndsWith(kind.Name, StringComparison.Ordinal) && (type.Length == kind.Name.Length || type[^(kind.Name.Length + 1)] == '.'));
}
