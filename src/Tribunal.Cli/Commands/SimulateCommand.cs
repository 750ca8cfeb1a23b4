using System.CommandLine;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Options;
using Tribunal.Cli.Output;
using Tribunal.Runs.Resuming;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Simulator.Serving;

namespace Tribunal.Cli.Commands;

/// <summary><c>tribunal simulate</c>: the simulated judge as a server, and batches made for it.</summary>
internal sealed class SimulateCommand
{
    private readonly Option<int> _port = new("--port") { Description = "The port; 0 takes a free one.", DefaultValueFactory = static _ => 8000 };
    private readonly Option<string> _host = new("--host") { Description = "The address to listen on.", DefaultValueFactory = static _ => "127.0.0.1" };
    private readonly Option<double> _latency = new("--latency") { Description = "Milliseconds that an answer takes, at least." };
    private readonly Option<double> _jitter = new("--jitter") { Description = "Milliseconds added to it at most." };
    private readonly Option<int> _slots = new("--slots") { Description = "Requests worked on at a time; 0 for no limit." };
    private readonly Option<int> _queue = new("--queue") { Description = "Requests that may wait for a slot before more get 429; 0 for no limit." };
    private readonly Option<double> _warmUp = new("--warm-up") { Description = "Seconds after the start in which everything is answered 503, as by a GPU app that loads its weights." };
    private readonly Option<double> _faults = new("--faults") { Description = "Share of faults, 0 to 1: 429, 503, resets, hangs, garbage, truncation, refusals." };
    private readonly Option<double> _hang = new("--hang") { Description = "Seconds that a hanging request hangs.", DefaultValueFactory = static _ => 600 };
    private readonly Option<double> _position = new("--position-bias") { Description = "How far the judge favours what it sees first." };
    private readonly Option<double> _bias = new("--bias") { Description = "How far the judge errs on a response whenever it is asked: the less, the better it judges.", DefaultValueFactory = static _ => new NoiseModel().Bias };
    private readonly Option<double> _noise = new("--noise") { Description = "How far one judgement errs by itself, beside all others.", DefaultValueFactory = static _ => new NoiseModel().Noise };
    private readonly Option<double> _cue = new("--cue") { Description = "How far the words tell how sound a judgement is; 0 for not at all.", DefaultValueFactory = static _ => new NoiseModel().Cue };
    private readonly Option<string?> _keyEnv = new("--api-key-env") { Description = "NAME of the environment variable with the key that clients must send.", HelpName = "VAR" };
    private readonly Option<string[]> _models = new("--model") { Description = "Names on /v1/models; repeat for more.", DefaultValueFactory = static _ => [SimulatedJudgeOptions.DefaultModel] };
    private readonly Option<string[]> _protocols = new("--protocol") { Description = "A protocol file whose prompts it answers beside those of the catalog; repeat for more.", HelpName = "FILE", DefaultValueFactory = static _ => [] };
    private readonly Option<long> _seed = new("--seed") { Description = "Seed of the judge's taste and of generated batches.", DefaultValueFactory = static _ => 1 };
    private readonly Option<int?> _generate = new("--generate") { Description = "Write a batch of N rollouts whose best agrees with the judge's taste, and end.", HelpName = "N" };
    private readonly Option<string?> _output = OutputFile.Option("Where to write the batch; standard output by default.", ".jsonl");
    private readonly Option<int> _minResponses = new("--min-responses") { Description = "Fewest responses of a generated rollout.", DefaultValueFactory = static _ => 2 };
    private readonly Option<int> _maxResponses = new("--max-responses") { Description = "Most responses of a generated rollout.", DefaultValueFactory = static _ => 3 };

