using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
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

    /// <summary>Whether a judge grades by rubrics or is shown them.</summary>
    internal static bool ShowRubrics(JudgeRoutes routes) => routes.All.Any(static judge => judge.Protocol is DeclaredProtocol { ShowsRubric: true });

    /// <summary>The rubric of a client's rollout: that of its id or its domain in the server's file, or its own; null for the server's own.</summary>
    internal static Rubric? RubricOf(JudgeRoutes routes, Rollout rollout) =>
        routes.All.Select(static judge => judge.Protocol).OfType<DeclaredProtocol>().FirstOrDefault(static protocol => protocol.ShowsRubric)?.OwnRubric(rollout) ?? rollout.Rubric;

    /// <summary>The key of a question's prompt. A rubric that nobody would look at is refused: it is no small matter to whoever sent it.</summary>
    /// <exception cref="ProblemsException">The judge is shown no rubric.</exception>
    internal static UInt128 KeyOf(JudgeRoutes routes, RewardQuestion question) => question.Rubric is null || ShowRubrics(routes)
        ? ContentKey.OfPrompt(question.Prompt, question.Reference, question.Rubric)
        : throw new ProblemsException([new Problem("rubric", $"{routes.Own.Protocol.Name} shows its judge no rubric: rubric-together and rubric-apart grade by one; prometheus-absolute, selene-pair and others show it")]);
}
