using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Protocols.Catalog;
using Tribunal.Sampling;

namespace Tribunal.Azure.Queues;

/// <summary>Requests and tables from outside: unknown fields are refused by name, and what is not said has its default.</summary>
public static class StrictJson
{
    private static readonly JsonDocumentOptions ByHand = new() { MaxDepth = 16, AllowDuplicateProperties = false, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Reads a panel as people write it: <c>{"members": […], "weights": "…"}</c>, comments allowed; what a request has as <c>judges</c>.</summary>
    /// <exception cref="MessageRefusedException">It can't be read, or something in it can't be; the message lists every problem.</exception>
    public static JudgePanel ReadPanel(string json) => ReadFile(json, "the panel", AzureJson.Default.JudgePanel, static panel => panel.Problems(ProtocolCatalog.Names));

    /// <summary>Reads a routing table as people write it: <c>{"routes": […]}</c>, comments allowed.</summary>
    /// <exception cref="MessageRefusedException">It can't be read, or something in it can't be; the message lists every problem.</exception>
    public static RoutingTable ReadRouting(string json) =>
        ReadFile(json, "the routing table", AzureJson.Default.RoutingTable, static table => table.Problems(judges: null, ProtocolCatalog.Names));

    private static T ReadFile<T>(string json, string what, JsonTypeInfo<T> type, Func<T, IReadOnlyList<Problem>> check)
        where T : class
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, ByHand);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new MessageRefusedException($"{what} is no JSON object");
            }

            T read = Read(document.RootElement, type, []);
            return check(read) is { Count: > 0 } problems ? throw new MessageRefusedException(problems) : read;
        }
        catch (JsonException exception)
        {
            throw new MessageRefusedException($"{what} is not valid JSON (line {exception.LineNumber + 1})", exception);
        }
    }

    /// <summary>Reads a value.</summary>
    /// <param name="element">What was said.</param>
    /// <param name="type">Its type, of <see cref="AzureJson"/>.</param>
    /// <param name="said">Gets the fields that were said, by path such as <c>policy.samples</c>.</param>
    /// <exception cref="MessageRefusedException">A field is unknown, or its value can't be used.</exception>
    internal static T Read<T>(JsonElement element, JsonTypeInfo<T> type, HashSet<string> said)
        where T : class
    {
        JsonNode? whole = Checked(element, type, "", said);
        try
        {
            return whole.Deserialize((JsonTypeInfo<T>)ContractJson.KeepingDefaults(type)) ?? throw new MessageRefusedException("null is no value");
        }
        catch (JsonException exception)
        {
            string field = exception.Path is { Length: > 2 } path ? MessageRefusedException.Quote(path[2..]) : "a field";
            throw new MessageRefusedException($"the value of {field} can't be used", exception);
        }
    }

    private static JsonNode? Checked(JsonElement element, JsonTypeInfo type, string prefix, HashSet<string> said)
    {
        if (element.ValueKind == JsonValueKind.Array && type.Kind == JsonTypeInfoKind.Enumerable)
        {
            JsonTypeInfo item = type.Options.GetTypeInfo(type.ElementType!);
            return new JsonArray([.. element.EnumerateArray().Select((value, i) => Checked(value, item, $"{prefix.TrimEnd('.')}[{i}].", said))]);
        }

        if (element.ValueKind != JsonValueKind.Object || type.Kind != JsonTypeInfoKind.Object)
        {
            return JsonNode.Parse(element.GetRawText());
        }

        JsonObject target = [];
        foreach (JsonProperty property in element.EnumerateObject())
        {
            JsonPropertyInfo known = type.Properties.FirstOrDefault(known => known.Name == property.Name)
                ?? throw new MessageRefusedException($"unknown field {MessageRefusedException.Quote(prefix + property.Name)}");
            said.Add(prefix + known.Name);
            target.Remove(known.Name);
            target.Add(known.Name, Checked(property.Value, type.Options.GetTypeInfo(known.PropertyType), $"{prefix}{known.Name}.", said));
        }

        return target;
    }
}
