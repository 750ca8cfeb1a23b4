using System.Text.Json.Serialization;
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
    /// <param name="keys">The keys that clients must send; none lets everyone in.</param>
    /// <param name="maxBody">The largest body, in bytes.</param>
    /// <param name="configure">Adds telemetry and the like.</param>
    public static WebApplication Build(RewardDesk desk, RewardOptions options, string address, ClientKeys keys, long maxBody = MaxBody, Action<WebApplicationBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(desk);
        ArgumentNullException.ThrowIfNull(options);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);

        // That it can't start, whoever starts it says in a line of its own.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.WebHost.UseUrls(address);
        builder.WebHost.ConfigureKestrel(server => server.Limits.MaxRequestBodySize = maxBody);
        builder.Services.AddSingleton(desk);
        builder.Services.AddSingleton(RewardHost.Of(desk, options, TimeProvider.System));
        builder.Services.AddSingleton<StateLog>();
        builder.Services.ConfigureHttpJsonOptions(static json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, TrainerJson.Default);

            // Numbers are numbers, in the description too.
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        builder.Services.AddOpenApi(ApiDescription.Add);
        configure?.Invoke(builder);
        WebApplication application = builder.Build();
        application.MapRewards(keys);
        application.MapOpenApi();
        return application;
    }
}
