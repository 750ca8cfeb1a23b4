using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Extensions.Configuration;
using OpenTelemetry;
using Tribunal.Azure.Names;

namespace Tribunal.Functions;

/// <summary>Application Insights, signed in to as the app's own identity.</summary>
internal static class Telemetry
{
    public static void UseApplicationInsights(this IOpenTelemetryBuilder telemetry, IConfiguration configuration) =>
        telemetry.UseAzureMonitorExporter(options =>
        {
            options.ConnectionString = configuration[SettingNames.ApplicationInsights];
            if (configuration[SettingNames.IdentityClientId] is { Length: > 0 } clientId)
            {
                options.Credential = new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId));
            }
        });
}
