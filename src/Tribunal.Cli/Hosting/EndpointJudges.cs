using Microsoft.Extensions.Logging;
using Tribunal.Inference;
using Tribunal.Inference.Endpoints;
using Tribunal.Judging;
using Tribunal.MetaReward;
using Tribunal.Pipeline.Judges;
using Tribunal.Simulator.Judging;

namespace Tribunal.Hosting;

/// <summary>Makes the judges that the configuration names. Both hosts of the pipeline compile this file.</summary>
internal sealed class EndpointJudges(ILoggerFactory loggers, TimeProvider time) : IJudgeMaker, IDisposable
{
    private readonly JudgeFactory _factory = new(loggers, time);
    private readonly JudgeEngine _engine = new();

    public (IJudge Judge, IMetaRewardModel Meta)? Simulated => (new SimulatedJudge(_engine), new SimulatedMetaRewardModel(_engine));

    public IJudge Judge(JudgeSettings settings) => _factory.Create(new JudgeEndpointOptions
    {
        Name = settings.Name,
        Endpoint = settings.Endpoint,
        Model = settings.Model,
        ApiKeyEnv = settings.ApiKeyVariable,
        Concurrency = settings.Concurrency,
    });

    public IMetaRewardModel Meta(Uri endpoint, string model) => _factory.CreateMeta(new MetaEndpointOptions { Name = "meta", Endpoint = endpoint, Model = model });

    public void Dispose() => _factory.Dispose();
}
