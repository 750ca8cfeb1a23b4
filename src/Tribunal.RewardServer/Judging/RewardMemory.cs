using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>What was asked, drawn and said, by a rollout's name: since the start, and as the ledger holds it from before. The desk's lock guards it.</summary>
internal sealed class RewardMemory(RewardGroups groups)
{
    private readonly Dictionary<string, JudgedRollout> _rollouts = new(StringComparer.Ordinal);

    public JudgedRollout? Find(string id) => _rollouts.GetValueOrDefault(id);

    public void Add(JudgedRollout rollout) => _rollouts.Add(rollout.Id, rollout);

    public void Add(Rollout rollout)
    {
        UInt128 prompt = ContentKey.OfPrompt(rollout.Prompt, rollout.Reference, rollout.Rubric);
        UInt128[] keys = [.. rollout.Responses.Select(ContentKey.OfResponse)];
        if (_rollouts.ContainsKey(rollout.Id))
        {
            return;
        }

        GroupKey? recorded = GroupRecord.Read(rollout.Metadata, prompt);
        var judged = new JudgedRollout(rollout.Id, keys, GroupRecord.ScheduleOf(rollout.Metadata)) { Group = recorded, Recorded = true, Kept = rollout };
        _rollouts.Add(rollout.Id, judged);
        if (recorded is { } group)
        {
            groups.Add(group, judged, whole: true);
        }
    }

    public void Add(Judgement judgement)
    {
        if (_rollouts.TryGetValue(judgement.RolloutId, out JudgedRollout? judged))
        {
            judged.Add(judgement);
        }
    }

    public void Add(Verdict verdict)
    {
        if (_rollouts.TryGetValue(verdict.Id, out JudgedRollout? judged))
        {
            judged.Finish(verdict);
            if (judged.Group is { Id: null } group)
            {
                // It was handed over, as far as anybody can know.
                groups.Forget(group, judged.Keys, judged);
            }
        }
    }
}
