using System.CommandLine;
using Tribunal.Azure.Hosting;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Inference;
using Tribunal.Inference.Endpoints;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Resuming;
using Tribunal.Sampling;
using Tribunal.Simulator.Judging;

namespace Tribunal.Cli.Options;

/// <summary>The options that choose a judge, the same for every command that asks one.</summary>
internal sealed class JudgeChoice
{
    public const string Simulated = JudgeSettings.SimulatedName;

    private const long MostAnswerTokens = 1_000_000;

    private static readonly JudgeEndpointOptions Usual = new() { Name = "judge", Endpoint = new Uri("http://localhost:8000/v1") };

    private readonly Option<string[]> _judge = new("--judge") { Description = "The judge's endpoint, e.g. http://localhost:8000/v1, or 'simulated'. Given several times to score or serve: a panel; then --model, --protocol, --template, --api-key-env, the prices and the simulator's options are given once for all members or once for each.", DefaultValueFactory = static _ => [Simulated], HelpName = "URL|simulated" };
    private readonly Option<string[]> _model = new("--model") { Description = "The model as the endpoint names it." };
    private readonly Option<string[]> _apiKey = new("--api-key-env") { Description = "NAME of the environment variable that holds the API key.", HelpName = "VAR" };
    private readonly Option<bool> _identity = new("--identity") { Description = "Sign in with an Azure identity instead of a key (https only)." };
    private readonly Option<string> _adapter = new("--adapter") { Description = "The client library: openai or azure.", DefaultValueFactory = static _ => "openai" };
    private readonly Option<string[]> _protocol = new("--protocol") { Description = "How the judge is asked: grm, rm-r1, rrm, another name of `tribunal judges`, a protocol file, or auto by the model's name.", DefaultValueFactory = static _ => ["auto"], HelpName = "NAME|FILE" };
    private readonly Option<FileInfo[]> _template = new("--template") { Description = "A prompt template instead of the built-in one.", HelpName = "FILE" };
    private readonly Option<string> _stream = new("--stream") { Description = "Stream answers: auto (on for remote hosts), on, off.", DefaultValueFactory = static _ => "auto" };
    private readonly Option<int> _concurrency = new("--concurrency") { Description = "Requests under way at once, at most.", DefaultValueFactory = static _ => Judge.DefaultConcurrency };
    private readonly Option<double> _timeout = new("--timeout") { Description = "Time limit of one request, in seconds.", DefaultValueFactory = static _ => Usual.TimeoutSeconds };
    private readonly Option<int> _tries = new("--tries") { Description = "Requests sent for one judgement, at most.", DefaultValueFactory = static _ => Usual.Tries };
    private readonly Option<double?> _temperature = new("--temperature") { Description = "Sampling temperature instead of the protocol's." };
    private readonly Option<double?> _topP = new("--top-p") { Description = "Nucleus mass instead of the protocol's." };
    private const string Completions = "/chat/completions";

    private readonly Option<string?> _omit = new("--omit") { Description = "Request fields to leave out, for servers that refuse them: " + string.Join(", ", JudgeEndpointOptions.Omittable) + ".", HelpName = "FIELD,…" };
    private readonly Option<int?> _maxOutput = new("--max-tokens") { Description = "The cap on one answer, thinking included, instead of the protocol's. A run's total is --max-total-tokens.", HelpName = "N" };
    private readonly Option<int?> _thinking = new("--thinking-tokens") { Description = "Thinking budget of a judgement, where the server has one." };
    private readonly Option<double[]> _priceIn = new("--price-in") { Description = "Price per million prompt tokens." };
    private readonly Option<double[]> _priceOut = new("--price-out") { Description = "Price per million generated tokens." };
    private readonly Option<string?> _metaModel = new("--meta-model") { Description = "The meta reward model as its endpoint names it." };
    private readonly Option<string> _metaKind = new("--meta-kind") { Description = "How the meta reward model is asked: auto, or vllm-turns / vllm-pooling-turns for DeepSeek-GRM's MetaRM, which reads two turns.", DefaultValueFactory = static _ => "auto" };
    private readonly Option<string?> _metaProtocol = new("--meta-protocol") { Description = $"How the meta reward model is asked and read: {string.Join(", ", MetaProtocol.Names)}, or a meta protocol file (docs/judges.md).", HelpName = "NAME|FILE" };
    private readonly Option<string?> _metaKey = new("--meta-key-env") { Description = "NAME of the environment variable that holds the meta endpoint's key.", HelpName = "VAR" };
    private readonly Option<long[]> _simulatorSeed = new("--simulator-seed") { Description = "Seed of the simulated judge's taste.", DefaultValueFactory = static _ => [1] };
    private readonly Option<double[]> _simulatorBias = new("--simulator-bias") { Description = "How far the simulated judge errs on a response whenever it is asked: the less, the better it judges.", DefaultValueFactory = static _ => [new NoiseModel().Bias] };
    private readonly Option<double[]> _simulatorNoise = new("--simulator-noise") { Description = "How far one judgement of the simulated judge errs by itself, beside all others.", DefaultValueFactory = static _ => [new NoiseModel().Noise] };
    private readonly Option<double> _simulatorCue = new("--simulator-cue") { Description = "How far the simulated judge's words tell how sound they are (docs/simulator.md); 0 for not at all.", DefaultValueFactory = static _ => new NoiseModel().Cue };

