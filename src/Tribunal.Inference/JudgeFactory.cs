using Azure.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Inference.Chat;
using Tribunal.Inference.Endpoints;
using Tribunal.Inference.MetaModels;
using Tribunal.Inference.Resilience;
using Tribunal.MetaReward;
using Tribunal.Protocols;

namespace Tribunal.Inference;

/// <summary>
/// Makes judges and meta reward models from options. One factory per process: its judges share connections, and those of one endpoint with one
/// key share the adaptive limit. Safe for concurrent use; dispose it last.
/// </summary>
public sealed class JudgeFactory : IDisposable
{
    /// <summary>The log's event of an endpoint that takes no structured output: what whoever runs a command is told, once for each judge.</summary>
    public const int NoStructuredOutput = 2050;

    /// <summary>The log's event of an endpoint that answers by another model than was asked for: what whoever runs a command is told, once for each judge.</summary>
    public const int AnotherModel = 2051;

    /// <summary>The log's event of a meta reward model that gives rewards in no form that is known: what whoever runs a command is told, once for each.</summary>
    public const int NoMetaForm = 2052;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, EndpointState> _states = new(StringComparer.Ordinal);
    private readonly HttpClient _http = EndpointAccess.NewHttpClient();
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly TokenCredential? _credential;
    private readonly int _jitterSeed;
    private readonly TimeSpan _firstDelay;
    private readonly Func<string, string?> _environment;

    /// <summary>A factory.</summary>
    /// <param name="loggers">Where to log; nowhere by default.</param>
    /// <param name="time">The clock of waits and time limits.</param>
    /// <param name="credential">For endpoints with an identity; <c>DefaultAzureCredential</c> by default.</param>
    /// <param name="jitterSeed">Decides the jitter of waits.</param>
    public JudgeFactory(ILoggerFactory? loggers = null, TimeProvider? time = null, TokenCredential? credential = null, int jitterSeed = 0)
        : this(Environment.GetEnvironmentVariable, loggers, time, credential, jitterSeed)
    {
    }

    internal JudgeFactory(Func<string, string?> environment, ILoggerFactory? loggers, TimeProvider? time, TokenCredential? credential = null, int jitterSeed = 0, TimeSpan? firstDelay = null)
    {
        _firstDelay = firstDelay ?? TimeSpan.FromSeconds(0.4);
        _environment = environment;
        _logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger("Tribunal.Inference");
        _time = time ?? TimeProvider.System;
        _credential = credential;
        _jitterSeed = jitterSeed;
    }

    /// <summary>A judge; nothing is sent yet.</summary>
    /// <exception cref="ArgumentException">An option can't be used, or the key's variable is not set; the message names it.</exception>
    public IJudge Create(JudgeEndpointOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        EndpointAccess access = EndpointAccess.Open(options, _http, _environment, _credential);
        IChatWire wire = options.Adapter == JudgeAdapter.Azure ? new AzureChatWire(options, access) : new OpenAIChatWire(options, access);
        EndpointState state = StateOf(options);
        return new EndpointJudge(options, access, wire, state, new ScalarEndpoint(options, access, state).AskAsync);
    }

    /// <summary>A meta reward model; nothing is sent yet.</summary>
    /// <exception cref="ArgumentException">An option can't be used, or the key's variable is not set; the message names it.</exception>
    public IMetaRewardModel CreateMeta(MetaEndpointOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new EndpointMetaModel(options, EndpointAccess.Open(options, _http, _environment, _credential), StateOf(options));
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private EndpointState StateOf(EndpointOptions options)
    {
        string key = $"{options.Endpoint.AbsoluteUri.TrimEnd('/')}\n{options.Model}\n{options.ApiKeyEnv}\n{options.Concurrency}";
        lock (_lock)
        {
            if (!_states.TryGetValue(key, out EndpointState? state))
            {
                state = new EndpointState(options.Name, options.Concurrency, _time, _firstDelay, _jitterSeed, _logger);
                _states.Add(key, state);
            }

            return state;
        }
    }
}
