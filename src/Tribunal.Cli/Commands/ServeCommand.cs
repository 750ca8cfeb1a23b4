using System.CommandLine;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Inference;
using Tribunal.MetaReward;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Telemetry;
using Tribunal.Sampling;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal serve</c>: rewards on demand for RL trainers.</summary>
internal sealed class ServeCommand
{
    private static readonly TimeSpan Drain = TimeSpan.FromSeconds(30);
    private readonly Option<string> _listen = new("--listen") { Description = "Where to listen; port 0 takes a free one.", DefaultValueFactory = static _ => "http://127.0.0.1:8080", HelpName = "URL" };
    private readonly Option<DirectoryInfo> _output = new("--output", "-o") { Description = "Folder of rollouts, judgements and verdicts; what it holds is not judged again.", DefaultValueFactory = static _ => new DirectoryInfo("tribunal-serve"), HelpName = "DIR" };
    private readonly Option<double> _gather = new("--gather") { Description = "Milliseconds that responses to one prompt which arrive one by one wait for each other.", DefaultValueFactory = static _ => 500 };
    private readonly Option<int?> _group = new("--group") { Description = "The trainer's samples per prompt: a full group does not wait.", HelpName = "N" };
    private readonly Option<double> _groupWait = new("--group-wait") { Description = "Seconds that a group whose size is known from the request waits to be whole.", DefaultValueFactory = static _ => 60 };
    private readonly Option<double?> _nullReward = new("--null-reward") { Description = "What OpenRLHF gets where there is no reward: null ends its training, a number of your choice is counted in /metrics.", HelpName = "X" };
    private readonly Option<double> _limit = new("--time-limit") { Description = "Seconds after which a request is answered with the votes there are.", DefaultValueFactory = static _ => 100 };
    private readonly Option<int> _waiting = new("--max-waiting") { Description = "Rollouts under way before new ones get 429.", DefaultValueFactory = static _ => 1024 };
    private readonly Option<int> _maxBody = new("--max-body") { Description = "Largest request, in MiB.", DefaultValueFactory = static _ => 32 };
    private readonly Option<string?> _key = new("--serve-key-env") { Description = "NAME of the environment variable with the key that clients must send.", HelpName = "VAR" };
    private readonly Option<bool> _open = new("--allow-anonymous") { Description = "Listen beyond this machine without a key." };
    private readonly JudgeChoice _judge = new();
    private readonly VoteChoice _vote = new();

    public static Command Create()
    {
        var serve = new ServeCommand();
        Command command = new("serve", """
            Rewards on demand for RL trainers: judges each group once, groups by client and prompt, answers in the trainers' forms.

              tribunal serve                                                    the simulated judge: shows how it works
              tribunal serve --judge http://gpu:8000/v1 --model DeepSeek-GRM-27B --samples 8 --group 16

              POST /get_reward   OpenRLHF       (--reward.remote_url http://HOST:PORT/get_reward)
              POST /slime        slime          (--rm-type remote_rm --rm-url http://HOST:PORT/slime)
              POST /verify       NeMo Gym (training), /compare (its scripts)
              POST /v1/rewards   our own, one rollout or many, at once or as a job; GET /openapi/v1.json describes it
              GET  /healthz, /metrics

            verl and TRL: see integrations/. DIR is a record like a run's: vote again on it, or export training data.
            """)
        {
            serve._listen, serve._output, serve._gather, serve._group, serve._groupWait, serve._nullReward, serve._limit, serve._waiting, serve._maxBody, serve._key, serve._open,
        };
        serve._judge.AddTo(command);
        serve._vote.AddTo(command);
        command.SetAction(serve.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        RewardOptions options = OptionsOf(parsed);
        string? key = KeyOf(parsed);
        using var factory = new JudgeFactory();
        Judge asked = _judge.Open(parsed, factory);
        IMetaRewardModel? meta = _judge.OpenMeta(parsed, _vote.MetaOf(parsed), factory);
        EvaluationRequest request = _vote.ToRequest(parsed, "rollouts.jsonl", _judge.ProtocolOf(parsed), meta?.Name);
        if (request.Policy.Kind == PolicyKind.Budget)
        {
            throw new CommandException(ExitCodes.Usage, "--policy budget needs the whole batch at once: choose fixed, adaptive or certified");
        }

        Judge judge = new JudgeRegistry([asked], meta is null ? [] : [meta]).Resolve(request).Own;
        await using RewardDesk desk = await RewardDesk.OpenAsync(
            judge, request, options, await LedgerAsync(parsed.GetRequiredValue(_output).FullName, judge, request, cancellationToken), TimeProvider.System, cancellationToken);
        await using WebApplication application = RewardApplication.Build(desk, options, parsed.GetRequiredValue(_listen), key, parsed.GetRequiredValue(_maxBody) * 1024L * 1024, static builder =>
        {
            builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = Drain);
            builder.AddServiceDefaults("tribunal-serve").WithMetrics(static metrics => metrics.AddMeter(RewardCounts.MeterName).AddPrometheusExporter());
        });
        application.MapPrometheusScrapingEndpoint("/metrics");
        Interrupts.Drain(
            () =>
            {
                Console.Error.WriteLine("stopping: requests under way end first (once more to abort)");
                application.Lifetime.StopApplication();
            },
            static () => Environment.Exit(ExitCodes.Interrupted));
        try
        {
            await application.StartAsync(cancellationToken);
        }
        catch (IOException exception)
        {
            throw new CommandException(
                ExitCodes.Usage,
                exception.InnerException is AddressInUseException ? $"--listen {parsed.GetRequiredValue(_listen)}: another program listens there; choose another port, or 0 for a free one" : $"--listen: {exception.Message}",
                exception);
        }

        if (judge.Simulated)
        {
            Console.WriteLine("SIMULATED judge: these rewards show how Tribunal works and say nothing of the responses (--judge URL --model NAME for a real one).");
        }

        Console.WriteLine($"tribunal serve: {application.Urls.First()}, {judge.Model} by {judge.Protocol.Name}{(key is null ? ", no key asked for" : "")}");
        await application.WaitForShutdownAsync(cancellationToken);
        return ExitCodes.Ok;
    }

