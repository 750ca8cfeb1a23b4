using Tribunal.Protocols.Catalog;
using Tribunal.Sampling;

namespace Tribunal.Azure.Queues;

/// <summary>A panel as people write it: <c>{"members": […], "weights": "…"}</c>, comments allowed; what a request has as <c>judges</c>.</summary>
public static class PanelFile
{
    /// <summary>Reads a panel.</summary>
    /// <exception cref="MessageRefusedException">It can't be read, or something in it can't be; the message lists every problem.</exception>
    public static JudgePanel Parse(string json) => StrictJson.ReadFile(json, "the panel", AzureJson.Default.JudgePanel, static panel => panel.Problems(ProtocolCatalog.Names));
}
