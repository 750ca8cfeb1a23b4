using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Protocols;

/// <summary>What a judge looks at in one call.</summary>
public enum JudgingKind
{
    /// <summary>All responses at once, a score for each.</summary>
    Listwise,

    /// <summary>Two responses, a winner.</summary>
    Pairwise,
}

/// <summary>How a judge is asked and how its answer is read. Implementations are stateless and safe for concurrent use.</summary>
public interface IProtocol
{
    /// <summary>The name in ledgers and on the command line.</summary>
    string Name { get; }

    /// <summary>Lists or pairs.</summary>
    JudgingKind Kind { get; }

    /// <summary>Whether judgements name the task type that the judge perceived (<see cref="Reading.Task"/>).</summary>
    bool NamesTask => false;

    /// <summary>Sampling parameters that the model's authors used for voting.</summary>
    SamplingDefaults Defaults { get; }

    /// <summary>The smallest and largest score that a valid judgement may hold, for listwise protocols.</summary>
    (double Min, double Max) ScoreRange { get; }

    /// <summary>Why this protocol can't score the rollout; null when it can.</summary>
    string? WhyNot(Rollout rollout);

    /// <summary>Writes the prompt that shows the responses <paramref name="order"/> (displayed → original).</summary>
    JudgePrompt Compose(Rollout rollout, IReadOnlyList<int> order);

    /// <summary>Reads an answer. Never throws; scores come back in displayed order, the winner as a displayed position.</summary>
    /// <param name="reply">What the judge answered.</param>
    /// <param name="shown">How many responses it was shown.</param>
    Reading Read(JudgeReply reply, int shown);

    /// <summary>Reads an answer about a rollout, as <see cref="Read(JudgeReply, int)"/>, where what it says depends on what the rollout carries.</summary>
    /// <param name="reply">What the judge answered.</param>
    /// <param name="rollout">The rollout.</param>
    /// <param name="order">Displayed position → original index, as composed.</param>
    Reading Read(JudgeReply reply, Rollout rollout, IReadOnlyList<int> order) => Read(reply, order.Count);
}

/// <summary>Sampling parameters.</summary>
/// <param name="Temperature">0 or more.</param>
/// <param name="TopP">In (0, 1].</param>
/// <param name="MaxTokens">Output budget, thinking included.</param>
/// <param name="ThinkingTokens">Thinking budget, where the server has one.</param>
public sealed record SamplingDefaults(double Temperature, double TopP, int MaxTokens, int? ThinkingTokens = null);

/// <summary>A composed prompt.</summary>
/// <param name="Messages">What is sent.</param>
/// <param name="Neutralised">How many delimiters or verdict strings of the grammar were neutralised in the rollout's texts.</param>
public sealed record JudgePrompt(IReadOnlyList<Message> Messages, int Neutralised)
{
    /// <summary>What goes into the request besides the messages; null for nothing.</summary>
    public RequestFields? Fields { get; init; }

    /// <summary>
    /// The messages of each call, in displayed order, where the judge is asked about one response at a time; null where one call
    /// shows all of them.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<Message>>? Parts { get; init; }

    /// <summary>The words whose probabilities the answer is read by; null where its text alone is.</summary>
    public IReadOnlyCollection<string>? Words { get; init; }

    /// <summary>What the calls of <see cref="Parts"/> are about: a response each, unless it says otherwise.</summary>
    public string PartName { get; init; } = "response";

    /// <summary>Whether the endpoint is a classic reward model, whose number is the answer.</summary>
    public bool Scalar { get; init; }
}

/// <summary>An answer, read. Positions are displayed positions from 0.</summary>
/// <param name="Outcome">What became of it; <see cref="JudgementOutcome.Failed"/> where the server ended it by a word that stands for no good end.</param>
/// <param name="Scores">A score per displayed response, for listwise protocols.</param>
/// <param name="Winner">The displayed position of the winner, for pair protocols.</param>
/// <param name="Why">Why there is no verdict.</param>
/// <param name="Task">The task type that the judge named, if any.</param>
public sealed record Reading(JudgementOutcome Outcome, IReadOnlyList<double>? Scores = null, int? Winner = null, string? Why = null, string? Task = null)
{
    /// <summary>The numbers of a classic reward model behind the scores, on the model's own scale; null for other judges.</summary>
    public IReadOnlyList<double>? Logits { get; init; }

    /// <summary>The grades of a rubric's criteria behind the scores, of displayed responses; null for other judges.</summary>
    public IReadOnlyList<CriterionGrades>? Criteria { get; init; }
}
