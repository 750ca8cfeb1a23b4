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

    /// <summary>Scores one judgement; higher is more trustworthy; null where the model gave no answer after its tries.</summary>
    /// <remarks>DeepSeek-GRM's meta RM reads the query, the responses and the critique, and scores the critique (arXiv 2504.02495).</remarks>
    Task<double?> ScoreAsync(Rollout rollout, Judgement judgement, CancellationToken cancellationToken);

    /// <summary>Whether it takes judgements now. Models that need no endpoint always do.</summary>
    Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => Task.FromResult(new JudgeHealth(true, "ready"));
}

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
