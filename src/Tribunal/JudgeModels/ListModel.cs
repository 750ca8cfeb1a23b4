namespace Tribunal.JudgeModels;

/// <summary>
/// How a judge of lists scores, in shares of the score range and apart from how generous a judgement is as a whole: true means of the
/// responses of a rollout are normal with a spread that all rollouts share, scores are normal about them, and how noisy a rollout's
/// scores are is log-normal over rollouts.
/// </summary>
public sealed record ListModel
{
    /// <summary>Standard deviation of the responses' true means inside a rollout.</summary>
    public required double Spread { get; init; }

    /// <summary>Standard deviation of one judgement's score of a response: the median over rollouts.</summary>
    public required double Noise { get; init; }

    /// <summary>Standard deviation, over rollouts, of the logarithm of that.</summary>
    public double NoiseSpread { get; init; }

    /// <summary>What being shown first is worth over being shown last; between, in proportion.</summary>
    public double First { get; init; }

    /// <summary>Rollouts that it was fitted on.</summary>
    public int Lists { get; init; }

    /// <summary>Judgements that it was fitted on.</summary>
    public long Judgements { get; init; }

    /// <summary>The share of a score's variance inside a rollout that is the response's own: what two judgements have in common, in [0, 1].</summary>
    public double Reliability { get; init; }
}
