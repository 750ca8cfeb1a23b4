using Tribunal.MetaReward;
using Tribunal.Protocols;

namespace Tribunal.Runs.Judges;

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
