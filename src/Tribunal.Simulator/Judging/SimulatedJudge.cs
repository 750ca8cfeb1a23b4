using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;

namespace Tribunal.Simulator.Judging;

/// <summary>The simulated judge in this process: no network, no waiting, the answers that the server would give.</summary>
/// <param name="engine">The engine.</param>
/// <param name="name">The judge's name.</param>
public sealed class SimulatedJudge(JudgeEngine engine, string name = SimulatedJudgeOptions.DefaultModel) : IJudge
{
    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string? Prepare(IProtocol protocol) => engine.Learn(protocol);

    /// <inheritdoc/>
    /// <remarks>The reply's latency is zero, so that runs repeat to the byte.</remarks>
    public Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        cancellationToken.ThrowIfCancellationRequested();
        if (question.Scalar)
        {
            return Task.FromResult(new JudgeReply { Text = ScalarText.Of(engine.Reward(name, question.Messages)), Finish = "stop" });
        }

        var request = new SimulatedRequest
        {
            Model = name,
            Messages = question.Messages,
            Seed = question.Seed,
            Temperature = question.Temperature,
            MaxTokens = question.MaxTokens,
        };
        if (engine.WhyNot(request) is { } reason)
        {
            return Task.FromException<JudgeReply>(new JudgeException(JudgeFault.RequestRefused, reason, new Tries()));
        }

        SimulatedAnswer answer = engine.Answer(request);
        return Task.FromResult(new JudgeReply
        {
            Text = answer.Text,
            Reasoning = answer.Reasoning,
            Finish = answer.Finish,
            Refusal = answer.Refusal,
            Tokens = question.Fields is { TokenProbabilities: true } ? answer.Tokens : null,
            Usage = answer.Usage,
        });
    }

    /// <inheritdoc/>
    public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new JudgeHealth(Ready: true, "simulated in this process"));
}

/// <summary>The simulated meta reward model in this process.</summary>
/// <param name="engine">The engine of the judge whose critiques are scored.</param>
public sealed class SimulatedMetaRewardModel(JudgeEngine engine) : IMetaRewardModel
{
    /// <summary>The name written into manifests.</summary>
    public const string DefaultName = "simulated-meta";

    /// <inheritdoc/>
    public string Name => DefaultName;

    /// <inheritdoc/>
    public Task<MetaReading> ScoreAsync(Rollout rollout, TracedJudgement judgement, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(judgement);
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new MetaReading(engine.MetaReward(judgement.Text ?? "")));
    }
}
