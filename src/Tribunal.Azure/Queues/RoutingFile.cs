using Tribunal.Protocols.Catalog;
using Tribunal.Sampling;

namespace Tribunal.Azure.Queues;

/// <summary>A routing table as people write it: <c>{"routes": […]}</c>, comments allowed.</summary>
public static class RoutingFile
{
    /// <summary>Reads a table.</summary>
    /// <exception cref="MessageRefusedException">It can't be read, or something in it can't be; the message lists every problem.</exception>
    public static RoutingTable Parse(string json) =>
        StrictJson.ReadFile(json, "the routing table", AzureJson.Default.RoutingTable, static table => table.Problems(judges: null, ProtocolCatalog.Names));
}
