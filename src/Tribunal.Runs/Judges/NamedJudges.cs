using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Runs.Judges;

/// <summary>A judge that requests may name.</summary>
public sealed record JudgeSource
{
    /// <summary>The judge; its name is what requests say.</summary>
    public required IJudge Judge { get; init; }

    /// <summary>Its model: <c>auto</c> picks the protocol by it.</summary>
    public required string Model { get; init; }

    /// <summary>The protocol of requests that say <c>auto</c>.</summary>
    public string Protocol { get; init; } = "auto";

    /// <summary>A prompt template of the user's instead of the built-in one.</summary>
    public string? Template { get; init; }

    /// <summary>Changes the protocol's sampling parameters; null leaves them.</summary>
    public Func<SamplingDefaults, SamplingDefaults>? Sampling { get; init; }

    /// <summary>Requests under way at once, at most.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>Prices; null where unknown.</summary>
    public TokenPrice? Price { get; init; }

    /// <summary>Whether it is the simulated judge.</summary>
    public bool Simulated { get; init; }
}

/// <summary>Judges and meta reward models that are there already, by name. Checks a request as a whole before anything is spent on it.</summary>
/// <param name="judges">The judges; the first serves requests that name none.</param>
/// <param name="metas">The meta reward models, by their names.</param>
/// <param name="learned">Meta reward models of one's own, by their ids.</param>
public sealed class NamedJudges(IReadOnlyList<JudgeSource> judges, IReadOnlyList<IMetaRewardModel> metas, params IReadOnlyList<LearnedMetaModel> learned) : IJudgeProvider
{
    /// <inheritdoc/>
    public JudgeBinding Resolve(EvaluationRequest request)
    {
        JudgeSource source = judges.FirstOrDefault(judge => request.Judge is null || judge.Judge.Name == request.Judge)
            ?? throw new JudgeConfigurationException($"there is no judge '{request.Judge}'; configured: {string.Join(", ", judges.Select(static judge => judge.Judge.Name))}");
        IProtocol protocol = JudgeResolution.Protocol(request, source.Protocol, source.Model, source.Template);
        SamplingDefaults sampling = source.Sampling?.Invoke(protocol.Defaults) ?? protocol.Defaults;
        if (Schemes.OptionsFor(request, protocol.Kind, protocol.ScoreRange).Problems() is { Count: > 0 } problems)
        {
            throw new JudgeConfigurationException(string.Join("; ", problems));
        }

        if (request.Policy.Cost is not null && source.Price is null)
        {
            throw new JudgeConfigurationException("a budget in money needs the judge's prices");
        }

        if (request.Limits.Cost is not null && source.Price is null)
        {
            throw new JudgeConfigurationException("a limit on cost needs the judge's prices");
        }

        return new JudgeBinding
        {
            Judge = source.Judge,
            Model = source.Model,
            Protocol = protocol,
            Meta = LearnedOf(request.Meta) is null ? MetaOf(request.Meta) : null,
            LearnedMeta = LearnedOf(request.Meta),
            Sampling = sampling,
            Concurrency = source.Concurrency,
            Price = source.Price,
            Simulated = source.Simulated,
        };
    }

    private LearnedMetaModel? LearnedOf(MetaOptions options) => learned.FirstOrDefault(model => model.Id == options.Model);

    private IMetaRewardModel? MetaOf(MetaOptions options)
    {
        if (!MetaWeights.Active(options))
        {
            return null;
        }

        return metas.FirstOrDefault(meta => meta.Name == options.Model)
            ?? throw new JudgeConfigurationException($"there is no meta reward model '{options.Model}'; configured: {string.Join(", ", metas.Select(static meta => meta.Name).DefaultIfEmpty("none"))}");
    }
}