    private RewardOptions OptionsOf(ParseResult parsed)
    {
        double gather = parsed.GetRequiredValue(_gather);
        double limit = parsed.GetRequiredValue(_limit);
        if (gather is not (>= 0 and <= 600_000) || parsed.GetRequiredValue(_groupWait) is not (>= 0 and <= 86_400) || (parsed.GetValue(_nullReward) is { } number && !double.IsFinite(number)) || limit is not (> 0 and <= 86_400) || parsed.GetValue(_group) < 1 || parsed.GetRequiredValue(_waiting) < 1 || parsed.GetRequiredValue(_maxBody) is < 1 or > 1024)
        {
            throw new CommandException(ExitCodes.Usage, "--gather, --group, --group-wait, --null-reward, --time-limit, --max-waiting or --max-body is outside what makes sense");
        }

        if (!Uri.TryCreate(parsed.GetRequiredValue(_listen), UriKind.Absolute, out Uri? listen) || listen.Scheme is not ("http" or "https"))
        {
            throw new CommandException(ExitCodes.Usage, $"--listen {parsed.GetRequiredValue(_listen)}: an address such as http://127.0.0.1:8080 is needed");
        }

        return new RewardOptions
        {
            Gather = TimeSpan.FromMilliseconds(gather),
            GroupSize = parsed.GetValue(_group),
            GroupWait = TimeSpan.FromSeconds(parsed.GetRequiredValue(_groupWait)),
            NullReward = parsed.GetValue(_nullReward),
            TimeLimit = TimeSpan.FromSeconds(limit),
            MaxWaiting = parsed.GetRequiredValue(_waiting),
        };
    }

    // Whoever can reach the server spends GPU time, so beyond this machine it wants a key, or to be told that none is needed.
    private string? KeyOf(ParseResult parsed)
    {
        if (parsed.GetValue(_key) is { } variable)
        {
            return Environment.GetEnvironmentVariable(variable) is { Length: > 0 } key ? key : throw new CommandException(ExitCodes.Usage, $"--serve-key-env: the environment has no {variable}");
        }

        string host = new Uri(parsed.GetRequiredValue(_listen)).Host;
        bool local = host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
        return local || parsed.GetValue(_open)
            ? null
            : throw new CommandException(ExitCodes.Usage, $"--listen {parsed.GetRequiredValue(_listen)} is open to other machines: set --serve-key-env, or --allow-anonymous");
    }

    private static async Task<RewardLedger> LedgerAsync(string folder, Judge judge, EvaluationRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await RewardLedger.OpenAsync(new LocalRunStore(folder), ServeManifest.Of(judge, request), cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or UnauthorizedAccessException or PartBusyException)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message, exception);
        }
    }
}
