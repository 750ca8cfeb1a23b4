using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tribunal.Formats.Batches;

/// <summary>A line of <c>invalid.jsonl</c>.</summary>
/// <param name="Line">Line or record number in the batch, from 1.</param>
/// <param name="Reason">Why it was refused.</param>
/// <param name="Id">Its id, where it could be read.</param>
public sealed record InvalidLine(long Line, string Reason, string? Id = null);
