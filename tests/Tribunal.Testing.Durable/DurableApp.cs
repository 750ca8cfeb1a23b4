using System.Collections.Concurrent;
using System.Net;
using System.Reflection;
using DurableTask.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Testing.Sidecar;
using Microsoft.DurableTask.Testing.Sidecar.Grpc;
using Microsoft.DurableTask.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tribunal.Azure.Names;
using Tribunal.Functions;
using Tribunal.Functions.Durable;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Telemetry;

namespace Tribunal.Testing.Durable;

/// <summary>
/// The function app on the in-memory backend of Microsoft.DurableTask.InProcessTestHost: its own orchestrators and
/// activities, its own services and settings, over Azurite. Only the triggers' host is missing; tests call those.
/// The backend listens on a port of the system's choice, so that any number of them run side by side.
/// </summary>
internal sealed class DurableApp : IAsyncDisposable
{
    private readonly WebApplication _backend;
    private readonly GrpcChannel _channel;
    private readonly IHost _worker;

    private DurableApp(WebApplication backend, GrpcChannel channel, IHost worker, HistoryMeter meter, ConcurrentDictionary<string, int> calls) =>
        (_backend, _channel, _worker, Meter, Calls) = (backend, channel, worker, meter, calls);

    public DurableTaskClient Client => Services.GetRequiredService<DurableTaskClient>();

    public IServiceProvider Services => _worker.Services;

    /// <summary>Histories of the orchestrations.</summary>
    public HistoryMeter Meter { get; }

    /// <summary>How often each activity was called.</summary>
    public ConcurrentDictionary<string, int> Calls { get; }

    /// <summary>Starts the app.</summary>
    /// <param name="storage">Azurite's connection string.</param>
    /// <param name="configure">Changes to the app's services.</param>
    /// <param name="settings">Further settings.</param>
    public static async Task<DurableApp> StartAsync(string storage, Action<IServiceCollection>? configure = null, params IEnumerable<KeyValuePair<string, string?>> settings)
    {
        InMemoryOrchestrationService memory = new();
        (IOrchestrationService service, HistoryMeter meter) = HistoryMeter.Before(memory);
        WebApplication backend = Backend(service, memory);
        await backend.StartAsync();
        var channel = GrpcChannel.ForAddress(backend.Urls.Single(), new GrpcChannelOptions { MaxReceiveMessageSize = null });

        ConcurrentDictionary<string, int> calls = new(StringComparer.Ordinal);
        HostApplicationBuilder worker = Host.CreateEmptyApplicationBuilder(null);
        worker.Configuration.AddInMemoryCollection(
        [
            new(SettingNames.StorageConnectionString, storage),
            new(SettingNames.DefaultJudge, "simulated"),
            new(SettingNames.DefaultProtocol, "grm"),
            .. settings,
        ]);
        worker.Services.AddSingleton<IConfiguration>(worker.Configuration);
        worker.Services.AddFunctionsApp(worker.Configuration);
        if (worker.Configuration[ServiceDefaults.OtlpEndpoint] is { Length: > 0 })
        {
            worker.AddServiceDefaults("tribunal-functions");
        }

        configure?.Invoke(worker.Services);
        worker.Services.AddDurableTaskWorker(durable =>
        {
            durable.UseGrpc(channel);
            durable.AddTasks(tasks => Register(tasks, calls));
        });
        worker.Services.AddDurableTaskClient(durable =>
        {
            durable.UseGrpc(channel);
            durable.RegisterDirectly();
        });
        IHost host = worker.Build();
        await host.StartAsync();
        return new DurableApp(backend, channel, host, meter, calls);
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.StopAsync();
        _worker.Dispose();
        await _channel.ShutdownAsync();
        _channel.Dispose();
        await _backend.StopAsync();
        await _backend.DisposeAsync();
    }

    private static WebApplication Backend(IOrchestrationService service, IOrchestrationServiceClient client)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static server => server.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(static options => options.MaxReceiveMessageSize = null);
        builder.Services.AddSingleton(service);
        builder.Services.AddSingleton(client);
        builder.Services.AddSingleton<TaskHubGrpcServer>();
        WebApplication backend = builder.Build();
        backend.MapGrpcService<TaskHubGrpcServer>();
        return backend;
    }

    // Every activity that the app binds, under the name that it is bound to.
    private static void Register(DurableTaskRegistry tasks, ConcurrentDictionary<string, int> calls)
    {
        tasks.AddOrchestratorFunc<BatchRun, RunOutcome>(Names.EvaluateBatch.Name, static (context, _) => Orchestrations.EvaluateBatchAsync(context));
        tasks.AddOrchestratorFunc<ShardStretch, StretchResult>(Names.ScoreShards.Name, static (context, _) => Orchestrations.ScoreShardsAsync(context));
        tasks.AddOrchestratorFunc<ShardRun, ShardResult>(Names.ScoreShard.Name, static (context, _) => Orchestrations.ScoreShardAsync(context));
        foreach (MethodInfo method in typeof(ActivityFunctions).GetMethods())
        {
            if (method.GetCustomAttribute<FunctionAttribute>() is { } function)
            {
                tasks.AddActivity(function.Name, services => new BoundActivity(ActivatorUtilities.CreateInstance<ActivityFunctions>(services), method, () => calls.AddOrUpdate(function.Name, 1, static (_, count) => count + 1)));
            }
        }
    }

    private sealed class BoundActivity(ActivityFunctions functions, MethodInfo method, Action called) : ITaskActivity
    {
        public Type InputType => method.GetParameters()[0].ParameterType;

        public Type OutputType => method.ReturnType.GetGenericArguments()[0];

        public async Task<object?> RunAsync(TaskActivityContext context, object? input)
        {
            called();
            var running = (Task)method.Invoke(functions, BindingFlags.DoNotWrapExceptions, null, [input, CancellationToken.None], null)!;
            await running;
            return running.GetType().GetProperty(nameof(Task<>.Result))!.GetValue(running);
        }
    }
}
