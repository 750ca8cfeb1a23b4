using System.Text.Json;
using Tribunal.RewardServer.Judging;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Trainers;

/// <summary>What a trainer's dataset knows of a prompt.</summary>
/// <param name="Reference">A reference answer; null for none.</param>
/// <param name="Rubric">Criteria; null for none.</param>
internal readonly record struct KnownOf(string? Reference, Rubric? Rubric)
{
    private static readonly string[] References = ["reference", "ground_truth", "answer"];

    /// <summary>A label: a text is the reference answer; an object may hold <c>reference</c> (or <c>ground_truth</c>, <c>answer</c>) and <c>rubric</c>; all else says nothing to a judge.</summary>
    /// <exception cref="JsonException">The rubric is none; the message says why.</exception>
    public static KnownOf Label(JsonElement? label) => label switch
    {
        { ValueKind: JsonValueKind.String } text => new KnownOf(Text(text), null),
        { ValueKind: JsonValueKind.Object } known => new KnownOf(
            References.Select(name => known.TryGetProperty(name, out JsonElement value) ? Text(value) : null).FirstOrDefault(static text => text is not null),
            known.TryGetProperty("rubric", out JsonElement rubric) && rubric.ValueKind != JsonValueKind.Null ? RubricForm.Read(rubric) : null),
        _ => default,
    };

    /// <summary>A question with what is known.</summary>
    public RewardQuestion Of(RewardQuestion question) => question with { Reference = Reference, Rubric = Rubric };

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
}
