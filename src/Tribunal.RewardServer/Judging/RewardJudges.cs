using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.RewardServer.Judging;

/// <summary>What judges rewards on demand: as a run's, but for what needs all of a batch.</summary>
public static class RewardJudges
{
    /// <summary>What judges a request.</summary>
    /// <param name="judges">The judges that there are.</param>
    /// <param name="request">The request.</param>
    /// <param name="files">The texts of the files that it names, by their paths.</param>
    /// <exception cref="JudgeConfigurationException">Something can't work; the message lists every problem.</exception>
    public static JudgeRoutes Resolve(JudgeRegistry judges, EvaluationRequest request, IReadOnlyDictionary<string, string> files)
    {
        ArgumentNullException.ThrowIfNull(judges);
        ArgumentNullException.ThrowIfNull(request);
        return request.Judges is { Weights: not PanelMethod.Equal }
            ? throw new JudgeConfigurationException([new Problem("judges.weights", "weights are learned from the judgements of a whole run, and rewards on demand have none: give a file of train panel")])
            : judges.Resolve(request, files);
    }
}
