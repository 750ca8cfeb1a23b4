using System.Text.Json;

namespace Tribunal.RewardServer.Judging;

/// <summary>A group as it is recorded beside its rollout, so that a restarted server finds what it was judging.</summary>
internal static class GroupRecord
{
    /// <summary>What is recorded of a group.</summary>
    /// <param name="group">The group; null for a rollout that was asked for as a whole.</param>
    /// <param name="schedule">Who meets whom; empty where it is the server's own.</param>
    /// <param name="arrived">How many responses there were, where it was judged before it was whole; null otherwise.</param>
    public static JsonElement? Of(GroupKey? group, string schedule, int? arrived = null) => group is null && schedule.Length == 0
        ? null
        : JsonSerializer.SerializeToElement(NameOf(group, schedule) with { Arrived = arrived }, ServeJson.Default.GroupName);

    /// <summary>A group's name as it is written down.</summary>
    public static GroupName NameOf(GroupKey? group, string schedule) => new(group?.Client, group?.Id, schedule.Length == 0 ? null : schedule);

    /// <summary>What is recorded beside a rollout; null where nothing is.</summary>
    public static GroupName? Read(JsonElement? metadata) => metadata is { ValueKind: JsonValueKind.Object } record ? record.Deserialize(ServeJson.Default.GroupName) : null;
}

/// <summary>A group's name.</summary>
/// <param name="Client">Hash of who asked; empty where a named group is anybody's.</param>
/// <param name="Group">The name; null where it has none.</param>
/// <param name="Schedule">Who meets whom, where it is another schedule than the server's.</param>
/// <param name="Arrived">How many responses there were, where it was judged before it was whole.</param>
internal sealed record GroupName(string? Client, string? Group, string? Schedule = null, int? Arrived = null)
{
    /// <summary>The group of a prompt; null for a rollout that was asked for as a whole.</summary>
    public GroupKey? KeyOf(UInt128 prompt) => Client is null ? null : new GroupKey(Client, Group, prompt, Schedule ?? "");
}
