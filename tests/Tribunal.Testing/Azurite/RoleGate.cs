using System.Collections.Concurrent;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Tribunal.Azure.Storage;

namespace Tribunal.Testing.Azurite;

/// <summary>
/// Stands before Azurite, which knows no roles, and refuses with 403 what Azure would refuse to somebody with these: each request is
/// turned into the action that Azure asks for, on the container, queue or table that it names.
/// </summary>
internal sealed class RoleGate(AzuriteServer azurite, params IReadOnlyList<RoleGrant> grants) : HttpPipelineSynchronousPolicy
{
    /// <summary>Actions that were refused, with what they were for.</summary>
    public ConcurrentQueue<string> Refused { get; } = [];

    /// <summary>Actions that were allowed.</summary>
    public ConcurrentDictionary<string, bool> Allowed { get; } = new(StringComparer.Ordinal);

    /// <summary>Clients of an account that a deployment has made, for somebody with these roles.</summary>
    public StorageClients Connect() => StorageClients.ForAzurite(azurite.ConnectionString, new HttpPipelineOverrides { Policy = this, MaxRetries = 1, Deployed = true });

    public override void OnSendingRequest(HttpMessage message)
    {
        (string service, string? resource, string action) = Of(message.Request.Method.Method, message.Request.Uri.ToUri());
        string what = $"{service} {resource ?? "account"} {action}";
        if (grants.Any(grant => grant.Service == service && (grant.Resource is null || grant.Resource == resource) && RoleGrants.Actions[grant.Role].Contains(action, StringComparer.Ordinal)))
        {
            Allowed[what] = true;
            return;
        }

        Refused.Enqueue(what);
        throw new RequestFailedException(403, $"no role allows {what}", "AuthorizationPermissionMismatch", null);
    }

    private (string Service, string? Resource, string Action) Of(string method, Uri address)
    {
        string service = azurite.ServiceOf(address.Port);
        string[] path = address.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries)[1..];
        bool reads = method is "GET" or "HEAD";
        string change = method == "DELETE" ? "delete" : reads ? "read" : "write";
        bool list = address.Query.Contains("comp=list", StringComparison.Ordinal);
        return (service, path) switch
        {
            ("blob", []) => (service, null, "containers/read"),
            ("blob", [var container]) => (service, container, list ? "blobs/read" : $"containers/{change}"),
            ("blob", [var container, ..]) => (service, container, $"blobs/{change}"),
            ("queue", []) => (service, null, "queues/read"),
            ("queue", [var queue]) => (service, queue, $"queues/{change}"),
            ("queue", [var queue, "messages"]) => (service, queue, method switch
            {
                "POST" => "messages/add",
                "GET" => address.Query.Contains("peekonly=true", StringComparison.Ordinal) ? "messages/read" : "messages/process",
                _ => "messages/delete",
            }),
            ("queue", [var queue, ..]) => (service, queue, method == "DELETE" ? "messages/process" : "messages/write"),
            ("table", ["Tables" or "$batch", ..]) => (service, null, $"tables/{change}"),
            ("table", [var table, ..]) => (service, table.Split('(')[0], $"entities/{change}"),
            _ => (service, null, "none that is known"),
        };
    }
}
