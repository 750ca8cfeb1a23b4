using System.Text.Json.Serialization;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.MetaReward;

/// <summary>Says how far a judgement can be trusted. Implementations are safe for concurrent use.</summary>
public interface IMetaRewardModel
{
    /// <summary>The name written into manifests.</summary>
    string Name { get; }

    /// <summary>How it is asked and read, where a file says so; null for what is built in.</summary>
    MetaProtocol? Protocol => null;

    /// <summary>Scores one judgement.</summary>
    /// <remarks>DeepSeek-GRM's meta RM reads the query, the responses and the critique, and scores the critique (arXiv 2504.02495).</remarks>
    Task<MetaReading> ScoreAsync(Rollout rollout, TracedJudgement judgement, CancellationToken cancellationToken);

    /// <summary>Whether it takes judgements now. Models that need no endpoint always do.</summary>
    Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => Task.FromResult(new JudgeHealth(true, "ready"));
}

/// <summary>What a meta reward model gave for a judgement.</summary>
/// <param name="Reward">Higher is more trustworthy, in the model's own unit; null where it gave none after its tries.</param>
/// <param name="Usage">Tokens that it read and wrote; an estimate where the server tells none.</param>
/// <param name="PromptCut">Whether the server counted far fewer tokens than the text has words, so that the model can't have seen all of it.</param>
public readonly record struct MetaReading(double? Reward, Usage Usage = default, bool PromptCut = false);

/// <summary>The meta reward model of a run.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record MetaOptions
{
    /// <summary>Its name, endpoint or file; null or <c>none</c> for plain voting.</summary>
    public string? Model { get; init; }

    /// <summary>The fraction of valid judgements that votes, by highest meta reward, in (0, 1]; default ½ as in DeepSeek-GRM (k_meta = k/2).</summary>
    public double Keep { get; init; } = 0.5;

    /// <summary>Whether meta rewards filter (default) or weigh the votes.</summary>
    public MetaUse Use { get; init; } = MetaUse.Filter;

    /// <summary>The softmax temperature of <see cref="MetaUse.Weight"/>, above 0, in the meta reward's own unit; default 1.</summary>
    public double Temperature { get; init; } = 1;
}
