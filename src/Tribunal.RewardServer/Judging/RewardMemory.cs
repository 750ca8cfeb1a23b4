using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// What was asked, drawn and said, by a rollout's name: since the start, and as the ledger holds it from before and from other instances. The
/// desk's lock guards it.
/// </summary>
internal sealed class RewardMemory(RewardGroups groups)
{
    private readonly Dictionary<string, JudgedRollout> _rollouts = new(StringComparer.Ordinal);

    // Of rollouts that another instance wrote down after their file was read.
    private readonly Dictionary<string, List<Judgement>> _early = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Verdict> _said = new(StringComparer.Ordinal);

    public JudgedRollout? Find(string id) => _rollouts.GetValueOrDefault(id);

    public void Add(JudgedRollout rollout) => _rollouts.Add(rollout.Id, rollout);

    public void Read(Rollout rollout)
    {
        GroupName? name = GroupRecord.Read(rollout.Metadata);
        GroupKey? recorded = name?.KeyOf(ContentKey.OfPrompt(rollout.Prompt, rollout.Reference, rollout.Rubric));
        bool known = _rollouts.TryGetValue(rollout.Id, out JudgedRollout? judged);
        if (!known)
        {
            judged = new JudgedRollout(rollout.Id, [.. rollout.Responses.Select(ContentKey.OfResponse)], name?.Schedule ?? "") { Kept = rollout };
            _rollouts.Add(rollout.Id, judged);
        }

        judged!.Recorded = true;
        judged.Group ??= recorded;
        if (recorded is { } group && !(known && group.Id is null))
        {
            groups.Recorded(group, judged, rollout.Responses, name!.Arrived);
        }

        if (_early.Remove(rollout.Id, out List<Judgement>? early))
        {
            early.ForEach(judged.Add);
        }

        if (_said.Remove(rollout.Id, out Verdict? said))
        {
            Read(said);
        }
    }

    public void Read(Judgement judgement)
    {
        if (_rollouts.TryGetValue(judgement.RolloutId, out JudgedRollout? judged))
        {
            judged.Add(judgement);
        }
        else
        {
            (_early.TryGetValue(judgement.RolloutId, out List<Judgement>? early) ? early : _early[judgement.RolloutId] = []).Add(judgement);
        }
    }

    public void Read(Verdict verdict)
    {
        if (!_rollouts.TryGetValue(verdict.Id, out JudgedRollout? judged))
        {
            _said[verdict.Id] = verdict;
            return;
        }

        if (judged.Verdict is not null)
        {
            return;
        }

        judged.Finish(verdict);
        if (judged.Group is { Id: null } group)
        {
            // It was handed over, as far as anybody can know.
            groups.Forget(group, judged.Keys, judged);
        }
    }
}
