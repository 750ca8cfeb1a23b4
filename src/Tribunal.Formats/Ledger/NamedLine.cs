using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tribunal.Formats.Ledger;

/// <summary>
/// A line of a ledger as it stands, and what tells its judgement from every other, in the ledgers of one run or of several: for copying lines
/// that were read before.
/// </summary>
public sealed class NamedLine
{
    /// <summary>The rollout judged.</summary>
    [JsonRequired]
    public string RolloutId { get; set; } = "";

    /// <summary>Number of the sample inside its rollout.</summary>
    [JsonRequired]
    public int Sample { get; set; }

    /// <summary>The judge's protocol.</summary>
    public string Protocol { get; set; } = "";

    /// <summary>The judge's name.</summary>
    public string Judge { get; set; } = "";

    /// <summary>The sampling seed.</summary>
    public long Seed { get; set; }

    /// <summary>The meta reward in the line; null where there is none.</summary>
    public double? Meta { get; set; }

    /// <summary>Whether it is training data and no vote.</summary>
    public bool Hinted { get; set; }

    /// <summary>The line, UTF-8 without its line feed.</summary>
    [JsonIgnore]
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line, UTF-8 without its line feed.</param>
    /// <exception cref="JsonException">It names no judgement.</exception>
    public static NamedLine Read(ReadOnlySpan<byte> line)
    {
        NamedLine named = JsonSerializer.Deserialize(line, FormatsJson.Default.NamedLine) ?? throw new JsonException("a judgement is an object");
        named.Bytes = line.ToArray();
        return named;
    }
}
