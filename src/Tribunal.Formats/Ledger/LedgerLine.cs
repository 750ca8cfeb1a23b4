using System.Diagnostics.CodeAnalysis;
using Tribunal.Judgements;

namespace Tribunal.Formats.Ledger;

/// <summary>A line of a ledger as it stands, and what votes of it: for copying lines, texts and all, without reading the texts.</summary>
public sealed record LedgerLine : Judgement
{
    /// <summary>Reads a line.</summary>
    /// <param name="line">The line, UTF-8 without its line feed.</param>
    /// <exception cref="System.Text.Json.JsonException">It is not a judgement; the message says why.</exception>
    [SetsRequiredMembers]
    public LedgerLine(ReadOnlySpan<byte> line)
        : base(JudgementLine.Read(line)) => Bytes = line.ToArray();

    /// <summary>The line, without its line feed.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }
}
