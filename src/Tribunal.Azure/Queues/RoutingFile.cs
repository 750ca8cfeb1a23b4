using System.Text.Json;
using Tribunal.Protocols.Catalog;
using Tribunal.Sampling;

namespace Tribunal.Azure.Queues;

/// <summary>A routing table as people write it: <c>{"routes": […]}</c>, comments allowed.</summary>
public static class RoutingFile
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16, AllowDuplicateProperties = false, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Reads a table.</summary>
    /// <exception cref="MessageRefusedException">It can't be read, or something in it can't be; the message lists every problem.</exception>
    public static RoutingTable Parse(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new MessageRefusedException("the routing table is no JSON object");
            }

            RoutingTable table = StrictJson.Read(document.RootElement, AzureJson.Default.RoutingTable, []);
            return table.Problems(judges: null, ProtocolCatalog.Names) is { Count: > 0 } problems
                ? throw new MessageRefusedException(problems)
                : table;
        }
        catch (JsonException exception)
        {
            throw new MessageRefusedException($"the routing table is not valid JSON (line {exception.LineNumber + 1})", exception);
        }
    }
}
