using System.Text.Json;

namespace Tribunal.Protocols.Chat;

/// <summary>How a choice says that it ended: a word, an object whose type is the word, or a list of words, of which the first counts.</summary>
internal static class FinishWord
{
    /// <summary>Reads the value on which the reader stands; null where it is none, or no text.</summary>
    public static string? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            string? first = null;
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                first ??= Text(ref reader);
            }

            return first;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return Text(ref reader);
        }

        string? reason = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool type = reader.ValueTextEquals("type"u8);
            reader.Read();
            if (type)
            {
                reason = Text(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return reason;
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return null;
        }

        if (reader.ValueTextEquals("stop"u8))
        {
            return "stop";
        }

        // While it streams, one service says "null" in words.
        if (reader.ValueTextEquals("null"u8) || reader.ValueTextEquals(default(ReadOnlySpan<byte>)))
        {
            return null;
        }

        JsonTextBuffer buffer = default;
        try
        {
            buffer.Append(ref reader);
            string text = buffer.ToString();
            return text.Length <= 256 ? text : text[..256];
        }
        finally
        {
            buffer.Dispose();
        }
    }
}
