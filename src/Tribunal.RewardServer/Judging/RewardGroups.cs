using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// Which responses belong together. Not safe for concurrent use: the desk's lock guards it. Until an answer was handed over, a response
/// is a member of the group that it was judged in; named groups keep their members for retries, the latest of them.
/// </summary>
internal sealed class RewardGroups(RewardOptions options)
{
    private readonly Dictionary<(GroupKey Group, UInt128 Response), Membership> _members = [];
    private readonly Dictionary<GroupKey, Gathering> _open = [];

    // Named groups that were judged before they were whole: who comes late is judged with all of them.
    private readonly Dictionary<GroupKey, Earlier> _partial = [];
    private readonly Queue<(GroupKey Group, IReadOnlyList<UInt128> Responses)> _named = [];

    /// <summary>Groups that are gathering.</summary>
    public int Waiting => _open.Count;

    /// <summary>Them.</summary>
    public IReadOnlyList<WaitingGroup> Gatherings => [.. _open.Values.Select(static one => new WaitingGroup(one.Key.Id, one.Arrived, one.Size))];

    /// <summary>Where all of the responses were judged together; null where one of them was not.</summary>
    public (JudgedRollout Rollout, bool Whole)? MemberOf(GroupKey key, UInt128[] responses) =>
        _members.TryGetValue((key, responses[0]), out Membership first)
            && Array.TrueForAll(responses, response => _members.TryGetValue((key, response), out Membership member) && member.Rollout == first.Rollout)
            ? (first.Rollout, first.Whole)
            : null;

    /// <summary>The group of that key which is gathering; null where none is.</summary>
    public Gathering? Open(GroupKey key) => _open.GetValueOrDefault(key);

    /// <summary>Opens a group; one that was judged before it was whole goes on with what it had.</summary>
    public Gathering Begin(GroupKey key, RewardQuestion question, RewardGroup group, UInt128[] responses)
    {
        var gathering = new Gathering(key, question.Prompt, question.Reference, group.Size ?? options.GroupSize) { Rubric = question.Rubric };
        _open.Add(key, gathering);
        if (_partial.Remove(key, out Earlier? earlier))
        {
            gathering.Take(earlier.Responses, Math.Max(0, earlier.Arrived - responses.Count(response => earlier.Responses.Any(one => one.Key == response))));
        }

        return gathering;
    }

    /// <summary>The groups that are gathering.</summary>
    public IReadOnlyList<Gathering> OpenOnes => [.. _open.Values];

    /// <summary>Ends the gathering. False where it had ended.</summary>
    public bool End(Gathering gathering)
    {
        gathering.Timer?.Dispose();
        return _open.TryGetValue(gathering.Key, out Gathering? open) && open == gathering && _open.Remove(gathering.Key);
    }

    /// <summary>Notes what a group was judged as.</summary>
    public void Judged(Gathering gathering, JudgedRollout rollout)
    {
        Add(gathering.Key, rollout, gathering.IsWhole);
        if (gathering.Key.Id is null)
        {
            return;
        }

        if (!gathering.IsWhole)
        {
            _partial[gathering.Key] = new Earlier([.. gathering.Responses.Select(static pair => (pair.Key, pair.Value))], gathering.Arrived + gathering.Elsewhere);
        }

        Remember(gathering.Key, rollout);
    }

    /// <summary>
    /// Notes a group that the record holds: whose responses wait here have their rollout; and who waits for others of a group that was judged
    /// before it was whole waits with all of it.
    /// </summary>
    /// <param name="key">The group.</param>
    /// <param name="judged">What it was judged as.</param>
    /// <param name="recorded">Its responses.</param>
    /// <param name="arrived">How many there were, where it was not whole.</param>
    public void Recorded(GroupKey key, JudgedRollout judged, IReadOnlyList<Response> recorded, int? arrived)
    {
        Add(key, judged, arrived is null);
        if (_open.TryGetValue(key, out Gathering? open) && open.Responses.Keys.All(response => judged.IndexOf(response) >= 0))
        {
            End(open);
            open.Settle(judged, arrived is null);
        }
        else if (arrived is { } count && key.Id is not null)
        {
            (UInt128 Key, Response Content)[] responses = [.. judged.Keys.Zip(recorded)];
            if (open is not null)
            {
                open.Take(responses, count);
            }
            else
            {
                _partial[key] = new Earlier(responses, count);
            }
        }

        if (key.Id is not null)
        {
            Remember(key, judged);
        }
    }

    private void Remember(GroupKey key, JudgedRollout rollout)
    {
        _named.Enqueue((key, rollout.Keys));
        while (_named.Count > options.RememberedGroups)
        {
            (GroupKey oldest, IReadOnlyList<UInt128> responses) = _named.Dequeue();
            _partial.Remove(oldest);
            foreach (UInt128 response in responses)
            {
                _members.Remove((oldest, response));
            }
        }
    }

    /// <summary>Adds the members of a group that was judged, or is being judged.</summary>
    public void Add(GroupKey key, JudgedRollout rollout, bool whole)
    {
        foreach (UInt128 response in rollout.Keys)
        {
            _members[(key, response)] = new Membership(rollout, whole);
        }
    }

    /// <summary>An answer was handed over: the same response asked about again is another question, of another step or epoch.</summary>
    public void Forget(GroupKey key, IReadOnlyList<UInt128> responses, JudgedRollout rollout)
    {
        foreach (UInt128 response in responses)
        {
            if (_members.TryGetValue((key, response), out Membership member) && member.Rollout == rollout)
            {
                _members.Remove((key, response));
            }
        }
    }

    /// <summary>What a group was judged as before it was whole.</summary>
    private sealed record Earlier(IReadOnlyList<(UInt128 Key, Response Content)> Responses, int Arrived);
}
