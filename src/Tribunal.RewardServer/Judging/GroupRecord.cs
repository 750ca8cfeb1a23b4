using System.Text.Json;

namespace Tribunal.RewardServer.Judging;

/// <summary>A group as it is recorded beside its rollout, so that a restarted server finds what it was judging.</summary>
internal static class GroupRecord
{
    public static JsonElement? Of(GroupKey? group, string schedule) => group is null && schedule.Length == 0
        ? null
        : JsonSerializer.SerializeToElement(new GroupName(group?.Client, group?.Id, schedule.Length == 0 ? null : schedule), ServeJson.Default.GroupName);

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
internal sealed record GroupName(string? Client, string? Group, string? Schedule = null);
