using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Tribunal.Azure.Queues;

/// <summary>The text of a queue message: base64, as we send it, or plain.</summary>
public static class MessageBody
{
    private const int MaxBytes = 64 * 1024;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>Reads a message as JSON.</summary>
    /// <exception cref="MessageRefusedException">It is none, is too large, too deep, or repeats a field.</exception>
    public static JsonDocument Parse(string text)
    {
        byte[] json = Decode(text);
        try
        {
            JsonDocument document = JsonDocument.Parse(json, Options);
            RequireText(document.RootElement);
            return document;
        }
        catch (InvalidOperationException exception)
        {
            throw new MessageRefusedException("the message holds half of a UTF-16 pair", exception);
        }
        catch (JsonException exception)
        {
            throw new MessageRefusedException(
                exception.BytePositionInLine is { } at ? $"the message is not valid JSON (line {exception.LineNumber + 1}, byte {at + 1})" : "the message repeats a field", exception);
        }
    }

    // Escaped halves of pairs pass the parser and only fail when they are read.
    private static void RequireText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in element.EnumerateArray())
                {
                    RequireText(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                {
                    _ = property.Name;
                    RequireText(property.Value);
                }

                break;
        }
    }

    private static byte[] Decode(string text)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        if (trimmed.Length == 0)
        {
            throw new MessageRefusedException("the message is empty");
        }

        if (trimmed.Length > 2 * MaxBytes)
        {
            throw new MessageRefusedException($"the message is larger than {MaxBytes} bytes");
        }

        byte[] bytes;
        try
        {
            bytes = OfBase64(trimmed) ?? Strict.GetBytes(trimmed.ToString());
        }
        catch (EncoderFallbackException exception)
        {
            throw new MessageRefusedException("the message is neither UTF-8 text nor base64 of it", exception);
        }

        // Some clients write a byte order mark before their text.
        bytes = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes;
        return bytes.Length <= MaxBytes ? bytes : throw new MessageRefusedException($"the message is larger than {MaxBytes} bytes");
    }

    // Words may look like base64, since white space in it is passed over: what decodes to no text was none.
    private static byte[]? OfBase64(ReadOnlySpan<char> text)
    {
        if (!Base64.IsValid(text))
        {
            return null;
        }

        byte[] bytes = Convert.FromBase64String(text.ToString());
        return Utf8.IsValid(bytes) ? bytes : null;
    }
}
