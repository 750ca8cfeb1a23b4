using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// Names of tasks that are asked for later. A name says which response of which group is meant, so that any server of a record can answer, and
/// this one after a restart.
/// </summary>
internal static class TaskNames
{
    /// <summary>A new name for a response of a group.</summary>
    public static string Of(GroupKey group, UInt128 response) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(
        new TaskName(group.Client, group.Id, group.Prompt.ToString("x32", CultureInfo.InvariantCulture), group.Schedule, response.ToString("x32", CultureInfo.InvariantCulture), RandomNumberGenerator.GetHexString(8, lowercase: true)),
        ServeLines.Default.TaskName));

    /// <summary>What a name says; null for one that is none.</summary>
    public static (GroupKey Group, UInt128 Response)? Read(string name)
    {
        try
        {
            TaskName? task = JsonSerializer.Deserialize(Base64Url.DecodeFromChars(name), ServeLines.Default.TaskName);
            return task is { Client: { } client, Prompt: { } prompt, Response: { } response } && Key(prompt) is { } asked && Key(response) is { } given
                ? (new GroupKey(client, task.Group, asked, task.Schedule ?? ""), given)
                : null;
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return null;
        }
    }

    private static UInt128? Key(string text) => UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out UInt128 key) ? key : null;
}

/// <summary>What a task's name says.</summary>
/// <param name="Client">Hash of who asks.</param>
/// <param name="Group">The group's name.</param>
/// <param name="Prompt">The prompt's key.</param>
/// <param name="Schedule">Who meets whom.</param>
/// <param name="Response">The response's key.</param>
/// <param name="Number">Tells tasks apart.</param>
internal sealed record TaskName(string? Client, string? Group, string? Prompt, string? Schedule, string? Response, string? Number);
