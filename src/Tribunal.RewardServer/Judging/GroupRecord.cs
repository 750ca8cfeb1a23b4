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

    /// <summary>How many responses a recorded group had when it was judged before it was whole; null where it was whole.</summary>
    public static int? ArrivedOf(JsonElement? metadata) =>
        metadata is { ValueKind: JsonValueKind.Object } record && record.TryGetProperty("arrived", out JsonElement arrived) ? arrived.GetInt32() : null;

    /// <summary>The schedule of a recorded rollout; empty where it is the server's own.</summary>
    public static string ScheduleOf(JsonElement? metadata) =>
        metadata is { ValueKind: JsonValueKind.Object } record && record.TryGetProperty("schedule", out JsonElement schedule) ? schedule.GetString() ?? "" : "";

    /// <summary>The group of a recorded rollout; null where it has none.</summary>
    public static GroupKey? Read(JsonElement? metadata, UInt128 prompt)
    {
        if (metadata is not { ValueKind: JsonValueKind.Object } record || !record.TryGetProperty("client", out _))
        {
            return null;
        }

        GroupName name = record.Deserialize(ServeJson.Default.GroupName)!;
        return new GroupKey(name.Client ?? "", name.Group, prompt, name.Schedule ?? "");
    }
}

/// <summary>A group's name.</summary>
/// <param name="Client">Hash of who asked; empty where a named group is anybody's.</param>
/// <param name="Group">The name; null where it has none.</param>
/// <param name="Schedule">Who meets whom, where it is another schedule than the server's.</param>
/// <param name="Arrived">How many responses there were, where it was judged before it was whole.</param>
internal sealed record GroupName(string? Client, string? Group, string? Schedule = null, int? Arrived = null);
