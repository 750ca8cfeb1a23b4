namespace Tribunal.Benchmarks;

/// <summary>The suites that Tribunal knows.</summary>
public static class BenchmarkSuites
{
    /// <summary>All of them, in the order people look for them.</summary>
    public static IReadOnlyList<IBenchmarkSuite> All { get; } =
    [
        new RewardBench(), new RewardBench2(), new RmBench(), new JudgeBench(), new PpePreference(), new PpeCorrectness(), new PpeBestOfK(), new Rmb(), new LlmBar(),
    ];

    /// <summary>The suite with a name; null when there is none.</summary>
    public static IBenchmarkSuite? Find(string name) => All.FirstOrDefault(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));
}
