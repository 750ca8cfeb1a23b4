using System.CommandLine;
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
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Reports;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Telemetry;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal worker</c>: serves the queues until it is stopped; any number of workers share them.</summary>
internal sealed class WorkerCommand
{
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan AfterDrain = TimeSpan.FromSeconds(15);

    private readonly Option<string?> _storage = RemoteRuns.StorageOption();
    private readonly Option<string?> _judge = new("--judge") { Description = "Name of the configured judge of requests that name none; 'simulated' for the one in this process." };
    private readonly Option<int> _runs = new("--runs") { Description = "Runs under way at once in this process.", DefaultValueFactory = static _ => new QueueWorkerOptions().Runs };
    private readonly Option<string> _listen = new("--listen") { Description = "Where /healthz and /metrics are served; port 0 takes a free one.", DefaultValueFactory = static _ => "http://127.0.0.1:0" };
    private readonly Option<double?> _watch = new("--watch") { Description = "Seconds between looks for new batches in the rollouts container, where no Event Grid tells of them." };
    private readonly Option<double> _lease = new("--lease") { Description = "Seconds after which a dead worker's run can be taken over, 15 to 60.", DefaultValueFactory = static _ => new AzureRunStoreOptions().OwnershipDuration.TotalSeconds };
    private readonly Option<double> _visibility = new("--visibility") { Description = "Seconds a message stays hidden without a renewal.", DefaultValueFactory = static _ => new QueueWorkerOptions().Visibility.TotalSeconds };
    private readonly Option<double> _comeBack = new("--come-back") { Description = "Seconds until a message comes back whose run another worker has, or whose judge or storage is away.", DefaultValueFactory = static _ => new QueueWorkerOptions().ComeBack.TotalSeconds };
    private readonly Option<double> _drain = new("--drain") { Description = "Seconds that work in flight may take to end on SIGTERM.", DefaultValueFactory = static _ => new QueueWorkerOptions().DrainLimit.TotalSeconds };

    public static Command Create()
    {
        var worker = new WorkerCommand();
        Command command = new("worker", "Serves the evaluation and upload queues of a storage account.")
        {
            worker._storage, worker._judge, worker._runs, worker._listen, worker._watch, worker._lease, worker._visibility, worker._comeBack, worker._drain,
        };
        command.SetAction(worker.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        WorkerOptions options = OptionsOf(parsed);
        await using WebApplication application = Build(options);

        // Storage that can't be used is said before anything begins.
        string account = application.Services.GetRequiredService<StorageClients>().Account;
        MapEndpoints(application);

        // The host drains on the first signal by itself.
        Interrupts.Drain(static () => Console.Error.WriteLine("stopping: what is in flight ends first (once more to abort)"), static () => Environment.Exit(ExitCodes.Interrupted));
        await application.StartAsync(cancellationToken);
        Console.WriteLine($"tribunal worker: {account}, {application.Urls.First()}");
        await application.WaitForShutdownAsync(cancellationToken);
        return ExitCodes.Ok;
    }

    private WorkerOptions OptionsOf(ParseResult parsed)
    {
        if (parsed.GetValue(_lease) is < 15 or > 60)
        {
            throw new CommandException(ExitCodes.Usage, "--lease: the service leases for 15 to 60 seconds");
        }

        if (parsed.GetValue(_runs) < 1 || parsed.GetValue(_visibility) < 1 || parsed.GetValue(_comeBack) < 0 || parsed.GetValue(_drain) < 0 || parsed.GetValue(_watch) is <= 0)
        {
            throw new CommandException(ExitCodes.Usage, "--runs, --visibility, --come-back, --drain or --watch is below what makes sense");
        }

        List<KeyValuePair<string, string?>> settings = [.. RemoteRuns.Settings(parsed.GetValue(_storage))];
        if (parsed.GetValue(_judge) is { } name)
        {
            settings.Add(new(SettingNames.DefaultJudge, name));
        }

        return new WorkerOptions
        {
            Listen = parsed.GetRequiredValue(_listen),
            Settings = settings,
            Lease = TimeSpan.FromSeconds(parsed.GetValue(_lease)),
            Queues = new QueueWorkerOptions
            {
                Runs = parsed.GetValue(_runs),
                Visibility = TimeSpan.FromSeconds(parsed.GetValue(_visibility)),
                ComeBack = TimeSpan.FromSeconds(parsed.GetValue(_comeBack)),
                DrainLimit = TimeSpan.FromSeconds(parsed.GetValue(_drain)),
                WatchPause = parsed.GetValue(_watch) is { } pause ? TimeSpan.FromSeconds(pause) : null,
            },
        };
    }

    private static WebApplication Build(WorkerOptions options)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.WebHost.UseUrls(options.Listen);
        builder.Configuration.AddInMemoryCollection(options.Settings);
        builder.Services.AddSingleton(new AzureRunStoreOptions { OwnershipDuration = options.Lease });
        builder.Services.AddAzurePipeline(builder.Configuration);
        builder.Services.AddSingleton<IReportWriter, ReportWriter>();
        builder.Services.AddQueueWorker(
            new RunExecutorOptions
            {
                WorkerName = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}"),
                Window = ActivitySettings.Window(builder.Configuration),
                PatienceMinutes = ActivitySettings.PatienceMinutes(builder.Configuration),
            },
            options.Queues);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Queues.DrainLimit + AfterDrain);
        builder.AddServiceDefaults("tribunal-worker").WithMetrics(static metrics => metrics.AddPrometheusExporter());
        return builder.Build();
    }

    private static void MapEndpoints(WebApplication application)
    {
        application.MapPrometheusScrapingEndpoint("/metrics");
        application.MapGet("/healthz", static (QueueWorker worker) => Results.Json(
            new WorkerHealth(worker.Busy, worker.SinceLastLook.TotalSeconds),
            CliJson.Default.WorkerHealth,
            statusCode: worker.SinceLastLook < Stale || worker.Busy > 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable));
    }

    /// <summary>What the worker is asked for.</summary>
    private sealed record WorkerOptions
    {
        public required string Listen { get; init; }

        public required IReadOnlyList<KeyValuePair<string, string?>> Settings { get; init; }

        public required TimeSpan Lease { get; init; }

        public required QueueWorkerOptions Queues { get; init; }
    }

    /// <summary>What <c>/healthz</c> says.</summary>
    /// <param name="Runs">Runs under way.</param>
    /// <param name="StorageAnsweredSecondsAgo">Age of the last answer of the queues.</param>
    internal sealed record WorkerHealth(int Runs, double StorageAnsweredSecondsAgo);
}
