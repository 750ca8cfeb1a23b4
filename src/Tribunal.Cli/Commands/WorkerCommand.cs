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
using Tribunal.Runs.Storage;
using Tribunal.Runs.Telemetry;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal worker</c>: serves the queues until it is stopped; any number of workers share them.</summary>
internal static class WorkerCommand
{
    private static readonly TimeSpan Stale = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan AfterDrain = TimeSpan.FromSeconds(15);

    public static Command Create()
    {
        Option<string?> storage = RemoteRuns.StorageOption();
        Option<string?> judge = new("--judge") { Description = "Name of the configured judge of requests that name none; 'simulated' for the one in this process." };
        Option<int> runs = new("--runs") { Description = "Runs under way at once in this process.", DefaultValueFactory = static _ => 1 };
        Option<string> listen = new("--listen") { Description = "Where /healthz and /metrics are served; port 0 takes a free one.", DefaultValueFactory = static _ => "http://127.0.0.1:0" };
        Option<double?> watch = new("--watch") { Description = "Seconds between looks for new batches in the rollouts container, where no Event Grid tells of them." };
        Option<double> lease = new("--lease") { Description = "Seconds after which a dead worker's run can be taken over, 15 to 60.", DefaultValueFactory = static _ => 30 };
        Option<double> visibility = new("--visibility") { Description = "Seconds a message stays hidden without a renewal.", DefaultValueFactory = static _ => 60 };
        Option<double> comeBack = new("--come-back") { Description = "Seconds until a message comes back whose run another worker has, or whose judge or storage is away.", DefaultValueFactory = static _ => 20 };
        Option<double> drain = new("--drain") { Description = "Seconds that work in flight may take to end on SIGTERM.", DefaultValueFactory = static _ => 30 };
        Command command = new("worker", "Serves the evaluation and upload queues of a storage account.") { storage, judge, runs, listen, watch, lease, visibility, comeBack, drain };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (parsed.GetValue(lease) is < 15 or > 60)
            {
                throw new CommandException(ExitCodes.Usage, "--lease: the service leases for 15 to 60 seconds");
            }

            if (parsed.GetValue(runs) < 1 || parsed.GetValue(visibility) < 1 || parsed.GetValue(comeBack) < 0 || parsed.GetValue(drain) < 0 || parsed.GetValue(watch) is <= 0)
            {
                throw new CommandException(ExitCodes.Usage, "--runs, --visibility, --come-back, --drain or --watch is below what makes sense");
            }

            WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
            builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
            builder.WebHost.UseUrls(parsed.GetRequiredValue(listen));
            List<KeyValuePair<string, string?>> settings = [.. RemoteRuns.Settings(parsed.GetValue(storage))];
            if (parsed.GetValue(judge) is { } name)
            {
                settings.Add(new(SettingNames.DefaultJudge, name));
            }

            builder.Configuration.AddInMemoryCollection(settings);
            TimeSpan drainLimit = TimeSpan.FromSeconds(parsed.GetValue(drain));
            TimeSpan leaseTime = TimeSpan.FromSeconds(parsed.GetValue(lease));
            builder.Services.AddSingleton(new AzureRunStoreOptions { OwnershipDuration = leaseTime });
            builder.Services.AddAzurePipeline(builder.Configuration);
            builder.Services.AddSingleton<IJudgeMaker, EndpointJudges>();
            builder.Services.AddSingleton<IReportWriter, ReportWriter>();
            builder.Services.AddQueueWorker(
                new RunExecutorOptions
                {
                    WorkerName = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}"),
                    Window = ActivitySettings.Window(builder.Configuration),
                    PatienceMinutes = ActivitySettings.PatienceMinutes(builder.Configuration),
                },
                new QueueWorkerOptions
                {
                    Runs = parsed.GetValue(runs),
                    Visibility = TimeSpan.FromSeconds(parsed.GetValue(visibility)),
                    ComeBack = TimeSpan.FromSeconds(parsed.GetValue(comeBack)),
                    DrainLimit = drainLimit,
                    WatchPause = parsed.GetValue(watch) is { } pause ? TimeSpan.FromSeconds(pause) : null,
                });
            builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = drainLimit + AfterDrain);
            builder.AddServiceDefaults("tribunal-worker").WithMetrics(static metrics => metrics.AddPrometheusExporter());
            await using WebApplication application = builder.Build();
            try
            {
                _ = application.Services.GetRequiredService<StorageClients>();
            }
            catch (StorageConfigurationException exception)
            {
                throw new CommandException(ExitCodes.Usage, exception.Message, exception);
            }

            application.MapPrometheusScrapingEndpoint("/metrics");
            application.MapGet("/healthz", static (QueueWorker worker) => Results.Json(
                new WorkerHealth(worker.Busy, worker.SinceLastLook.TotalSeconds),
                CliJson.Default.WorkerHealth,
                statusCode: worker.SinceLastLook < Stale || worker.Busy > 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable));
            // The host drains on the first signal by itself.
            Interrupts.Drain(static () => Console.Error.WriteLine("stopping: what is in flight ends first (once more to abort)"), static () => Environment.Exit(ExitCodes.Interrupted));
            await application.StartAsync(cancellationToken);
            Console.WriteLine($"tribunal worker: {application.Services.GetRequiredService<StorageClients>().Account}, {application.Urls.First()}");
            await application.WaitForShutdownAsync(cancellationToken);
            return ExitCodes.Ok;
        });
        return command;
    }

    /// <summary>What <c>/healthz</c> says.</summary>
    /// <param name="Runs">Runs under way.</param>
    /// <param name="StorageAnsweredSecondsAgo">Age of the last answer of the queues.</param>
    internal sealed record WorkerHealth(int Runs, double StorageAnsweredSecondsAgo);
}
