using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>The last groups that were judged, the latest first. Safe for concurrent use.</summary>
internal sealed class RecentGroups
{
    private const int Kept = 20;
    private readonly LinkedList<RecentGroup> _groups = [];

    /// <summary>Them.</summary>
    public IReadOnlyList<RecentGroup> Latest
    {
        get
        {
            lock (_groups)
            {
                return [.. _groups];
            }
        }
    }

    internal void Add(RecentGroup group)
    {
        lock (_groups)
        {
            _groups.AddFirst(group);
            if (_groups.Count > Kept)
            {
                _groups.RemoveLast();
            }
        }
    }
}

/// <summary>A group that was judged.</summary>
/// <param name="Verdict">What was said of it.</param>
/// <param name="At">When.</param>
/// <param name="Took">From the first draw to the verdict.</param>
internal sealed record RecentGroup(Verdict Verdict, DateTimeOffset At, TimeSpan Took);

/// <summary>A group that waits for its other responses.</summary>
/// <param name="Id">Its name; null where it has none.</param>
/// <param name="Arrived">Responses that are there.</param>
/// <param name="Size">Responses that it waits for; null where nobody said.</param>
internal sealed record WaitingGroup(string? Id, int Arrived, int? Size);
