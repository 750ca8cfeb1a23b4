using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using Tribunal.Cli.Inputs;
using OpenTelemetry.Trace;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Cli.Configuration;
using Tribunal.Formats.Batches;
using Tribunal.Inference;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Reports;
using Tribunal.Runs.Recorded;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Telemetry;
using Tribunal.Sampling;
using Tribunal.Tournaments;

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
    private readonly Option<string> _scale = new("--scale") { Description = "How rewards are said: unit ([0, 1]), rrm ((elo - 1000)/200 + 0.5; needs --rating elo), ranks, or centred in the group.", DefaultValueFactory = static _ => "unit" };
    private readonly Option<double> _limit = new("--time-limit") { Description = "Seconds after which a request is answered with the votes there are.", DefaultValueFactory = static _ => 100 };
    private readonly Option<int> _waiting = new("--max-waiting") { Description = "Rollouts under way before new ones get 429.", DefaultValueFactory = static _ => 1024 };
    private readonly Option<int> _maxBody = new("--max-body") { Description = "Largest request, in MiB.", DefaultValueFactory = static _ => 32 };
    private readonly Option<string?> _key = new("--serve-key-env") { Description = "NAME of the environment variable with the key that clients must send.", HelpName = "VAR" };
    private readonly Option<FileInfo?> _clients = new("--clients") { Description = "Clients with keys and budgets of their own: {\"NAME\": {\"keyEnv\": \"VAR\", \"requests\": N, \"tokens\": N}}.", HelpName = "FILE" };
    private readonly Option<string?> _storage = RemoteRuns.StorageOption("Several servers share a record there, named by judge and options; without it the record is --output's folder.");
    private readonly Option<bool> _open = new("--allow-anonymous") { Description = "Listen beyond this machine without a key." };
    private readonly JudgeChoice _judge = new() { Rubric = new RubricChoice() };
    private readonly PanelChoice _panel = new();
    private readonly VoteChoice _vote = new();
    private readonly ViewChoice _view = new();

    public static Command Create()
    {
        var serve = new ServeCommand();
        serve._scale.AcceptOnlyFromAmong("unit", "rrm", "ranks", "centred");
        Command command = new("serve", """
            Rewards on demand for RL trainers: judges each group once, groups by client and prompt, answers in the trainers' forms.

              tribunal serve                                                    the simulated judge: shows how it works
              tribunal serve --judge http://gpu:8000/v1 --model DeepSeek-GRM-27B --samples 8 --group 16

              POST /get_reward   OpenRLHF       (--reward.remote_url http://HOST:PORT/get_reward)
              POST /slime        slime          (--rm-type remote_rm --rm-url http://HOST:PORT/slime)
              POST /verify       NeMo Gym (training), /compare (its scripts)
              POST /roll/submit_task, GET /roll/task_result   ROLL
              POST /v1/chat/completions   a judge whose answer is the vote of several
              POST /v1/rewards   our own, one rollout or many, at once or as a job; GET /openapi/v1.json describes it
              GET  /, /healthz, /metrics

            verl, TRL and AReaL: see integrations/tribunal-rewards. DIR is a record like a run's: vote again on it, or export training data.
            """)
        {
            serve._listen, serve._output, serve._gather, serve._group, serve._groupWait, serve._nullReward, serve._scale, serve._limit, serve._waiting, serve._maxBody, serve._key, serve._clients, serve._storage, serve._open,
        };
        serve._judge.AddTo(command);
        serve._vote.AddTo(command);
        serve._view.AddTo(command);
        serve._panel.AddTo(command);
        command.SetAction(serve.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        RewardOptions options = OptionsOf(parsed);
        ClientKeys keys = KeysOf(parsed);
        using var factory = new JudgeFactory(new EndpointNotes());
        (IReadOnlyList<Judge> Judges, JudgePanel Panel)? several = _judge.OpenPanel(parsed, factory);
        IReadOnlyList<Judge> own = several?.Judges ?? [_judge.Open(parsed, factory)];
        IMetaRewardModel? meta = _judge.OpenMeta(parsed, _vote.MetaOf(parsed), factory);
        EvaluationRequest request = _judge.Rubric!.AddTo(_vote.ToRequest(parsed, "rollouts.jsonl", several is null ? _judge.ProtocolOf(parsed) : "auto", meta?.Name), parsed) with
        {
            Trajectories = _view.Of(parsed),
            Judges = _panel.Of(parsed, several?.Panel, _vote.LearnedPanelOf(parsed)),
        };
        request = request with { Tournament = request.Tournament with { KeepRatings = request.Tournament.Rating == RatingKind.Elo } };
        if (request.Policy.Kind == PolicyKind.Budget)
        {
            throw new CommandException(ExitCodes.Usage, "--policy budget needs the whole batch at once: choose fixed, adaptive or certified");
        }

        if (options.Scale == RewardScale.Rrm && request.Tournament.Rating != RatingKind.Elo)
        {
            throw new CommandException(ExitCodes.Usage, "--scale rrm needs --rating elo: --tournament random --opponents 4 --rating elo is RRM's training");
        }

        options = options with { ChatVotes = request.Policy.Kind == PolicyKind.Fixed ? request.Policy.Samples : request.Policy.Max };
        IReadOnlyDictionary<string, string> files = await ProtocolTexts.GivenAsync(new LocalRunStores(Path.GetTempPath()), "serve", request, cancellationToken);
        JudgeRoutes routes = RewardJudges.Resolve(RouteChoice.Registry(own, new MetaChoice(meta, null), factory), request, files);
        RewardLedger ledger = await LedgerAsync(parsed, ServeManifest.Of(routes, request, files), cancellationToken);
        string folder = Path.TrimEndingDirectorySeparator(parsed.GetRequiredValue(_output).FullName);
        bool local = parsed.GetValue(_storage) is null;
        if (local)
        {
            await ServedRun.BeginAsync(new LocalRunStore(folder), request, routes, files, TimeProvider.System.GetUtcNow(), cancellationToken);
            await Settings.KeepAsync(folder, cancellationToken);
        }

        await ServeAsync(parsed, options, keys, routes, await RewardDesk.OpenAsync(routes, request, options, ledger, TimeProvider.System, cancellationToken), cancellationToken);
        if (local && await ServedRun.FinishAsync(folder, new ReportWriter(), CancellationToken.None) is { } summary)
        {
            Console.WriteLine($"{summary.Scored:N0} rollouts judged; report in {Path.Combine(folder, RunFiles.Report)}");
        }

        return ExitCodes.Ok;
    }

    private async Task ServeAsync(ParseResult parsed, RewardOptions options, ClientKeys keys, JudgeRoutes routes, RewardDesk opened, CancellationToken cancellationToken)
    {
        await using RewardDesk desk = opened;
        await using WebApplication application = RewardApplication.Build(desk, options, parsed.GetRequiredValue(_listen), keys, parsed.GetRequiredValue(_maxBody) * 1024L * 1024, static builder =>
        {
            builder.Services.Configure<HostOptions>(static host => host.ShutdownTimeout = Drain);
            builder.AddServiceDefaults("tribunal-serve").WithTracing(static tracing => tracing.AddAspNetCoreInstrumentation()).WithMetrics(static metrics => metrics.AddMeter(RewardCounts.MeterName).AddPrometheusExporter());
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
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            throw CommandErrors.CantListen($"--listen {parsed.GetRequiredValue(_listen)}", exception);
        }

        if (desk.Simulated)
        {
            Console.WriteLine("SIMULATED judge: these rewards show how Tribunal works and say nothing of the responses (--judge URL --model NAME for a real one).");
        }

        Results.Print(new JsonObject { ["address"] = application.Urls.First(), ["model"] = routes.Own.Model, ["protocol"] = routes.Own.Protocol.Name, ["simulated"] = routes.All.Any(static judge => judge.Simulated) });
        Console.WriteLine($"tribunal serve: {application.Urls.First()}, {string.Join(", ", routes.All.Select(static judge => $"{judge.Model} by {judge.Protocol.Name}"))}{(keys.Wanted ? "" : ", no key asked for")}");
        await application.WaitForShutdownAsync(cancellationToken);
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
            Scale = parsed.Named<RewardScale>(_scale),
            NullReward = parsed.GetValue(_nullReward),
            TimeLimit = TimeSpan.FromSeconds(limit),
            MaxWaiting = parsed.GetRequiredValue(_waiting),
        };
    }

    // Whoever can reach the server spends GPU time, so beyond this machine it wants a key, or to be told that none is needed.
    private ClientKeys KeysOf(ParseResult parsed)
    {
        string? own = parsed.GetValue(_key) is { } variable ? Key(variable, "--serve-key-env") : null;
        var keys = new ClientKeys(own, parsed.GetValue(_clients) is { } file ? [.. Clients(file)] : Array.Empty<(string, ClientBudget)>());
        if (keys.Wanted)
        {
            return keys;
        }

        string host = new Uri(parsed.GetRequiredValue(_listen)).Host;
        bool local = host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
        return local || parsed.GetValue(_open)
            ? keys
            : throw new CommandException(ExitCodes.Usage, $"--listen {parsed.GetRequiredValue(_listen)} is open to other machines: set --serve-key-env, or --allow-anonymous");
    }

    private static string Key(string variable, string option) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } key ? key : throw new CommandException(ExitCodes.Usage, $"{option}: the environment has no {variable}");

    private static IEnumerable<(string Key, ClientBudget Client)> Clients(FileInfo file)
    {
        Dictionary<string, ServeClient> clients;
        try
        {
            clients = JsonSerializer.Deserialize(File.ReadAllBytes(file.FullName), CliJson.Default.DictionaryStringServeClient) ?? [];
        }
        catch (JsonException exception)
        {
            throw new CommandException(ExitCodes.Usage, $"--clients {file.FullName}: {ContractJson.Words(exception)}", exception);
        }

        foreach ((string name, ServeClient client) in clients)
        {
            yield return (Key(client.KeyEnv ?? throw new CommandException(ExitCodes.Usage, $"--clients: {name} has no keyEnv"), $"--clients {name}"), new ClientBudget(name, client.Requests, client.Tokens));
        }
    }

    private async Task<RewardLedger> LedgerAsync(ParseResult parsed, byte[] manifest, CancellationToken cancellationToken)
    {
        try
        {
            if (parsed.GetValue(_storage) is not { } storage)
            {
                return await RewardLedger.OpenAsync(new LocalRunStore(parsed.GetRequiredValue(_output).FullName), manifest, cancellationToken);
            }

            RemoteRuns remote = await RemoteRuns.OpenAsync(storage, cancellationToken);
            return await RewardLedger.OpenSharedAsync(remote.Stores, manifest, cancellationToken);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or UnauthorizedAccessException or PartBusyException)
        {
            throw new CommandException(ExitCodes.Usage, exception is InvalidOperationException or PartBusyException ? exception.Message : CommandErrors.Of(exception).Message, exception);
        }
    }
}

/// <summary>A client of <c>serve</c>.</summary>
/// <param name="KeyEnv">NAME of the environment variable with its key.</param>
/// <param name="Requests">Requests, at most.</param>
/// <param name="Tokens">Tokens, at most.</param>
internal sealed record ServeClient(string? KeyEnv, long? Requests, long? Tokens);
