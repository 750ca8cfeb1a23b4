using System.Globalization;
using System.Text.Json;
using Tribunal.RewardServer.Judging;

namespace Tribunal.RewardServer.Trainers;

/// <summary>Our own request: many rollouts, or one as it is.</summary>
internal static class OwnForm
{
    /// <summary>Reads a body; <c>{"prompt",…,"responses"}</c> is a request of one rollout.</summary>
    /// <exception cref="JsonException">It is neither.</exception>
    public static RewardsRequest Read(ReadOnlyMemory<byte> body)
    {
        ReadOnlyMemory<byte> json = WholeText.Of(body);
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement root = document.RootElement;
        if (root.ValueKind == JsonValueKind.Object && !root.TryGetProperty("rollouts", out _))
        {
            return root.TryGetProperty("prompt", out _)
                ? new RewardsRequest { Rollouts = [root.Clone()] }
                : throw new JsonException("'rollouts' is missing; one rollout as it is has 'prompt' and 'responses'");
        }

        RewardsRequest request = JsonSerializer.Deserialize(json.Span, TrainerJson.Default.RewardsRequest) ?? throw new JsonException("the body is null");
        return request.Rollouts is null ? throw new JsonException("'rollouts' is null") : request;
    }

    /// <summary>A rollout's id, or its number in the request.</summary>
    public static string IdOf(JsonElement rollout, int number) =>
        rollout.ValueKind == JsonValueKind.Object && rollout.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String
            ? id.GetString()!
            : number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The group that a rollout's responses are part of, as <c>"group":{"id","size"}</c>; null where the rollout is the whole group.</summary>
    /// <exception cref="JsonException">It is no group.</exception>
    public static RewardGroup? GroupOf(JsonElement rollout, string client)
    {
        if (!rollout.TryGetProperty("group", out JsonElement group) || group.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        GroupField field = group.ValueKind == JsonValueKind.Object
            ? group.Deserialize(TrainerJson.Default.GroupField)!
            : throw new JsonException("'group' is an object with id and size");
        return field.Size is null or > 0
            ? new RewardGroup(client, field.Id is { Length: > 0 } id ? id : throw new JsonException("a group has an id"), field.Size)
            : throw new JsonException("a group's size is 1 or more");
    }
}

/// <summary>A group that several requests make together.</summary>
/// <param name="Id">Its name, new for every step and prompt; processes that share a group send the same.</param>
/// <param name="Size">Responses in it, equal ones counted each; null: those that arrive about now.</param>
internal sealed record GroupField(string? Id, int? Size);
