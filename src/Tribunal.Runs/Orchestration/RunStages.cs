namespace Tribunal.Runs.Orchestration;

/// <summary>The words for where a run stands, as <see cref="RunProgress.Stage"/> has them.</summary>
public static class RunStages
{
    /// <summary>The batch is read and cut.</summary>
    public const string Planning = "planning";

    /// <summary>The judge, or the meta reward model, is starting.</summary>
    public const string WaitingForJudge = "waiting-for-judge";

    /// <summary>Judgements are drawn.</summary>
    public const string Judging = "judging";

    /// <summary>The results are put together.</summary>
    public const string Publishing = "publishing";

    /// <summary>How a run ended.</summary>
    /// <param name="complete">Whether every rollout has its verdict.</param>
    /// <param name="cancelled">Whether somebody cancelled it.</param>
    public static string Of(bool complete, bool cancelled) => complete ? "done" : cancelled ? "cancelled" : "failed";
}
