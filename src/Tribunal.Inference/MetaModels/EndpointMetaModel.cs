using System.Diagnostics;
using Tribunal.Inference.Chat;
using Tribunal.Inference.Endpoints;
using Tribunal.Inference.Resilience;
using Tribunal.Inference.Telemetry;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Inference.MetaModels;

/// <summary>A meta reward model behind an endpoint, of any known kind.</summary>
internal sealed class EndpointMetaModel : IMetaRewardModel
{
    private const string Probe = "#### Critique ####\nprobe";

    private readonly MetaEndpointOptions _options;
    private readonly EndpointAccess _access;
    private readonly EndpointState _state;
    private readonly RewardWire _wire;
    private readonly RequestEngine<Rewards> _engine;
    private readonly RequestEngine<Rewards> _probe;
    private readonly RequestEngine<Rewards> _once;
    private readonly MetaBatcher _batcher;
    private readonly Lock _lock = new();
    private volatile MetaKind _kind;
    private volatile bool _unknown;
    private volatile string _said = "";
    private Task<MetaKind>? _finding;

    public EndpointMetaModel(MetaEndpointOptions options, EndpointAccess access, EndpointState state)
    {
        _options = options;
        _access = access;
        _state = state;
        _wire = new RewardWire(access, state.Time);
        _kind = KindOf(options);
        _engine = new RequestEngine<Rewards>(state, options.Timeout, options.Tries);
        _probe = new RequestEngine<Rewards>(state, options.Timeout, Math.Min(options.Tries, 3));
        _once = new RequestEngine<Rewards>(state, options.Timeout, 1);
        _batcher = new MetaBatcher(
            _kind == MetaKind.Generative ? 1 : options.BatchSize, TimeSpan.FromMilliseconds(options.BatchWindowMs), state.Time, ScoreAllAsync);
    }

    public string Name => _options.Name;

    public MetaProtocol? Protocol => _options.Protocol;

    public async Task<MetaReading> ScoreAsync(Rollout rollout, TracedJudgement judgement, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rollout);
        ArgumentNullException.ThrowIfNull(judgement);
        if (string.IsNullOrEmpty(judgement.Text))
        {
            return default;
        }

