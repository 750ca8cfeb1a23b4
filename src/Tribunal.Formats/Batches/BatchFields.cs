using System.Text.Json.Serialization;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Which fields of a batch's records hold what, where their names don't say it; null leaves a part to the names known. A dot leads
/// into an object or a list (<c>extra.answers.0</c>), unless a field has the whole name. Read so,
/// a batch is copied into the run in the project's own form, and nothing else reads the original again.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BatchFields
{
    /// <summary>The field of the prompt: a text or turns. Several, by commas, are texts that are shown one below the other.</summary>
    public string? Prompt { get; init; }

    /// <summary>The field of the responses: a list, or one response. Several, by commas, are a response each.</summary>
    public string? Responses { get; init; }

    /// <summary>The field of the system prompt.</summary>
    public string? System { get; init; }

    /// <summary>The field of the id.</summary>
    public string? Id { get; init; }

    /// <summary>The field of the known answer, and what it may hold: see <see cref="LabelFields"/>.</summary>
    public string? Label { get; init; }

    /// <summary>What number the first response has in <see cref="Label"/>, 0 or 1, where the responses' own names don't say it.</summary>
    public int? LabelFrom { get; init; }

    /// <summary>The field of the reference answer: a text or a number, or a list of them, which stand on a line each.</summary>
    public string? Reference { get; init; }

    /// <summary>
    /// Records with the same value of this field are one rollout, their responses in the batch's order; <c>prompt</c> goes by the
    /// prompt itself. The batch is held in memory while it is grouped.
    /// </summary>
    public string? GroupBy { get; init; }
}
