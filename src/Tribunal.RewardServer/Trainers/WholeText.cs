using System.Text;
using System.Text.Unicode;
using Tribunal.Formats.Lines;

namespace Tribunal.RewardServer.Trainers;

/// <summary>
/// Makes the texts of a request whole Unicode: token sequences end inside a character, and clients send what is left of it, as half of an
/// escaped surrogate pair or as bytes that are no UTF-8. Both become U+FFFD; everything else stays as it is.
/// </summary>
internal static class WholeText
{
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json) =>
        JsonText.WithWholeCharacters(Utf8.IsValid(json.Span) ? json : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json.Span)));
}
