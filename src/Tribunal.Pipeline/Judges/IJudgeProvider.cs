using Tribunal.Judging;
using Tribunal.MetaReward;
using Tribunal.Pipeline.Orchestration;

namespace Tribunal.Pipeline.Judges;

/// <summary>Turns the names in a request into what judges it. The one place where configuration meets endpoints.</summary>
public interface IJudgeProvider
{
    /// <summary>Resolves a request.</summary>
    /// <exception cref="JudgeConfigurationException">A name is unknown or a combination can't work; the message says which.</exception>
    JudgeBinding Resolve(EvaluationRequest request);
}

/// <summary>What judges a run.</summary>
public sealed record JudgeBinding
{
    /// <summary>The judge.</summary>
    public required IJudge Judge { get; init; }

    /// <summary>Its model.</summary>
    public required string Model { get; init; }

    /// <summary>How it is asked.</summary>
    public required IProtocol Protocol { get; init; }

    /// <summary>The meta reward model that is asked about every judgement; null for none.</summary>
    public IMetaRewardModel? Meta { get; init; }

    /// <summary>The meta reward model that scores a rollout's judgements together at every vote; null for none.</summary>
    public LearnedMetaModel? LearnedMeta { get; init; }

    /// <summary>Sampling parameters.</summary>
    public required SamplingDefaults Sampling { get; init; }

    /// <summary>Requests under way at once, at most.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>Prices; null where unknown.</summary>
    public TokenPrice? Price { get; init; }

    /// <summary>Whether the judge is the simulated one.</summary>
    public bool Simulated { get; init; }
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