    public JudgeChoice()
    {
        _adapter.AcceptOnlyFromAmong("openai", "azure");
        _metaKind.AcceptOnlyFromAmong("auto", "vllm-turns", "vllm-pooling-turns");
        _stream.AcceptOnlyFromAmong("auto", "on", "off");
        _protocol.CompletionSources.Add([.. ProtocolCatalog.Names]);
        _protocol.Validators.Add(static result =>
        {
            foreach (string name in result.GetValueOrDefault<string[]>() ?? [])
            {
                if (!ProtocolCatalog.Names.Contains(name, StringComparer.Ordinal) && !File.Exists(name))
                {
                    result.AddError($"--protocol {name}: neither a protocol nor a file that is there{CloseNames.Meant(name, ProtocolCatalog.Names)} (`tribunal judges` lists all)");
                }
            }
        });
        _concurrency.Between(1, 4096);
        _tries.Between(1, 20);
        _timeout.Between(0.001, 86_400);
        _maxOutput.Validators.Add(static result =>
        {
            if (result.Tokens.Any(static token => long.TryParse(token.Value, out long value) && value is < 1 or > MostAnswerTokens))
            {
                result.AddError($"--max-tokens caps one answer, 1 to {MostAnswerTokens:N0}; the total of a run is --max-total-tokens");
            }
        });
        _priceIn.Between(0, double.PositiveInfinity);
        _priceOut.Between(0, double.PositiveInfinity);
        _simulatorCue.Between(0, 100);
        _simulatorBias.Between(0, 100);
        _simulatorNoise.Between(0, 100);
    }

    /// <summary>The rubric that responses are graded by, for commands that take one.</summary>
    public RubricChoice? Rubric { get; init; }

    public void AddTo(Command command)
    {
        Rubric?.AddTo(command);
        command.Add(
            _judge, _model, _apiKey, _identity, _adapter, _protocol, _template, _stream, _concurrency, _timeout, _tries,
            _temperature, _topP, _omit, _maxOutput, _thinking, _priceIn, _priceOut, _metaModel, _metaKind, _metaProtocol, _metaKey, _simulatorSeed, _simulatorBias, _simulatorNoise, _simulatorCue);
    }

    /// <summary>The protocol's name; of a file, the name that it states.</summary>
    /// <exception cref="CommandException">The file can't be used.</exception>
    public string ProtocolOf(ParseResult parsed, int member = 0)
    {
        string name = At(parsed, _protocol, member)!;
        return IsFile(name) ? ProtocolFiles.Read(name).Name : Rubric?.ProtocolOf(parsed, name) ?? name;
    }

    /// <summary>The full path of the protocol file; null for a protocol of the catalog.</summary>
    public string? ProtocolFileOf(ParseResult parsed, int member = 0) => At(parsed, _protocol, member) is { } name && IsFile(name) ? Path.GetFullPath(name) : null;

