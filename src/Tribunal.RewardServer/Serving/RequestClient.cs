using System.Net;
using Microsoft.AspNetCore.Http;
using Tribunal.RewardServer.Judging;

namespace Tribunal.RewardServer.Serving;

/// <summary>Who sent a request, and whether it may have come from a web page.</summary>
public static class RequestClient
{
    private const string Header = "X-Tribunal-Client";

    /// <summary>The name that a client gives itself, else that of its key, else the address that it sends from. Names are each key's own.</summary>
    public static string Of(HttpContext context)
    {
        string key = ClientBudget.Current is { } client ? $"key {client.Name} " : "";
        return context.Request.Headers[Header].ToString() is { Length: > 0 } name ? $"{key}name {name}" : key.Length > 0 ? key : $"address {context.Connection.RemoteIpAddress}";
    }

    /// <summary>
    /// Why a request is refused: a page in a browser on this machine may post to any local address, and a name that is bound anew to it may
    /// even read the answer. Trainers send no Origin, and reach a local server by a local name. Null where nothing speaks against it.
    /// </summary>
    public static string? WhyRefused(HttpContext context)
    {
        if (context.Connection.LocalIpAddress is { } local && IPAddress.IsLoopback(local) && !IsLocal(context.Request.Host.Host))
        {
            return "the server listens on this machine alone, and the request's Host is another one";
        }

        return context.Request.Headers.Origin.ToString() is { Length: > 0 } origin && !(Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && page.Authority == context.Request.Host.Value)
            ? "the request comes from a page of another origin"
            : null;
    }

    private static bool IsLocal(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
