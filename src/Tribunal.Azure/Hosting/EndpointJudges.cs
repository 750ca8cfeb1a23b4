using Microsoft.Extensions.Logging;
using Tribunal.Inference;
using Tribunal.Inference.Endpoints;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Simulator.Judging;

namespace Tribunal.Azure.Hosting;

/// <summary>Makes the judges that the configuration names: endpoints, and the simulated judge in this process.</summary>
public sealed class EndpointJudges(ILoggerFactory loggers, TimeProvider time) : IJudgeMaker, IDisposable
{
    private readonly JudgeFactory _factory = new(loggers, time);
    private readonly JudgeEngine _engine = new();

    /// <inheritdoc/>
    public (IJudge Judge, IMetaRewardModel Meta)? Simulated => (new SimulatedJudge(_engine), new SimulatedMetaRewardModel(_engine));

    /// <inheritdoc/>
    public IJudge Judge(JudgeSettings settings) => _factory.Create(new JudgeEndpointOptions
    {
        Name = settings.Name,
        Endpoint = settings.Endpoint,
        Model = settings.Model,
        ApiKeyEnv = settings.ApiKeyVariable,
        Concurrency = settings.Concurrency,
        Omit = settings.Omit,
    });

    /// <inheritdoc/>
    public IMetaRewardModel Meta(Uri endpoint, string model) => _factory.CreateMeta(new MetaEndpointOptions { Name = "meta", Endpoint = endpoint, Model = model });

    /// <inheritdoc/>
    public void Dispose() => _factory.Dispose();
}