    /// <summary>How many judges are asked for: 1, or the members of a panel.</summary>
    /// <exception cref="CommandException">An option is given neither once nor once for each.</exception>
    public int MembersOf(ParseResult parsed)
    {
        (string Option, int Given)[] counts =
        [
            ("--judge", Count(_judge)), ("--model", Count(_model)), ("--protocol", Count(_protocol)), ("--template", Count(_template)), ("--api-key-env", Count(_apiKey)),
            ("--price-in", Count(_priceIn)), ("--price-out", Count(_priceOut)), ("--simulator-seed", Count(_simulatorSeed)), ("--simulator-bias", Count(_simulatorBias)), ("--simulator-noise", Count(_simulatorNoise)),
        ];
        int members = counts.Max(static option => option.Given);
        foreach ((string option, int given) in counts)
        {
            if (given > 1 && given < members)
            {
                throw new CommandException(ExitCodes.Usage, $"{option} is given {given} times for a panel of {members}: once for all members, or once for each");
            }
        }

        return Math.Max(1, members);

        int Count<T>(Option<T[]> option) => parsed.GetValue(option)?.Length ?? 0;
    }

    // The value of a member: the only one is everybody's.
    private static T? At<T>(ParseResult parsed, Option<T[]> option, int member) => parsed.GetValue(option) switch
    {
        null or [] => default,
        [var only] => only,
        var each => each[member],
    };

    private static double? NumberAt(ParseResult parsed, Option<double[]> option, int member) => parsed.GetValue(option) is { Length: > 0 } ? At(parsed, option, member) : null;

    // A name of the catalog is never looked for among files.
    private static bool IsFile(string name) => !ProtocolCatalog.Names.Contains(name, StringComparer.Ordinal);

    /// <summary>The prompt template or protocol file, as text; null for the built-in ones.</summary>
    private string? TextOf(ParseResult parsed, int member)
    {
        string name = At(parsed, _protocol, member)!;
        string? template = ReadTemplate(At(parsed, _template, member));
        return !IsFile(name) ? template
            : template is null ? File.ReadAllText(name)
            : throw new CommandException(ExitCodes.Usage, "--template goes with grm, rm-r1 and rrm; a protocol file states its own prompt");
    }

    // People are told where a model's name says nothing: another protocol may be the right one.
    private void SayGuess(ParseResult parsed, string model, string? text, int member)
    {
        if (ProtocolOf(parsed, member) == "auto" && text is null && ProtocolCatalog.Resolve("auto", model) is { Guessed: true } choice)
        {
            Console.Error.WriteLine($"--protocol auto: {choice.Reason}. `tribunal judges` lists the others; general-list and general-pair ask any model for JSON.");
        }
    }

    public int ConcurrencyOf(ParseResult parsed) => parsed.GetRequiredValue(_concurrency);

    public bool IsSimulated(ParseResult parsed, int member = 0) => At(parsed, _judge, member) == Simulated;

    /// <summary>The judge that was asked for; nothing is sent yet.</summary>
    /// <exception cref="CommandException">An option can't be used.</exception>
    /// <exception cref="JudgeConfigurationException">An option of the endpoint can't be used.</exception>
    public Judge Open(ParseResult parsed, JudgeFactory factory) => MembersOf(parsed) == 1
        ? Open(parsed, factory, 0, null)
        : throw new CommandException(ExitCodes.Usage, "several judges are a panel, which only score and serve take");

