using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Inference;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Hosting;

/// <summary>What both hosts of the Azure pipeline are made of: the Functions app and the queue worker.</summary>
public static class PipelineServices
{
    /// <summary>Adds storage, catalog, judges and activities by the settings of <see cref="SettingNames"/>.</summary>
    public static IServiceCollection AddAzurePipeline(this IServiceCollection services, IConfiguration configuration)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(static _ => new AzureRunStoreOptions());
        services.AddSingleton(_ => StorageClients.Create(configuration));
        services.AddSingleton<SubmittedBatches>();
        services.AddSingleton<IRunCatalog>(static provider => new TableRunCatalog(provider.GetRequiredService<StorageClients>().Tables));
        services.AddSingleton(static provider => new UploadLog(provider.GetRequiredService<StorageClients>().Tables));
        services.AddSingleton<IRunStores, AzureRunStores>();
        services.AddSingleton(static provider => new JudgeFactory(provider.GetRequiredService<ILoggerFactory>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => new JudgeSettings(configuration, provider.GetRequiredService<JudgeFactory>()).Registry);
        services.AddSingleton<RunMonitors>();
        services.AddSingleton(_ => ActivitySettings.Options(configuration));
        services.AddSingleton<RunSteps>();
        services.AddSingleton(_ => RequestDefaults.From(configuration));
        services.AddSingleton<UploadIntake>();
        return services;
    }
}
