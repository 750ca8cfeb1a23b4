using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Trainers;

namespace Tribunal.RewardServer.Serving;

/// <summary>The reward server as an ASP.NET Core application.</summary>
public static class RewardApplication
{
    /// <summary>The largest body taken by default, in bytes.</summary>
    public const long MaxBody = 32 * 1024 * 1024;

    /// <summary>Builds it; nothing listens yet.</summary>
    /// <param name="desk">What judges; whoever opened it disposes it, after the application.</param>
    /// <param name="options">How requests become groups.</param>
    /// <param name="address">Where to listen; port 0 takes a free one.</param>
    /// <param name="apiKey">The key that clients must send; null lets everyone in.</param>
    /// <param name="maxBody">The largest body, in bytes.</param>
    /// <param name="configure">Adds telemetry and the like.</param>
    public static WebApplication Build(RewardDesk desk, RewardOptions options, string address, string? apiKey, long maxBody = MaxBody, Action<WebApplicationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(desk);
        ArgumentNullException.ThrowIfNull(options);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.WebHost.UseUrls(address);
        builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = maxBody);
        builder.Services.AddSingleton(desk);
        builder.Services.AddSingleton(new RewardHandlers(desk, options));
        builder.Services.ConfigureHttpJsonOptions(static json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, TrainerJson.Default));
        builder.Services.AddOpenApi(static open => open.AddDocumentTransformer(static (document, _, _) =>
        {
            document.Info.Title = "Tribunal rewards";
            document.Info.Version = "v1";
            document.Info.Description = "Rewards in [0, 1] for responses to a prompt, by a reward model that reasons before it scores. Null where there is no reward, never 0.";
            return Task.CompletedTask;
        }));
        configure?.Invoke(builder);
        WebApplication application = builder.Build();
        application.MapRewards(apiKey);
        application.MapOpenApi();
        return application;
    }
}