    /// <summary>The panel that was asked for, whose members are named by their models; null where one judge was. Nothing is sent yet.</summary>
    /// <exception cref="CommandException">An option can't be used.</exception>
    /// <exception cref="JudgeConfigurationException">An option of an endpoint can't be used.</exception>
    public (IReadOnlyList<Judge> Judges, JudgePanel Panel)? OpenPanel(ParseResult parsed, JudgeFactory factory)
    {
        int members = MembersOf(parsed);
        if (members == 1)
        {
            return null;
        }

        var judges = new List<Judge>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        for (int member = 0; member < members; member++)
        {
            string model = At(parsed, _model, member) ?? (IsSimulated(parsed, member) ? Simulated : "judge");
            string name = new([.. model[(model.LastIndexOf('/') + 1)..].Select(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-').Take(56)]);
            string own = name;
            for (int number = 2; !taken.Add(own); number++)
            {
                own = $"{name}-{number}";
            }

            judges.Add(Open(parsed, factory, member, own));
        }

        return (judges, new JudgePanel { Members = [.. judges.Select((judge, member) => new PanelMember { Judge = judge.Name, ProtocolFile = ProtocolFileOf(parsed, member) })] });
    }

    private Judge Open(ParseResult parsed, JudgeFactory factory, int member, string? name)
    {
        string? template = TextOf(parsed, member);
        if (!IsSimulated(parsed, member))
        {
            return Opened(parsed, factory, EndpointOf(parsed, member), template, member, name);
        }

        // What misleads a simulated judge depends on its name, so that members err each in its own way.
        JudgeEngine engine = EngineOf(parsed, member, template);
        SimulatedJudge judge = name is null ? new SimulatedJudge(engine) : new SimulatedJudge(engine, name);
        Judge simulated = Judge.Of(judge, At(parsed, _model, member) ?? SimulatedJudgeOptions.DefaultModel, ProtocolOf(parsed, member), template);
        return simulated with { Concurrency = ConcurrencyOf(parsed), Price = PriceOf(parsed, member), Simulated = true };
    }

    /// <summary>The model that a batch API will ask: it names protocol, prompt and sampling parameters, and is never asked here.</summary>
    /// <exception cref="CommandException">An option can't be used.</exception>
    /// <exception cref="JudgeConfigurationException">An option of the endpoint can't be used.</exception>
    public Judge OpenForBatchApi(ParseResult parsed, JudgeFactory factory) => MembersOf(parsed) == 1
        ? Opened(parsed, factory, new Uri("http://localhost/v1"), TextOf(parsed, 0), 0, null)
        : throw new CommandException(ExitCodes.Usage, "a panel goes with no batch API: a file of requests is for one model");

    private Judge Opened(ParseResult parsed, JudgeFactory factory, Uri endpoint, string? template, int member, string? name)
    {
        Judge judge = JudgeSettings.Open(factory, OptionsOf(parsed, endpoint, member, name), ProtocolOf(parsed, member), template);
        SayGuess(parsed, judge.Model, template, member);
        return judge;
    }

    /// <summary>The meta reward model that was asked for; null for none.</summary>
    /// <exception cref="CommandException">It can't be used.</exception>
    public IMetaRewardModel? OpenMeta(ParseResult parsed, string meta, JudgeFactory factory) => OpenMeta(parsed, meta, factory, null);

    /// <summary>The model of <c>--judge</c> and <c>--model</c>, asked as a meta reward model.</summary>
    /// <exception cref="CommandException">An option can't be used.</exception>
    public IMetaRewardModel OpenAsMeta(ParseResult parsed, JudgeFactory factory, MetaProtocol protocol) => OpenMeta(parsed, At(parsed, _judge, 0)!, factory, protocol)!;

    private IMetaRewardModel? OpenMeta(ParseResult parsed, string meta, JudgeFactory factory, MetaProtocol? given)
    {
        switch (meta)
        {
            case "none":
                return null;
            case Simulated:
                return new SimulatedMetaRewardModel(EngineOf(parsed, 0));
        }

        if (!Uri.TryCreate(meta, UriKind.Absolute, out Uri? endpoint) || endpoint.Scheme is not ("http" or "https"))
        {
            throw new CommandException(ExitCodes.Usage, $"--meta {meta}: none, simulated, an http address or a file that is there is needed");
        }

        try
        {
            return factory.CreateMeta(new MetaEndpointOptions
            {
                Name = "meta",
                Endpoint = endpoint,
                Model = parsed.GetValue(_metaModel) ?? (given is null ? "" : At(parsed, _model, 0) ?? ""),
                Kind = parsed.Named<MetaKind>(_metaKind),
                Protocol = given ?? (parsed.GetValue(_metaProtocol) is { } protocol ? ProtocolFiles.ReadMeta(protocol) : null),
                ApiKeyEnv = parsed.GetValue(_metaKey) ?? (given is null ? null : At(parsed, _apiKey, 0)),
                Concurrency = ConcurrencyOf(parsed),
            });
        }
        catch (ArgumentException exception)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message, exception);
        }
    }

    private static string? ReadTemplate(FileInfo? file) =>
        file is null ? null
        : file.Exists ? File.ReadAllText(file.FullName)
        : throw new CommandException(ExitCodes.Usage, $"there is no template at {file.FullName}");

    // It knows the catalog; a protocol of the user's it has to be told.
    private JudgeEngine EngineOf(ParseResult parsed, int member, string? protocol = null)
    {
        try
        {
            return new JudgeEngine(new SimulatedJudgeOptions
            {
                Seed = At(parsed, _simulatorSeed, member),
                Noise = new NoiseModel { Cue = parsed.GetValue(_simulatorCue), Bias = At(parsed, _simulatorBias, member), Noise = At(parsed, _simulatorNoise, member) },
                Protocols = protocol is not null && ProtocolFileReader.IsProtocol(protocol) ? [ProtocolFiles.Read(At(parsed, _protocol, member)!)] : [],
            });
        }
        catch (ArgumentException exception)
        {
            throw new CommandException(ExitCodes.Usage, exception.Message, exception);
        }
    }

    private TokenPrice? PriceOf(ParseResult parsed, int member) => (NumberAt(parsed, _priceIn, member), NumberAt(parsed, _priceOut, member)) switch
    {
        (null, null) => null,
        var (input, output) => new TokenPrice(input ?? 0, output ?? 0),
    };

    /// <summary>The cap on one answer that was given; null for the protocol's.</summary>
    public int? AnswerCapOf(ParseResult parsed) => parsed.GetValue(_maxOutput);

    /// <summary>The request fields to leave out.</summary>
    public IReadOnlyList<string> OmittedOf(ParseResult parsed) =>
        parsed.GetValue(_omit)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private Uri EndpointOf(ParseResult parsed, int member)
    {
        string judge = At(parsed, _judge, member)!;
        if (judge.TrimEnd('/').EndsWith(Completions, StringComparison.Ordinal))
        {
            throw new CommandException(ExitCodes.Usage, $"--judge {judge}: the base address is needed, without /chat/completions");
        }

        return Uri.TryCreate(judge, UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new CommandException(ExitCodes.Usage, $"--judge {judge}: an http or https address is needed, such as http://localhost:8000/v1, or 'simulated'");
    }

    // Azure's portal gives the address of a deployment whole: https://NAME.openai.azure.com/openai/deployments/D/chat/completions?api-version=V
    private static (Uri Endpoint, string? ApiVersion) Parts(Uri address)
    {
        const string Version = "?api-version=";
        string path = address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return address.Query.StartsWith(Version, StringComparison.OrdinalIgnoreCase) && !address.Query.Contains('&', StringComparison.Ordinal)
            ? (new Uri(path.EndsWith(Completions, StringComparison.Ordinal) ? path[..^Completions.Length] : path), address.Query[Version.Length..])
            : (address, null);
    }

    private JudgeEndpointOptions OptionsOf(ParseResult parsed, Uri address, int member, string? name)
    {
        (Uri endpoint, string? version) = Parts(address);
        var options = new JudgeEndpointOptions
        {
            Name = name ?? "judge",
            Endpoint = endpoint,
            Model = At(parsed, _model, member) ?? throw new CommandException(ExitCodes.Usage, "--model is needed: the model as the endpoint names it"),
            ApiKeyEnv = At(parsed, _apiKey, member),
            Identity = parsed.GetValue(_identity),
            Adapter = version is not null || parsed.GetValue(_adapter) == "azure" ? JudgeAdapter.Azure : JudgeAdapter.OpenAI,
            Stream = parsed.Named<StreamMode>(_stream),
            Concurrency = ConcurrencyOf(parsed),
            TimeoutSeconds = parsed.GetRequiredValue(_timeout),
            Tries = parsed.GetRequiredValue(_tries),
            Temperature = parsed.GetValue(_temperature),
            TopP = parsed.GetValue(_topP),
            Omit = parsed.GetValue(_omit) ?? "",
            MaxTokens = parsed.GetValue(_maxOutput),
            ThinkingTokens = parsed.GetValue(_thinking),
            InputPrice = NumberAt(parsed, _priceIn, member),
            OutputPrice = NumberAt(parsed, _priceOut, member),
        };
        return version is null ? options : options with { ApiVersion = version };
    }
}
