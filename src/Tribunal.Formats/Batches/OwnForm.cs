using System.Buffers;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Reads records of the project's own form straight from their bytes, as most are: nothing is looked up, and nothing is kept but the
/// rollout. Whatever is unusual in a record, or wrong with it, is left to <see cref="RolloutShapes"/>, which says why.
/// </summary>
internal static class OwnForm
{
    private static readonly JsonReaderOptions Json = new() { MaxDepth = 64 };
    private static readonly byte[] Blanks = [.. " \t\r\n"u8];
    private static readonly Response Empty = new("");
    private static readonly Response Outlined = new(" ");

    /// <summary>The rollout, equal to what <see cref="RolloutShapes"/> makes of the record; null where that has to be asked.</summary>
    /// <param name="record">Valid UTF-8 without broken surrogates.</param>
    /// <param name="texts">Whether responses have their texts; without, one that isn't empty is a space.</param>
    public static Rollout? Read(ReadOnlySpan<byte> record, bool texts)
    {
        try
        {
            var reader = new Utf8JsonReader(record, Json);
            return reader.Read() && reader.TokenType == JsonTokenType.StartObject && ReadObject(ref reader, record, texts) is { } rollout && !reader.Read() ? rollout : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Rollout? ReadObject(ref Utf8JsonReader reader, ReadOnlySpan<byte> record, bool texts)
    {
        string? id = null, reference = null, domain = null;
        List<Message>? prompt = null;
        List<Response>? responses = null;
        List<int>? best = null;
        List<double>? scores = null;
        JsonElement? metadata = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool usual;
            if (reader.ValueTextEquals("id"u8))
            {
                usual = reader.Read() && reader.TokenType == JsonTokenType.String;
                id = usual ? reader.GetString() : null;
            }
            else if (reader.ValueTextEquals("prompt"u8))
            {
                usual = reader.Read() && (prompt = Prompt(ref reader)) is not null;
            }
            else if (reader.ValueTextEquals("responses"u8))
            {
                usual = reader.Read() && (responses = Responses(ref reader, ref record, texts)) is not null;
            }
            else if (reader.ValueTextEquals("best"u8))
            {
                usual = reader.Read() && TryBest(ref reader, out best);
            }
            else if (reader.ValueTextEquals("scores"u8))
            {
                usual = reader.Read() && TryScores(ref reader, out scores);
            }
            else if (reader.ValueTextEquals("reference"u8))
            {
                usual = reader.Read() && TryText(ref reader, out reference);
            }
            else if (reader.ValueTextEquals("domain"u8))
            {
                usual = reader.Read() && TryText(ref reader, out domain);
            }
            else if (reader.ValueTextEquals("metadata"u8))
            {
                usual = reader.Read();
                metadata = reader.TokenType == JsonTokenType.Null ? null : JsonElement.ParseValue(ref reader);
            }
            else
            {
                usual = reader.Read();
                reader.Skip();
            }

            if (!usual)
            {
                return null;
            }
        }

        return id is null || prompt is null || responses is null ? null : new Rollout
        {
            Id = id,
            Prompt = prompt,
            Responses = responses,
            Best = best,
            Scores = scores,
            Reference = reference,
            Domain = domain,
            Metadata = metadata,
        };
    }

    private static List<Message>? Prompt(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return [new Message("user", reader.GetString()!)];
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        var turns = new List<Message>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string? role = null, content = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isRole = reader.ValueTextEquals("role"u8);
                bool isContent = reader.ValueTextEquals("content"u8);
                if (reader.ValueTextEquals("tool_calls"u8) || reader.ValueTextEquals("tool_call_id"u8) || reader.ValueTextEquals("name"u8))
                {
                    return null;
                }

                reader.Read();
                if (!isRole && !isContent)
                {
                    reader.Skip();
                }
                else if (reader.TokenType != JsonTokenType.String)
                {
                    return null;
                }
                else
                {
                    (role, content) = isRole ? (reader.GetString(), content) : (role, reader.GetString());
                }
            }

            if (role is null || content is null)
            {
                return null;
            }

            turns.Add(new Message(role, content));
        }

        return reader.TokenType == JsonTokenType.EndArray ? turns : null;
    }

    // What a reader goes through byte by byte is read here: nearly all of a record is responses. The reader goes on behind them.
    private static List<Response>? Responses(ref Utf8JsonReader reader, ref ReadOnlySpan<byte> record, bool texts)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        ReadOnlySpan<byte> rest = record[(int)reader.BytesConsumed..];
        char[] characters = texts ? ArrayPool<char>.Shared.Rent(rest.Length) : [];
        List<Response>? responses = Responses(ref rest, characters, texts);
        if (texts)
        {
            ArrayPool<char>.Shared.Return(characters);
        }

        if (responses is null)
        {
            return null;
        }

        // To the reader, the list was empty.
        record = rest;
        reader = new Utf8JsonReader(rest, isFinalBlock: true, reader.CurrentState);
        return reader.Read() ? responses : null;
    }

    // Leaves the list's end.
    private static List<Response>? Responses(ref ReadOnlySpan<byte> rest, Span<char> characters, bool texts)
    {
        var responses = new List<Response>();
        rest = rest.TrimStart(Blanks);
        while (rest is not [(byte)']', ..] || responses.Count > 0)
        {
            if (rest is not [(byte)'"', ..])
            {
                return null;
            }

            int length;
            if (texts)
            {
                if (JsonStrings.Read(rest[1..], characters, out length) is not { } text)
                {
                    return null;
                }

                responses.Add(new Response(text));
            }
            else
            {
                length = JsonStrings.Length(rest[1..]);
                if (length < 0)
                {
                    return null;
                }

                responses.Add(length == 0 ? Empty : Outlined);
            }

            rest = rest[(length + 2)..].TrimStart(Blanks);
            if (rest is [(byte)']', ..])
            {
                break;
            }

            if (rest is not [(byte)',', ..])
            {
                return null;
            }

            rest = rest[1..].TrimStart(Blanks);
        }

        return responses;
    }

    private static bool TryText(ref Utf8JsonReader reader, out string? text)
    {
        text = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
        return reader.TokenType is JsonTokenType.String or JsonTokenType.Null;
    }

    private static bool TryBest(ref Utf8JsonReader reader, out List<int>? best)
    {
        best = null;
        if (reader.TokenType == JsonTokenType.Null)
        {
            return true;
        }

        bool list = reader.TokenType == JsonTokenType.StartArray;
        best = [];
        while (!list || (reader.Read() && reader.TokenType != JsonTokenType.EndArray))
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int index))
            {
                return false;
            }

            best.Add(index);
            if (!list)
            {
                break;
            }
        }

        return true;
    }

    private static bool TryScores(ref Utf8JsonReader reader, out List<double>? scores)
    {
        scores = null;
        if (reader.TokenType == JsonTokenType.Null)
        {
            return true;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return false;
        }

        scores = [];
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out double score))
            {
                return false;
            }

            scores.Add(score);
        }

        return true;
    }
}
