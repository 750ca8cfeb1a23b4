using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Tribunal.Azure.Hosting;
using Tribunal.Azure.Queues;
using Tribunal.Reports;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;

namespace Tribunal.Functions;

/// <summary>What the functions are made of, whichever host calls them.</summary>
internal static class AppServices
{
    /// <summary>Adds it by the settings of <see cref="Azure.Names.SettingNames"/>.</summary>
    public static IServiceCollection AddFunctionsApp(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddAzurePipeline(configuration);
        services.AddSingleton<IReportWriter, ReportWriter>();
        services.AddSingleton(new RewardOptions());
        services.AddSingleton<Func<EvaluationRequest>>(static provider => () => EvaluationMessage.Parse(
            """{"batch":"rollouts.jsonl"}""", provider.GetRequiredService<RequestDefaults>()));
        services.AddSingleton<RewardService>();
        return services;
    }
}
