using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Training;

namespace Tribunal.Formats.TrainingSets;

/// <summary>Composes examples: the prompt that the judge got, and what it wrote.</summary>
internal sealed class ExampleComposer(IProtocol protocol, TrainingExportOptions options, bool simulated)
{
    /// <summary>Examples whose prompts hold another number of neutralised strings than the ledger says.</summary>
    public long Changed { get; private set; }

    /// <summary>What the judge was asked and answered: once, or once for each response or criterion. Nothing where its answers can't be told apart.</summary>
    public IReadOnlyList<(List<TurnRow> Prompt, TracedJudgement Said)> Calls(Rollout rollout, Trajectory trajectory) =>
        [.. (Asked(rollout, trajectory).Calls(trajectory.Judgement) ?? []).Select(static call => (Turns(call.Messages), call.Said))];

    private JudgePrompt Asked(Rollout rollout, Trajectory trajectory)
    {
        TracedJudgement judgement = trajectory.Judgement;
        JudgePrompt prompt = protocol.Compose(options.View.Of(rollout), judgement.Order);
        Changed += prompt.Neutralised == (judgement.Neutralised ?? 0) ? 0 : 1;
        if (judgement.Hinted && !options.StripHints)
        {
            prompt = Hints.Append(prompt, protocol.Name, Enumerable.Range(0, judgement.Order.Count).First(i => trajectory.Label!.Best.Contains(judgement.Order[i])));
        }

        return prompt;
    }

    private static List<TurnRow> Turns(IReadOnlyList<Message> messages) => [.. messages.Select(static m => new TurnRow(m.Role, m.Content))];

    public static TurnRow Answer(TracedJudgement judgement) => new("assistant", Trajectory.WithThinking(judgement));

    public static ReasonedTurnRow ReasonedAnswer(TracedJudgement judgement)
    {
        (string? reasoning, string answer) = Trajectory.Split(judgement);
        return new ReasonedTurnRow("assistant", answer, reasoning);
    }

    public T From<T>(T row, Rollout rollout, TracedJudgement judgement)
        where T : TrainingRow => row with
        {
            RolloutId = rollout.Id,
            Sample = judgement.Sample,
            Judge = judgement.Judge,
            Domain = rollout.Domain,
            Hinted = judgement.Hinted,
            Simulated = simulated,
        };

    /// <summary>A prompt for RL; all of <paramref name="same"/> were asked by it.</summary>
    public VerlRow Verl(Rollout rollout, IReadOnlyList<Trajectory> same, long index)
    {
        Trajectory first = same[0];
        return new VerlRow(
            $"tribunal/{protocol.Name}",
            Turns(Asked(rollout, first).Messages),
            "judging",
            new RewardModelField("rule", OutcomeRewards.AnswerOf(protocol.Name, first.Judgement.Order, first.Label!)),
            new ExtraInfoField("train", index, rollout.Id, rollout.Domain, first.Judgement.Order, same.Count, same.Average(static t => (double)t.Reward), simulated));
    }
}
