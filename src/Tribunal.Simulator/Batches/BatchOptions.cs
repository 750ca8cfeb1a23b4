using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Batches;

/// <summary>A batch to generate.</summary>
public sealed record BatchOptions
{
    /// <summary>How many rollouts; default 1,000.</summary>
    public int Rollouts { get; init; } = 1000;

    /// <summary>The fewest responses of a rollout, at least 1; default 2.</summary>
    public int MinResponses { get; init; } = 2;

    /// <summary>The most responses of a rollout, at most 64; default 3.</summary>
    public int MaxResponses { get; init; } = 3;

    /// <summary>Decides the texts; default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>The judge's seed, which decides latent qualities and hence <c>best</c>; default as <see cref="SimulatedJudgeOptions.Seed"/>.</summary>
    public long JudgeSeed { get; init; } = new SimulatedJudgeOptions().Seed;

    /// <summary>The shortest response aimed at, in tokens; default 30.</summary>
    public int MinTokens { get; init; } = 30;

    /// <summary>The longest response aimed at, in tokens; default 120.</summary>
    public int MaxTokens { get; init; } = 120;

    /// <summary>Ids are this, a dash, and the rollout's number from 0; default <c>sim</c>.</summary>
    public string IdPrefix { get; init; } = "sim";

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    public void Validate()
    {
        Range(Rollouts, 0, int.MaxValue, "rollouts");
        Range(MinResponses, 1, 64, "fewest responses");
        Range(MaxResponses, MinResponses, 64, "most responses");
        Range(MinTokens, 1, 100_000, "shortest response");
        Range(MaxTokens, MinTokens, 100_000, "longest response");
        if (IdPrefix.Length is 0 or > 200 || IdPrefix.Any(char.IsControl))
        {
            throw new ArgumentException("ids start with 1 to 200 characters, none of them a control character");
        }
    }

    private static void Range(int value, int least, int most, string name)
    {
        if (value < least || value > most)
        {
            throw new ArgumentException($"{name}: {least} to {most}, not {value}");
        }
    }
}
