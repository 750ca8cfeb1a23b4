using System.Text.Json;

namespace Tribunal.Protocols.Chat;

/// <summary>What a part of an answer's content is.</summary>
internal enum ContentPart
{
    /// <summary>The answer, or a piece of it.</summary>
    Text,

    /// <summary>Thinking that is kept apart.</summary>
    Thinking,

    /// <summary>A refusal.</summary>
    Refusal,

    /// <summary>Something else: an image, a citation.</summary>
    Other,
}

/// <summary>Tells parts of an answer's content apart.</summary>
internal static class ContentParts
{
    /// <summary>Tells the kind of the object that the reader stands on; a copy of the reader is moved.</summary>
    public static ContentPart Of(Utf8JsonReader reader)
    {
        var part = ContentPart.Text;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool type = reader.ValueTextEquals("type"u8);
            bool thought = reader.ValueTextEquals("thought"u8);
            reader.Read();
            if (type && reader.TokenType == JsonTokenType.String && part != ContentPart.Thinking)
            {
                part = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("output_text"u8) ? ContentPart.Text
                    : reader.ValueTextEquals("refusal"u8) ? ContentPart.Refusal
                    : IsThinking(ref reader) ? ContentPart.Thinking
                    : ContentPart.Other;
            }
            else if (thought && reader.TokenType == JsonTokenType.True)
            {
                part = ContentPart.Thinking;
            }

            reader.Skip();
        }

        return part;
    }

    private static bool IsThinking(ref Utf8JsonReader type) =>
        type.ValueTextEquals("thinking"u8) || type.ValueTextEquals("redacted_thinking"u8) || type.ValueTextEquals("reasoning"u8)
        || type.ValueTextEquals("reasoning_text"u8) || type.ValueTextEquals("reasoning_content"u8) || type.ValueTextEquals("reasoning.text"u8)
        || type.ValueTextEquals("thought"u8);
}
