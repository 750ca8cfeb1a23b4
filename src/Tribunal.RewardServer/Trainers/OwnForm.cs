using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tribunal.RewardServer.Judging;
using Tribunal.Tournaments;

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
            return root.TryGetProperty("prompt", out _) || root.TryGetProperty("responses", out _)
                ? Single(root.Clone())
                : throw new JsonException("'rollouts' is missing; one rollout as it is has 'prompt' and 'responses'");
        }

        RewardsRequest request = JsonSerializer.Deserialize(json.Span, TrainerJson.Default.RewardsRequest) ?? throw new JsonException("the body is null");
        return request.Rollouts is null ? throw new JsonException("'rollouts' is null") : request;
    }

    private static RewardsRequest Single(JsonElement rollout) => new()
    {
        Rollouts = [rollout],
        Scale = Field(rollout, "scale", TrainerJson.Default.NullableRewardScale),
        Tournament = rollout.TryGetProperty("tournament", out JsonElement tournament) ? tournament : null,
        TimeoutSeconds = Field(rollout, "timeoutSeconds", TrainerJson.Default.NullableDouble),
        Async = Field(rollout, "async", TrainerJson.Default.Boolean),
    };

    /// <summary>A schedule; what it doesn't say has its default.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static TournamentOptions? Schedule(JsonElement? tournament)
    {
        try
        {
            return tournament is { ValueKind: not JsonValueKind.Null and not JsonValueKind.Undefined } given ? ContractJson.Read(Encoding.UTF8.GetBytes(given.GetRawText()), TrainerJson.Default.TournamentOptions) : null;
        }
        catch (JsonException exception)
        {
            throw new JsonException($"'tournament': {exception.Message}", exception);
        }
    }

    private static T? Field<T>(JsonElement rollout, string name, JsonTypeInfo<T> type)
    {
        try
        {
            return rollout.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.Deserialize(type) : default;
        }
        catch (JsonException exception)
        {
            throw new JsonException($"'{name}' can't be used", exception);
        }
    }

    /// <summary>A rollout's id, or its number in the request.</summary>
    public static string IdOf(JsonElement rollout, int number) =>
        rollout.ValueKind == JsonValueKind.Object && rollout.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String
            ? id.GetString()!
            : number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The group that a rollout's responses are part of, as <c>"group":{"id"?,"size"?}</c>, without an id those of the client to one prompt that arrive about now; null where the rollout is the whole group.</summary>
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
            ? new RewardGroup(client, field.Id is { Length: > 0 } id ? id : null, field.Size)
            : throw new JsonException("a group's size is 1 or more");
    }
}

/// <summary>A group that several requests make together.</summary>
/// <param name="Id">Its name, new for every step and prompt; processes that share a group send the same. Null: the client's responses to one prompt that arrive about now.</param>
/// <param name="Size">Responses in it, equal ones counted each; null: those that arrive about now.</param>
internal sealed record GroupField(string? Id, int? Size);
