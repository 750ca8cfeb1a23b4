using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Judging;

/// <summary>The files of a record, and their lines: <c>KIND.jsonl</c>, or <c>KIND-INSTANCE.jsonl</c> where several instances share it.</summary>
internal static class Parts
{
    public const string Rollouts = "rollouts";
    public const string Judgements = "judgements";
    public const string Verdicts = "verdicts";
    public const string Spendings = "spending";
    public const string Arrivals = "arrivals";
    private const string Ending = ".jsonl";

    public static string NameOf(string kind, string? instance) => instance is null ? kind + Ending : $"{kind}-{instance}{Ending}";

    public static bool IsOf(string name, string kind) =>
        name.StartsWith(kind, StringComparison.Ordinal) && name.EndsWith(Ending, StringComparison.Ordinal) && (name.Length == kind.Length + Ending.Length || name[kind.Length] == '-');

    public static string InstanceOf(string name, string kind) => name.Length > kind.Length + Ending.Length ? name[(kind.Length + 1)..^Ending.Length] : "";

    public static void Write<T>(IBufferWriter<byte> output, T value, JsonTypeInfo<T> type)
    {
        using (Utf8JsonWriter writer = new(output, new JsonWriterOptions { SkipValidation = true, Encoder = LedgerEncoding.Encoder }))
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        output.Write("\n"u8);
    }
}

/// <summary>What a client has spent more.</summary>
/// <param name="Client">Its name.</param>
/// <param name="Requests">Requests.</param>
/// <param name="Tokens">Tokens.</param>
internal sealed record ClientSpent(string Client, long Requests, long Tokens);

/// <summary>Responses that came to an instance and wait there for the others of their group; or that they do so no more; or, with neither, that the instance is alive.</summary>
/// <param name="Number">Which; the instance's own count.</param>
/// <param name="Group">The group's name.</param>
/// <param name="Rollout">Prompt and responses; null where they no longer wait.</param>
/// <param name="Judged">Whether they no longer wait because their group is judged; false where their client gave up.</param>
internal sealed record Arrival(long Number, GroupName? Group = null, Rollout? Rollout = null, bool Judged = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(ClientSpent))]
[JsonSerializable(typeof(Arrival))]
[JsonSerializable(typeof(ChatLine))]
[JsonSerializable(typeof(TaskName))]
internal sealed partial class ServeLines : JsonSerializerContext;
