using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using Tribunal.Functions;
using Tribunal.Hosting;
using Tribunal.Pipeline.Hosting;
using Tribunal.Pipeline.Judges;
using Tribunal.Pipeline.Storage;
using Tribunal.Pipeline.Telemetry;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;

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
if (builder.Configuration[SettingNames.ApplicationInsights] is { Length: > 0 })
{
    telemetry.UseApplicationInsights(builder.Configuration);
}

builder.Services.AddAzurePipeline(builder.Configuration);
builder.Services.AddSingleton<IJudgeMaker, EndpointJudges>();
builder.Services.AddSingleton(new RewardOptions());
builder.Services.AddSingleton<RewardService>();
builder.Services.AddHostedService<StoragePreparation>();
builder.Build().Run();