    public static Command Create()
    {
        var simulate = new SimulateCommand();
        Command command = new("simulate", """
            A judge for trials, load and faults: OpenAI-compatible, seeded, with a meta reward model beside it.

              tribunal simulate --port 8000                          serve
              tribunal simulate --faults 0.3 --latency 200           a poor endpoint
              tribunal simulate --generate 1000 -o batch.jsonl       a batch with labels that the judge can find

            Its judgements come from a stated noise model (docs/simulator.md) and say nothing of the responses.
            """);
        command.Add(
            simulate._port, simulate._host, simulate._latency, simulate._jitter, simulate._slots, simulate._queue, simulate._warmUp, simulate._faults, simulate._hang,
            simulate._position, simulate._bias, simulate._noise, simulate._cue, simulate._keyEnv, simulate._models, simulate._protocols, simulate._seed, simulate._generate, simulate._output, simulate._minResponses, simulate._maxResponses);

        command.SetAction(simulate.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        try
        {
            return parsed.GetValue(_generate) is int count
                ? await GenerateAsync(parsed, count, cancellationToken)
                : await ServeAsync(parsed, cancellationToken);
        }
        catch (ArgumentException exception)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message, exception);
        }
    }

    private async Task<int> GenerateAsync(ParseResult parsed, int count, CancellationToken cancellationToken)
    {
        var options = new BatchOptions
        {
            Rollouts = count,
            MinResponses = parsed.GetRequiredValue(_minResponses),
            MaxResponses = parsed.GetRequiredValue(_maxResponses),
            Seed = parsed.GetRequiredValue(_seed),
            JudgeSeed = parsed.GetRequiredValue(_seed),
        };
        options.Validate();
        string file = parsed.GetValue(_output) ?? OutputFile.Standard;
        await OutputFile.WriteAsync(file, async stream =>
        {
            await BatchGenerator.WriteAsync(stream, options, cancellationToken);
            return true;
        });
        if (file == OutputFile.Standard)
        {
            return ExitCodes.Ok;
        }

        Results.Print(new JsonObject { ["rollouts"] = count, ["output"] = file });
        Console.WriteLine($"{count:N0} rollouts in {Path.GetFullPath(file)}{(options.Seed == 1 ? "" : $"; score them with --simulator-seed {options.Seed}: their best follows that judge's taste")}");
        return ExitCodes.Ok;
    }

    private async Task<int> ServeAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        double faults = parsed.GetValue(_faults);
        SimulatorServer server;
        try
        {
            server = await SimulatorServer.StartAsync(
                new SimulatorOptions
                {
                    Host = parsed.GetRequiredValue(_host),
                    Port = parsed.GetRequiredValue(_port),
                    Models = parsed.GetRequiredValue(_models),
                    Judge = new SimulatedJudgeOptions
                    {
                        Seed = parsed.GetRequiredValue(_seed),
                        Noise = new NoiseModel { Position = parsed.GetValue(_position), Bias = parsed.GetValue(_bias), Noise = parsed.GetValue(_noise), Cue = parsed.GetValue(_cue) },
                        Faults = TransportFaults.Answers(faults),
                        Protocols = [.. parsed.GetRequiredValue(_protocols).Select(ProtocolFiles.Read)],
                    },
                    Latency = TimeSpan.FromMilliseconds(parsed.GetValue(_latency)),
                    Jitter = TimeSpan.FromMilliseconds(parsed.GetValue(_jitter)),
                    Slots = parsed.GetValue(_slots),
                    Queue = parsed.GetValue(_queue),
                    WarmUp = TimeSpan.FromSeconds(parsed.GetValue(_warmUp)),
                    Faults = TransportFaults.Mixed(faults),
                    HangTime = TimeSpan.FromSeconds(parsed.GetRequiredValue(_hang)),
                    ApiKey = KeyOf(parsed.GetValue(_keyEnv)),
                },
                cancellationToken: cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            throw new CommandException(ExitCodes.Unreachable, $"can't listen: {exception.Message}", exception);
        }

        await using (server)
        {
            Results.Print(new JsonObject { ["address"] = $"{server.ApiBase}", ["stats"] = $"{new Uri(server.Address, "stats")}" });
            Console.WriteLine($"simulated judge at {server.ApiBase} (counts at {new Uri(server.Address, "stats")}); Ctrl-C ends it");
            await EndAsync(cancellationToken);
            Console.WriteLine(JsonSerializer.Serialize(server.Stats, SimulatorJson.Default.SimulatorStats));
        }

        return ExitCodes.Ok;
    }

    private static string? KeyOf(string? variable) => variable is null
        ? null
        : Environment.GetEnvironmentVariable(variable) ?? throw new CommandException(ExitCodes.Usage, $"the environment variable {variable} is not set");

    private static async Task EndAsync(CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interrupts.Drain(() => ended.TrySetResult());
        await using CancellationTokenRegistration cancelled = cancellationToken.Register(() => ended.TrySetResult());
        await ended.Task;
    }
}
