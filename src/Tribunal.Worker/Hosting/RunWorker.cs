using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Tribunal.Azure.Hosting;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;
using Tribunal.Reports;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Telemetry;
using Tribunal.Worker.Engine;
using Tribunal.Worker.Queues;

namespace Tribunal.Worker.Hosting;

/// <summary>
/// A worker: serves the queues of a storage account, and takes steps of whatever runs are under way there. Any number of them, in
/// any number of processes, share one run.
/// </summary>
public sealed class RunWorker : IAsyncDisposable
{
    // A step costs a dozen storage transactions and some looks into queues: with twice the judgements of other hosts' there are half as
    // many of them, each still some seconds of work, so that they spread over the workers.
    private static readonly ActivityOptions Sizes = new() { DrawsPerChunk = 128 };
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(2);

    // The engine hands its partition over after the last step has ended.
    private static readonly TimeSpan AfterDrain = TimeSpan.FromSeconds(30);
    private readonly WebApplication _application;

    private RunWorker(WebApplication application) => _application = application;

    /// <summary>The account that it works with.</summary>
    public string Account => _application.Services.GetRequiredService<StorageClients>().Account;

    /// <summary>Where health and metrics are served.</summary>
    public string Address => _application.Urls.First();

    /// <summary>Starts one.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="configure">Changes what it is made of.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="StorageConfigurationException">The settings name no storage that can be used.</exception>
    public static async Task<RunWorker> StartAsync(RunWorkerOptions options, Action<IServiceCollection>? configure = null, CancellationToken cancellationToken = default)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

        // One line per event of every orchestration otherwise.
        builder.Logging.AddFilter("DurableTask", LogLevel.Warning);
        builder.WebHost.UseUrls(options.Listen);
        builder.Configuration.AddInMemoryCollection(options.Settings);
        builder.Services.AddAzurePipeline(builder.Configuration);
        builder.Services.AddSingleton<IReportWriter, ReportWriter>();
        AddWorker(builder.Services, builder.Configuration, options);
        configure?.Invoke(builder.Services);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Queues.DrainLimit + AfterDrain);
        builder.AddServiceDefaults("tribunal-worker")
            .WithMetrics(static metrics => metrics.AddPrometheusExporter());
        WebApplication application = builder.Build();
        RunWorker worker = new(application);
        try
        {
            // Storage that can't be used is said before anything begins.
            application.Services.GetRequiredService<StorageClients>();
            MapEndpoints(application);
            await application.StartAsync(cancellationToken);
            return worker;
        }
        catch
        {
            await worker.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until the process is asked to stop, and for what is in flight then.</summary>
    public Task WaitAsync(CancellationToken cancellationToken) => _application.WaitForShutdownAsync(cancellationToken);

    /// <summary>Stops it: what is in flight ends, the rest is for others.</summary>
    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private static void AddWorker(IServiceCollection services, IConfiguration configuration, RunWorkerOptions options)
    {
        services.AddSingleton(_ => ActivitySettings.Options(configuration, Sizes));
        services.AddSingleton(new RunExecutorOptions
        {
            WorkerName = options.Name,
            Window = ActivitySettings.Window(configuration),
            PatienceMinutes = ActivitySettings.PatienceMinutes(configuration),
        });
        services.AddSingleton(options.Queues);
        services.AddSingleton<ProgressBoard>();
        services.AddSingleton(provider =>
        {
            ILoggerFactory logging = provider.GetRequiredService<ILoggerFactory>();
            int steps = StepsFor(configuration, provider.GetRequiredService<ActivityOptions>());
            return new RunEngine(
                TaskHub.Settings(provider.GetRequiredService<StorageClients>(), options.Lease, options.Join, steps, logging),
                provider.GetRequiredService<RunSteps>(),
                provider.GetRequiredService<RunMonitors>(),
                provider.GetRequiredService<ProgressBoard>().Report,
                provider.GetRequiredService<TimeProvider>(),
                logging);
        });
        services.AddSingleton<RunExecutor>();
        services.AddSingleton<QueueWorker>();
        services.AddHostedService(static provider => provider.GetRequiredService<ProgressBoard>());
        services.AddHostedService(static provider => provider.GetRequiredService<QueueWorker>());
    }

    // Twice what keeps the busiest judge busy: while one chunk ends, another begins. What is taken here is not left to other workers.
    private static int StepsFor(IConfiguration configuration, ActivityOptions options)
    {
        int concurrency = configuration.GetSection(SettingNames.Judges).GetChildren()
            .Select(static judge => int.TryParse(judge[SettingNames.JudgeConcurrency], CultureInfo.InvariantCulture, out int set) ? set : Judge.DefaultConcurrency)
            .DefaultIfEmpty(Judge.DefaultConcurrency).Max();
        return Math.Max(4, 2 * ((concurrency + options.DrawsPerChunk - 1) / options.DrawsPerChunk));
    }

    private static void MapEndpoints(WebApplication application)
    {
        application.MapPrometheusScrapingEndpoint("/metrics");
        application.MapGet("/healthz", static (QueueWorker worker, RunEngine engine) => Results.Json(
            new WorkerHealth(worker.Busy, engine.Busy, worker.SinceLastLook.TotalSeconds),
            WorkerJson.Default.WorkerHealth,
            statusCode: worker.SinceLastLook < Stale || worker.Busy + engine.Busy > 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable));
    }
}

/// <summary>What <c>/healthz</c> says.</summary>
/// <param name="Runs">Runs that the worker waits for.</param>
/// <param name="Steps">Steps of runs under way in it, its own or others'.</param>
/// <param name="StorageAnsweredSecondsAgo">Age of the last answer of the queues.</param>
internal sealed record WorkerHealth(int Runs, int Steps, double StorageAnsweredSecondsAgo);
