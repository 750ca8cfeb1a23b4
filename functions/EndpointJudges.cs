using Tribunal.Judging;
using Tribunal.MetaReward;
using Tribunal.Pipeline.Judges;
using Tribunal.Simulator.Judging;

namespace Tribunal.Functions;

/// <summary>Makes the judges that the configuration names.</summary>
internal sealed class EndpointJudges : IJudgeMaker
{
    private readonly JudgeEngine _engine = new();

    public (IJudge Judge, IMetaRewardModel Meta)? Simulated => (new SimulatedJudge(_engine), new SimulatedMetaRewardModel(_engine));

    public IJudge Judge(JudgeSettings settings) => throw new ArgumentException($"judge '{settings.Name}': no adapter for endpoints is built in yet");

    public IMetaRewardModel Meta(Uri endpoint, string model) => throw new ArgumentException("no adapter for meta reward endpoints is built in yet");
}
