namespace Tribunal.Runs.Resuming;

/// <summary>
/// How hosts that keep histories try a step again. The judge's own hiccups are retried inside the step: what arrives here is storage
/// that was away, a process that died, or a part whose dead writer still holds its lease (15 s). Six tries over two minutes or so are
/// longer than any lease and shorter than anybody's patience.
/// </summary>
public static class StepRetries
{
    /// <summary>Tries in all.</summary>
    public const int Tries = 6;

    /// <summary>By what each pause is longer than the one before.</summary>
    public const double Factor = 2;

    /// <summary>The first pause.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(5);

    /// <summary>The longest pause.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
}
