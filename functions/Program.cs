using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using Tribunal.Azure.Names;
using Tribunal.Functions;
using Tribunal.Runs.Telemetry;

FunctionsApplicationBuilder builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
if (builder.Configuration[SettingNames.StorageAccount] is null or "")
{
    // An app that nobody has configured is on a laptop: Azurite. A deployment names its account.
    builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
    {
        InitialData = [new(SettingNames.StorageConnectionString, "UseDevelopmentStorage=true")],
    });
}

IOpenTelemetryBuilder telemetry = builder.AddServiceDefaults("tribunal-functions").UseFunctionsWorkerDefaults();
if (builder.Configuration[SettingNames.ApplicationInsights] is { Length: > 0 } insights)
{
    telemetry.UseAzureMonitorExporter(options =>
    {
        options.ConnectionString = insights;
        if (builder.Configuration[SettingNames.IdentityClientId] is { Length: > 0 } clientId)
        {
            options.Credential = new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId));
        }
    });
}

builder.Services.AddFunctionsApp(builder.Configuration);
builder.Services.AddHostedService<StoragePreparation>();
builder.Build().Run();
