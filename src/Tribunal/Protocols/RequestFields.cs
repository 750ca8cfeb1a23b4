using System.Text.Json;

namespace Tribunal.Protocols;

/// <summary>What goes into a request besides the messages.</summary>
public sealed record RequestFields
{
    /// <summary>Rivals asked for at each token: as many as the APIs give.</summary>
    public const int MostRivals = 20;

    /// <summary>Arguments of the server's chat template (<c>chat_template_kwargs</c>), as JSON; null for none.</summary>
    public string? TemplateArguments { get; init; }

    /// <summary>A JSON schema that the answer has to follow, sent as structured output; null for none.</summary>
    public string? Schema { get; init; }

    /// <summary>Whether the probabilities of the answer's tokens are asked for (<see cref="JudgeReply.Tokens"/>).</summary>
    public bool TokenProbabilities { get; init; }

    /// <summary>Further members of the request, as a JSON object; null for none.</summary>
    public string? More { get; init; }

    /// <summary>Writes what goes into a chat completion request: template arguments, further members, the schema as structured output, and what asks for token probabilities.</summary>
    /// <param name="writer">Inside the request's object.</param>
    /// <param name="structured">Whether the schema goes with it.</param>
    public void Write(Utf8JsonWriter writer, bool structured = true)
    {
        if (TokenProbabilities)
        {
            writer.WriteBoolean("logprobs"u8, true);
            writer.WriteNumber("top_logprobs"u8, MostRivals);
        }

        if (TemplateArguments is { } arguments)
        {
            writer.WritePropertyName("chat_template_kwargs"u8);
            writer.WriteRawValue(arguments);
        }

        if (More is { } more)
        {
            using JsonDocument members = JsonDocument.Parse(more);
            foreach (JsonProperty member in members.RootElement.EnumerateObject())
            {
                member.WriteTo(writer);
            }
        }

        if (structured && Schema is { } schema)
        {
            writer.WriteStartObject("response_format"u8);
            writer.WriteString("type"u8, "json_schema"u8);
            writer.WriteStartObject("json_schema"u8);
            writer.WriteString("name"u8, "judgement"u8);
            writer.WriteBoolean("strict"u8, true);
            writer.WritePropertyName("schema"u8);
            writer.WriteRawValue(schema);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
    }

    /// <summary>Fields that the server refuses: <c>seed</c>, <c>top_p</c>, <c>temperature</c>.</summary>
    public IReadOnlyList<string> LeaveOut { get; init; } = [];
}
