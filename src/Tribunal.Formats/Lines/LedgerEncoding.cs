using System.Text.Encodings.Web;

namespace Tribunal.Formats.Lines;

/// <summary>How texts are escaped in line files: readable, and valid JSON. They are data for parsers, never put into HTML as they are.</summary>
internal static class LedgerEncoding
{
    public static JavaScriptEncoder Encoder { get; } = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
}
