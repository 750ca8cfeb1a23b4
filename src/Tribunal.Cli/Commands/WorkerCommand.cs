using System.CommandLine;
using System.Text.Json.Nodes;
using Tribunal.Azure.Names;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Worker.Hosting;
using Tribunal.Worker.Queues;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal worker</c>: serves the queues until it is stopped; any number of workers share them, and the shards of a run.</summary>
internal sealed class WorkerCommand
{
    private readonly Option<string?> _storage = RemoteRuns.StorageOption();
    private readonly Option<string?> _judge = new("--judge") { Description = "Name of the configured judge of requests that name none; 'simulated' for the one in this process." };
    private readonly Option<int> _runs = new("--runs") { Description = "Runs that this process begins at once; it helps with those of others too.", DefaultValueFactory = static _ => new QueueWorkerOptions().Runs };
    private readonly Option<string> _listen = new("--listen") { Description = "Where /healthz and /metrics are served; port 0 takes a free one.", DefaultValueFactory = static _ => "http://127.0.0.1:0" };
    private readonly Option<double?> _watch = new("--watch") { Description = "Seconds between looks for new batches in the rollouts container, where no Event Grid tells of them." };
    private readonly Option<double> _lease = new("--lease") { Description = "Seconds after which others go on with what a dead worker held, 15 to 60.", DefaultValueFactory = static _ => new RunWorkerOptions().Lease.TotalSeconds };
    private readonly Option<double> _visibility = new("--visibility") { Description = "Seconds a message stays hidden without a renewal.", DefaultValueFactory = static _ => new QueueWorkerOptions().Visibility.TotalSeconds };
    private readonly Option<double> _comeBack = new("--come-back") { Description = "Seconds until a message comes back whose judge or storage is away.", DefaultValueFactory = static _ => new QueueWorkerOptions().ComeBack.TotalSeconds };
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
        // The host drains on the first signal by itself.
        Interrupts.Drain(static () => Console.Error.WriteLine("stopping: what is in flight ends first (once more to abort)"), static () => Environment.Exit(ExitCodes.Interrupted));
        await using RunWorker worker = await RunWorker.StartAsync(OptionsOf(parsed), cancellationToken: cancellationToken);
        Results.Print(new JsonObject { ["account"] = worker.Account, ["address"] = $"{worker.Address}" });
        Console.WriteLine($"tribunal worker: {worker.Account}, {worker.Address}");
        await worker.WaitAsync(cancellationToken);
        return ExitCodes.Ok;
    }

    private RunWorkerOptions OptionsOf(ParseResult parsed)
    {
        if (parsed.GetValue(_lease) is < 15 or > 60)
        {
            throw new CommandException(ExitCodes.Usage, "--lease: 15 to 60 seconds");
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

        return new RunWorkerOptions
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
}
