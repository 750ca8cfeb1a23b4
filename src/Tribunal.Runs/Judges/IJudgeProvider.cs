using Tribunal.Judgements;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Runs.Judges;

/// <summary>Turns the names in a request into what judges it. The one place where configuration meets endpoints.</summary>
public interface IJudgeProvider
{
    /// <summary>Resolves a request.</summary>
    /// <exception cref="JudgeConfigurationException">A name is unknown or a combination can't work; the message says which.</exception>
    JudgeBinding Resolve(EvaluationRequest request);
}

/// <summary>Prices per million tokens, in one currency.</summary>
/// <param name="Input">Prompt tokens.</param>
/// <param name="Output">Generated tokens.</param>
public sealed record TokenPrice(double Input, double Output)
{
    /// <summary>The cost of a usage.</summary>
    public double Of(Usage usage) => ((usage.Input * Input) + (usage.Output * Output)) / 1e6;
}

/// <summary>The configuration of judges can't serve a request.</summary>
public sealed class JudgeConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
