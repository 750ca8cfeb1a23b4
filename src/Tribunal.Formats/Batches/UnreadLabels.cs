using System.Text.Json;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Counts rollouts of several responses without a known answer that have a field which may say it: an accuracy that is silently not
/// told. Not safe for concurrent use.
/// </summary>
public sealed class UnreadLabels
{
    /// <summary>How many there are.</summary>
    public long Count { get; private set; }

    /// <summary>The field of the first of them.</summary>
    public string? Field { get; private set; }

    /// <summary>Looks at one more rollout.</summary>
    public void Add(Rollout rollout)
    {
        if (rollout is not { Best: null, Scores: null, Responses.Count: > 1, Metadata: { ValueKind: JsonValueKind.Object } rest }
            || Array.Find(FieldNames.Labels, name => rest.TryGetProperty(name, out JsonElement value) && MaySay(value)) is not { } field)
        {
            return;
        }

        Count++;
        Field ??= field;
    }

    // Of several responses a number names one; 1.93 names none.
    private static bool MaySay(JsonElement value) =>
        value.ValueKind is not JsonValueKind.Null and not JsonValueKind.Object && !(value.ValueKind == JsonValueKind.Number && !double.IsInteger(value.GetDouble()));
}
