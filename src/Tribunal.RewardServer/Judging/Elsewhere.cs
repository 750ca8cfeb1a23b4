using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// Responses that wait for their groups at other instances, as these write it down. Not safe for concurrent use: the desk's lock guards it.
/// Times are this instance's own: of when it read a line.
/// </summary>
internal sealed class Elsewhere(TimeProvider time)
{
    // An instance with something open says every second that it lives.
    private static readonly TimeSpan Dead = TimeSpan.FromSeconds(5);
    private readonly Dictionary<(string Instance, long Number), Waiting> _waiting = [];
    private readonly Dictionary<GroupKey, List<Waiting>> _groups = [];
    private readonly Dictionary<string, long> _signs = new(StringComparer.Ordinal);

    /// <summary>
    /// Notes a line. What was written before this instance's start is no sign that its writer lives. A response that was judged there counts
    /// here as long as others of its group wait here.
    /// </summary>
    /// <param name="instance">Who wrote it.</param>
    /// <param name="arrival">The line.</param>
    /// <param name="old">Whether it may have been written before this instance's start.</param>
    /// <param name="isOpen">Whether responses of a group wait here.</param>
    public void Read(string instance, Arrival arrival, bool old, Func<GroupKey, bool> isOpen)
    {
        long now = time.GetTimestamp();
        if (!old)
        {
            _signs[instance] = now;
        }

        if (arrival is { Rollout: { } rollout, Group: { } group })
        {
            UInt128 prompt = ContentKey.OfPrompt(rollout.Prompt, rollout.Reference, rollout.Rubric);
            var waiting = new Waiting(instance, arrival.Number, new GroupKey(group.Client ?? "", group.Group, prompt, group.Schedule ?? ""), rollout.Responses, [.. rollout.Responses.Select(ContentKey.OfResponse)], now);
            _waiting[(instance, arrival.Number)] = waiting;
            (_groups.TryGetValue(waiting.Group, out List<Waiting>? known) ? known : _groups[waiting.Group] = []).Add(waiting);
        }
        else if (_waiting.Remove((instance, arrival.Number), out Waiting? gone) && !(arrival.Judged && isOpen(gone.Group)) && _groups.TryGetValue(gone.Group, out List<Waiting>? left))
        {
            left.Remove(gone);
            if (left.Count == 0)
            {
                _groups.Remove(gone.Group);
            }
        }
    }

    /// <summary>A group that waited here no longer does: what was judged of it elsewhere no longer counts.</summary>
    public void Settled(GroupKey group)
    {
        if (_groups.TryGetValue(group, out List<Waiting>? known) && known.RemoveAll(one => !_waiting.ContainsKey((one.Instance, one.Number))) > 0 && known.Count == 0)
        {
            _groups.Remove(group);
        }
    }

    /// <summary>
    /// How many responses of a group wait elsewhere. One that came again, here or to a third instance, after its instance last said that it
    /// lives is not counted twice: its client may have left a dead one.
    /// </summary>
    /// <param name="gathering">Those that are here.</param>
    public int CountOf(Gathering gathering)
    {
        IReadOnlyList<Waiting> there = LiveOf(gathering.Key);
        return there.Sum(one => one.Keys.Count(key =>
            !(gathering.SeenAt(key) > _signs[one.Instance]) && !there.Any(other => other.Instance != one.Instance && other.At > _signs[one.Instance] && other.Keys.Contains(key))));
    }

    /// <summary>The responses of a group that wait elsewhere.</summary>
    public IEnumerable<(UInt128 Key, Response Content)> ResponsesOf(GroupKey group) => LiveOf(group).SelectMany(static one => one.Keys.Zip(one.Responses));

    private Waiting[] LiveOf(GroupKey group) => _groups.TryGetValue(group, out List<Waiting>? waiting)
        ? [.. waiting.Where(one => _signs.TryGetValue(one.Instance, out long sign) && time.GetElapsedTime(sign) < Dead)]
        : [];

    private sealed record Waiting(string Instance, long Number, GroupKey Group, IReadOnlyList<Response> Responses, UInt128[] Keys, long At);
}