        IReadOnlyList<Message>? turns = _options.Protocol?.Compose(rollout, judgement);
        return _options.Protocol is { ByWords: true } protocol ? await ScoreWordsAsync(protocol, turns!, cancellationToken)
            : TakesTurns ? await ScoreTurnsAsync(turns ?? MetaText.Turns(rollout, judgement), cancellationToken)
            : await _batcher.ScoreAsync(turns?[0].Content ?? MetaText.Compose(rollout, judgement), cancellationToken);
    }

    public async Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken)
    {
        bool known = _kind != MetaKind.Auto;
        MetaKind kind = await KindAsync(cancellationToken);
        if (kind == MetaKind.Auto || !known)
        {
            // It has been asked just now.
            return new JudgeHealth(kind != MetaKind.Auto || _unknown, kind != MetaKind.Auto ? "ready" : _unknown ? $"{Name} answers in no known form{_said}" : $"{Name} can't be reached{_said}");
        }

        Attempt<Rewards> last = (TakesTurns
            ? await SendTurnsAsync(_probe, [new Message("user", Probe)], cancellationToken)
            : await SendAsync(_probe, kind, [Probe], cancellationToken)).Last;
        return new JudgeHealth(HasAnswered(last.Ending), HasAnswered(last.Ending) ? "ready" : $"{Name} can't be reached: {EndpointError.Fit(last.Detail ?? "no answer", _access.Key)}");
    }

    private static bool HasAnswered(Ending ending) => ending is Ending.Answered or Ending.Rejected or Ending.Refused or Ending.Filtered or Ending.Malformed;

    private bool TakesTurns => _options.Kind is MetaKind.VllmTurns or MetaKind.VllmPoolingTurns || _options.Protocol is { ByWords: false, OneText: false };

    // One text is put to any scalar interface, which is found out; everything else has one place to go.
    private static MetaKind KindOf(MetaEndpointOptions options) => options.Protocol switch
    {
        { ByWords: true } => MetaKind.Generative,
        { OneText: false, Pools: var pools } => pools ? MetaKind.VllmPoolingTurns : MetaKind.VllmTurns,
        _ => options.Kind,
    };

    private async Task<MetaReading> ScoreWordsAsync(MetaProtocol protocol, IReadOnlyList<Message> turns, CancellationToken cancellationToken)
    {
        var post = new RewardPost(MetaKind.Generative, MetaForms.Address(MetaKind.Generative, _options.Endpoint), ChatBody.WriteOpinion(_options.Model, turns, protocol.MaxTokens), 1, Probe: false) { Protocol = protocol };
        return Read(await SendAsync(_engine, post, cancellationToken), [turns])[0];
    }

    private async Task<MetaReading> ScoreTurnsAsync(IReadOnlyList<Message> turns, CancellationToken cancellationToken) =>
        Read(await SendTurnsAsync(_engine, turns, cancellationToken), [turns])[0];

    private static MetaReading[] Read(Outcome<Rewards> outcome, IReadOnlyList<IReadOnlyList<Message>> asked) =>
        outcome.Last is { Ending: Ending.Answered, Value: { } rewards } ? rewards.For(asked) : new MetaReading[asked.Count];

    private static Message[] Asked(string text) => [new Message("user", text)];

    // A conversation is a request: what takes turns takes no lists.
    private Task<Outcome<Rewards>> SendTurnsAsync(RequestEngine<Rewards> engine, IReadOnlyList<Message> turns, CancellationToken cancellationToken)
    {
        MetaKind kind = _kind == MetaKind.VllmTurns ? MetaKind.VllmClassify : MetaKind.VllmPooling;
        return SendAsync(engine, kind, MetaForms.WriteTurns(kind, _options.Model, turns), 1, cancellationToken);
    }

    private async Task<MetaReading[]> ScoreAllAsync(IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        MetaKind kind = await KindAsync(cancellationToken);
        if (kind == MetaKind.Auto)
        {
            return new MetaReading[texts.Count];
        }

        if (kind == MetaKind.Generative && texts.Count > 1)
        {
            return await SeparatelyAsync(_engine, kind, texts, cancellationToken);
        }

        // One text that is too long, or whose reward is no number (vLLM has 500 for that, others write NaN), must not cost the others theirs.
        Outcome<Rewards> outcome = await SendAsync(_engine, kind, texts, cancellationToken);
        return texts.Count == 1 ? Read(outcome, [Asked(texts[0])])
            : outcome.Last.Ending is Ending.Refused or Ending.Filtered ? await SeparatelyAsync(_engine, kind, texts, cancellationToken)
            : outcome.Last is { Ending: Ending.Malformed } or { Ending: Ending.Unavailable, Status: 500 } ? await SeparatelyAsync(_once, kind, texts, cancellationToken)
            : Read(outcome, [.. texts.Select(Asked)]);
    }

    private async Task<MetaReading[]> SeparatelyAsync(RequestEngine<Rewards> engine, MetaKind kind, IReadOnlyList<string> texts, CancellationToken cancellationToken) =>
        await Task.WhenAll(texts.Select(async text => Read(await SendAsync(engine, kind, [text], cancellationToken), [Asked(text)])[0]));

    private async ValueTask<MetaKind> KindAsync(CancellationToken cancellationToken)
    {
        if (_kind != MetaKind.Auto || _unknown)
        {
            return _kind;
        }

        Task<MetaKind> finding;
        lock (_lock)
        {
            // Shared by all who wait for it, so no single one's cancellation ends it.
            finding = _finding ??= FindAsync();
        }

        return await finding.WaitAsync(cancellationToken);
    }

    private async Task<MetaKind> FindAsync()
    {
        await Task.Yield();
        bool answered = true;
        bool absent = true;
        string? said = null;
        IEnumerable<MetaKind> kinds = _options.Model.Length > 0 ? MetaForms.Scalar.Append(MetaKind.Generative) : MetaForms.Scalar;
        foreach (MetaKind kind in kinds)
        {
            Attempt<Rewards> last = (await SendAsync(_probe, kind, [Probe], CancellationToken.None)).Last;
            if (last is { Ending: Ending.Answered, Value: { } rewards } && (kind != MetaKind.Generative || rewards.For([Asked(Probe)])[0].Reward is not null))
            {
                InferenceLog.MetaKindFound(_state.Logger, Name, kind.ToString());
                return _kind = kind;
            }

            // What an interface that is there says is more than that others are not there.
            said = said is null || (absent && last.Status != 404) ? last.Detail : said;
            absent = last.Status == 404 && absent;
            answered = HasAnswered(last.Ending);
            if (!answered)
            {
                break;
            }
        }

        // Where it answers, but none of the questions, asking again with every judgement would not change that.
        string words = EndpointError.Fit(said ?? "", _access.Key);
        _said = words.Length > 0 ? $": {words}" : "";
        _unknown = answered;
        InferenceLog.NoKind(_state.Logger, Name, words);
        lock (_lock)
        {
            _finding = null;
        }

        return MetaKind.Auto;
    }

    private Task<Outcome<Rewards>> SendAsync(RequestEngine<Rewards> engine, MetaKind kind, IReadOnlyList<string> texts, CancellationToken cancellationToken) =>
        SendAsync(engine, kind, MetaForms.Write(kind, _options.Model, texts), texts.Count, cancellationToken);

    private Task<Outcome<Rewards>> SendAsync(RequestEngine<Rewards> engine, MetaKind kind, ReadOnlyMemory<byte> body, int count, CancellationToken cancellationToken) =>
        SendAsync(engine, new RewardPost(kind, MetaForms.Address(kind, _options.Endpoint), body, count, engine == _probe), cancellationToken);

    private async Task<Outcome<Rewards>> SendAsync(RequestEngine<Rewards> engine, RewardPost post, CancellationToken cancellationToken)
    {
        var facts = new CallFacts(post.Kind == MetaKind.Generative ? "chat" : "classify", "tribunal.meta", _options.Model, _options.Endpoint.Host, _options.Endpoint.Port);
        using Activity? activity = InferenceTelemetry.Start(facts);
        Outcome<Rewards> outcome = await engine.SendAsync(
            static (call, token) => call.Wire.SendOnceAsync(call.Post, token), (Wire: _wire, Post: post), cancellationToken);
        string? fault = outcome.Last.Ending == Ending.Answered ? null : Faults.Word(Faults.Of(outcome.Last.Ending));
        InferenceTelemetry.Ended(activity, facts, outcome.Latency, default, null, fault, outcome.Tries);
        if (fault is not null && engine == _engine)
        {
            InferenceLog.NoAnswer(_state.Logger, Name, fault, outcome.Tries.Requests, EndpointError.Fit(outcome.Last.Detail ?? "", _access.Key));
        }

        return outcome;
    }
}
