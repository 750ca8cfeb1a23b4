using System.Runtime.InteropServices;
using System.Text.Json;

namespace Tribunal.Protocols.Chat;

/// <summary>The forms in which servers put an error where an answer belongs.</summary>
internal static class ErrorForms
{
    /// <summary>The most bytes of an error that are kept.</summary>
    public const int MostBytes = 16 * 1024;

    /// <summary>Reads the value of an <c>error</c>, on which the reader stands; null where it says nothing: gateways send empty ones with every answer.</summary>
    public static byte[]? Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.String))
        {
            reader.Skip();
            return null;
        }

        using JsonDocument error = JsonDocument.ParseValue(ref reader);
        return Says(error.RootElement) ? JsonMarshal.GetRawUtf8Value(error.RootElement).ToArray() : null;
    }

    /// <summary>Passes over a member of an answer, on whose name the reader stands; whether it says, without an <c>error</c>, that there is none.</summary>
    public static bool Complains(ref Utf8JsonReader reader)
    {
        bool words = reader.ValueTextEquals("message"u8) || reader.ValueTextEquals("detail"u8) || reader.ValueTextEquals("msg"u8)
            || reader.ValueTextEquals("error_message"u8) || reader.ValueTextEquals("error_msg"u8);
        bool list = reader.ValueTextEquals("errors"u8);
        bool state = reader.ValueTextEquals("base_resp"u8);
        reader.Read();
        if (state && reader.TokenType == JsonTokenType.StartObject)
        {
            using JsonDocument response = JsonDocument.ParseValue(ref reader);
            return response.RootElement.TryGetProperty("status_code", out JsonElement code) && Says(code);
        }

        bool complains = (words && reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > 0) || (list && reader.TokenType == JsonTokenType.StartArray);
        reader.Skip();
        return complains;
    }

    /// <summary>Whether there is anything in it but empty texts, zeros and nulls.</summary>
    public static bool Says(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.Length > 0,
        JsonValueKind.Number => value.TryGetDouble(out double number) && number != 0,
        JsonValueKind.True => true,
        JsonValueKind.Object => value.EnumerateObject().Any(static member => Says(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(Says),
        _ => false,
    };
}
