using Pulumi;
using Pulumi.AzureNative.ApplicationInsights;
using Pulumi.AzureNative.Monitor;
using Pulumi.AzureNative.Monitor.Inputs;
using Pulumi.AzureNative.OperationalInsights;
using Pulumi.AzureNative.OperationalInsights.Inputs;
using Tribunal.Infra.Network;

using InsightsAccess = Pulumi.AzureNative.ApplicationInsights.PublicNetworkAccessType;
using WorkspaceAccess = Pulumi.AzureNative.OperationalInsights.PublicNetworkAccessType;

namespace Tribunal.Infra.Observability;

/// <summary>What <see cref="Telemetry"/> takes.</summary>
public sealed record TelemetryArgs
{
    /// <summary>Telemetry comes in through a private endpoint only; default false.</summary>
    public bool Private { get; init; }

    /// <summary>Days that logs are kept, 30 (default, no charge) to 730.</summary>
    public int RetentionDays { get; init; } = 30;

    /// <summary>Gigabytes a day after which nothing more is taken in, above 0; default 1.</summary>
    public double DailyCapGB { get; init; } = 1;
}

/// <summary>
/// One Log Analytics workspace for everything, and Application Insights on it. Idle: next to nothing. Busy: by the gigabyte
/// taken in, up to the daily cap.
/// </summary>
public sealed class Telemetry : ComponentResource
{
    private readonly Output<string> _workspaceId;

    /// <summary>Creates workspace and component.</summary>
    public Telemetry(string name, TelemetryArgs args, PipelineNetwork network, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:observability:Telemetry", name, options)
    {
        Workspace workspace = new(name, new WorkspaceArgs
        {
            ResourceGroupName = place.ResourceGroup,
            WorkspaceName = place.Names.Of("log"),
            Location = place.Location,
            Tags = place.Tags,
            Sku = new WorkspaceSkuArgs { Name = WorkspaceSkuNameEnum.PerGB2018 },
            RetentionInDays = args.RetentionDays,
            WorkspaceCapping = new WorkspaceCappingArgs { DailyQuotaGb = args.DailyCapGB },
            Features = new WorkspaceFeaturesArgs { DisableLocalAuth = true, EnableLogAccessUsingOnlyResourcePermissions = true },
            PublicNetworkAccessForIngestion = args.Private ? WorkspaceAccess.Disabled : WorkspaceAccess.Enabled,
            // Reading is by Entra sign-in in either case: people look at logs from outside the network.
            PublicNetworkAccessForQuery = WorkspaceAccess.Enabled,
        }, new CustomResourceOptions { Parent = this });
        Component component = new($"{name}-app", new ComponentArgs
        {
            ResourceGroupName = place.ResourceGroup,
            ResourceName = place.Names.Of("appi"),
            Location = place.Location,
            Tags = place.Tags,
            Kind = "web",
            ApplicationType = ApplicationType.Web,
            IngestionMode = IngestionMode.LogAnalytics,
            WorkspaceResourceId = workspace.Id,
            // The connection string alone lets nobody write.
            DisableLocalAuth = true,
            PublicNetworkAccessForIngestion = args.Private ? InsightsAccess.Disabled : InsightsAccess.Enabled,
            PublicNetworkAccessForQuery = InsightsAccess.Enabled,
        }, new CustomResourceOptions { Parent = this });

        if (args.Private)
        {
            Link(name, workspace.Id, component.Id, network, place);
        }

        _workspaceId = workspace.Id;
        (ComponentId, ConnectionString, WorkspaceCustomerId) = (component.Id, component.ConnectionString, workspace.CustomerId);
        RegisterOutputs();
    }

    /// <summary>Resource id of the workspace.</summary>
    public Output<string> WorkspaceId => _workspaceId;

    /// <summary>The workspace's id in queries.</summary>
    public Output<string> WorkspaceCustomerId { get; }

    /// <summary>Resource id of Application Insights.</summary>
    public Output<string> ComponentId { get; }

    /// <summary>Where telemetry goes; it has no secret that counts.</summary>
    public Output<string> ConnectionString { get; }

    /// <summary>Sends a resource's own logs and metrics to the workspace.</summary>
    /// <param name="what">A word for it, unique here.</param>
    /// <param name="resource">Its id.</param>
    /// <param name="logs">Log categories; logs are paid, so no more than is looked at.</param>
    /// <param name="metrics">Metric categories.</param>
    public void Collect(string what, Output<string> resource, IReadOnlyList<string> logs, IReadOnlyList<string> metrics) =>
        new DiagnosticSetting($"diagnostics-{what}", new DiagnosticSettingArgs
        {
            Name = "tribunal",
            ResourceUri = resource,
            WorkspaceId = _workspaceId,
            Logs = [.. logs.Select(category => (Input<DiagnosticsLogSettingsArgs>)new DiagnosticsLogSettingsArgs { Category = category, Enabled = true })],
            Metrics = [.. metrics.Select(category => (Input<DiagnosticsMetricSettingsArgs>)new DiagnosticsMetricSettingsArgs { Category = category, Enabled = true })],
        }, new CustomResourceOptions { Parent = this });

    // Azure Monitor is shared by its tenants: what makes it private is a scope, with one endpoint and many zones.
    private void Link(string name, Output<string> workspace, Output<string> component, PipelineNetwork network, Place place)
    {
        PrivateLinkScope scope = new($"{name}-scope", new PrivateLinkScopeArgs
        {
            ResourceGroupName = place.ResourceGroup,
            ScopeName = place.Names.Of("ampls"),
            Location = "Global",
            Tags = place.Tags,
            AccessModeSettings = new AccessModeSettingsArgs { IngestionAccessMode = AccessMode.PrivateOnly, QueryAccessMode = AccessMode.Open },
        }, new CustomResourceOptions { Parent = this });
        foreach ((string what, Output<string> id) in (ReadOnlySpan<(string, Output<string>)>)[("workspace", workspace), ("component", component)])
        {
            new PrivateLinkScopedResource($"{name}-scope-{what}", new PrivateLinkScopedResourceArgs
            {
                ResourceGroupName = place.ResourceGroup,
                ScopeName = scope.Name,
                Name = what,
                LinkedResourceId = id,
            }, new CustomResourceOptions { Parent = scope });
        }

        network.Expose(
            "monitor", scope.Id, "azuremonitor",
            "privatelink.monitor.azure.com", "privatelink.oms.opinsights.azure.com", "privatelink.ods.opinsights.azure.com",
            "privatelink.agentsvc.azure-automation.net", "privatelink.blob.core.windows.net");
    }
}
