using System.Text.Json;
using Tribunal.Protocols.Catalog;
using Tribunal.Sampling;

namespace Tribunal.Azure.Queues;

/// <summary>A panel as people write it: <c>{"members": […], "weights": "…"}</c>, comments allowed; what a request has as <c>judges</c>.</summary>
public static class PanelFile
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16, AllowDuplicateProperties = false, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>Reads a panel.</summary>
    /// <exception cref="MessageRefusedException">It can't be read, or something in it can't be; the message lists every problem.</exception>
    public static JudgePanel Parse(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Options);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new MessageRefusedException("the panel is no JSON object");
            }

            JudgePanel panel = StrictJson.Read(document.RootElement, AzureJson.Default.JudgePanel, []);
            return panel.Problems(ProtocolCatalog.Names) is { Count: > 0 } problems ? throw new MessageRefusedException(problems) : panel;
        }
        catch (JsonException exception)
        {
            throw new MessageRefusedException($"the panel is not valid JSON (line {exception.LineNumber + 1})", exception);
        }
    }
}
