using Tribunal.Calibration;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// Judges what trainers ask about, each content once. Responses to one prompt that arrive one by one are gathered and
/// judged together, so that pair judges and group-relative schemes see the group; a question that comes again, during the
/// judging or after it or after a restart, joins what there is. A client that gives up ends nothing: its retry finds the
/// judgements drawn meanwhile.
/// </summary>
public sealed class RewardDesk : IAsyncDisposable
{
    private readonly JudgeRoutes _routes;
    private readonly RewardOptions _options;
    private readonly RewardLedger _ledger;
    private readonly TimeProvider _time;
    private readonly RolloutDrawing _drawing;
    private readonly Lock _lock = new();
    private readonly RewardMemory _memory;
    private readonly JudgeWatch _health;
    private readonly RewardGroups _groups;
    private readonly RolloutWork _work;
    private readonly RewardScaling _scaling;
    private readonly Elsewhere _elsewhere;
    private readonly RecordReader _reader;
    private readonly Sharing _sharing;

    private RewardDesk(JudgeRoutes routes, EvaluationRequest request, RewardOptions options, RewardLedger ledger, TimeProvider time)
    {
        _routes = routes;
        _options = options;
        _ledger = ledger;
        _time = time;
        _groups = new RewardGroups(options);
        _memory = new RewardMemory(_groups);
        _elsewhere = new Elsewhere(time);
        Spending = new ClientSpending(ledger, () => _sharing!.CatchUpAsync());
        _reader = new RecordReader(_lock, _memory, _groups, _elsewhere, Spending);
        _sharing = new Sharing(ledger, _reader, Look, time);
        Chats = new ChatRecord(ledger.Answers, time);
        _drawing = new RolloutDrawing(routes, request, ledger, Counts, Spending);
        _work = new RolloutWork(ledger, _drawing, _sharing, Counts, Recent, _lock, time);
        _scaling = new RewardScaling(options.Scale, _drawing.Kind, request.Tournament);
        _health = new JudgeWatch([.. routes.All.Select(static judge => judge.Endpoint).DistinctBy(static judge => judge.Name)], time);
    }

    /// <summary>Whether the rewards come from the simulated judge and mean nothing.</summary>
    public bool Simulated => _routes.All.Any(static judge => judge.Simulated);

    /// <summary>Whether the judge answers; asked anew when the last answer is older than two seconds.</summary>
    public Task<JudgeHealth> HealthAsync(CancellationToken cancellationToken) => _health.AskAsync(cancellationToken);

    /// <summary>What was counted since the start.</summary>
    public RewardCounts Counts { get; } = new();

    /// <summary>The model that passed requests go to where they name the vote.</summary>
    public string PassedModel => _routes.Own.Model;

    /// <summary>The judge's model, or <c>panel</c>, and the sampling parameters of the judge, or of the panel's first member.</summary>
    public (string Model, SamplingDefaults Sampling) Asked => (_routes.Panel is null ? _routes.Own.Model : "panel", _routes.Own.Sampling);

    /// <summary>Whether a judge grades by rubrics or is shown them.</summary>
    public bool ShowsRubric => _routes.All.Any(static judge => judge.Protocol is DeclaredProtocol { ShowsRubric: true });

    /// <summary>What clients that have names have spent.</summary>
    public ClientSpending Spending { get; }

    /// <summary>The last groups that were judged.</summary>
    internal RecentGroups Recent { get; } = new();

    /// <summary>Groups that wait for their other responses.</summary>
    internal IReadOnlyList<WaitingGroup> Gatherings
    {
        get
        {
            lock (_lock)
            {
                return _groups.Gatherings;
            }
        }
    }

    /// <summary>The rubric of a client's rollout: that of its id or its domain in the server's file, or its own; null for the server's own.</summary>
    public Rubric? RubricOf(Rollout rollout) =>
        _routes.All.Select(static judge => judge.Protocol).OfType<DeclaredProtocol>().FirstOrDefault(static protocol => protocol.ShowsRubric)?.OwnRubric(rollout) ?? rollout.Rubric;

    /// <summary>Asks the judge what a client wrote itself, with no more at once than the judge takes; of a panel the members that chat, in turns.</summary>
    /// <param name="question">The question.</param>
    /// <param name="turn">Which answer to it, from 0.</param>
    /// <exception cref="JudgeException">There is no answer.</exception>
    public Task<JudgeReply> AskAsync(JudgeQuestion question, int turn) => _drawing.AskAsync(question, turn, _work.Closing);

    /// <summary>Sends on a chat request that asks for no verdict, as it is.</summary>
    /// <returns>What the endpoint answers; null where this judge takes nothing but questions.</returns>
    /// <exception cref="JudgeException">Nothing answers.</exception>
    public Task<PassedAnswer?> PassAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken) => _drawing.PassAsync(body, cancellationToken);

    /// <summary>What chat questions were answered.</summary>
    internal ChatRecord Chats { get; }

    /// <summary>Where the record keeps single documents.</summary>
    internal IRunStore Kept => _ledger.Answers;

    /// <summary>Names that mean the vote, for clients that name a model.</summary>
    public IReadOnlyList<string> VoteNames => [Asked.Model, "tribunal", _routes.Own.Name];

    /// <summary>Rollouts that are gathering or being judged.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _work.Count + _groups.Waiting;
            }
        }
    }

    /// <summary>Opens a desk and remembers what its ledger holds.</summary>
    /// <param name="routes">The judge, or the panel.</param>
    /// <param name="request">Policy, votes, tournament and seed, as for a run.</param>
    /// <param name="options">How requests become groups.</param>
    /// <param name="ledger">The record; the desk disposes it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<RewardDesk> OpenAsync(
        JudgeRoutes routes, EvaluationRequest request, RewardOptions options, RewardLedger ledger, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(ledger);
        ArgumentNullException.ThrowIfNull(time);
        var desk = new RewardDesk(routes, request, options, ledger, time);
        await ledger.ReadAsync(desk._reader, cancellationToken);
        desk._sharing.Begin();
        return desk;
    }

    /// <summary>Rewards for a group that is known as a whole.</summary>
    /// <param name="question">The responses to judge together.</param>
    /// <param name="limit">When to answer with the votes there are.</param>
    /// <param name="cancellationToken">The client is gone; the judging goes on.</param>
    /// <exception cref="TooBusyException">Too much is under way.</exception>
    /// <exception cref="JudgeAwayException">The judge can't be reached or rejects us.</exception>
    internal Task<RewardAnswer> JudgeAsync(RewardQuestion question, TimeSpan limit, CancellationToken cancellationToken)
    {
        UInt128 prompt = KeyOf(question);
        UInt128[] keys = [.. question.Responses.Select(ContentKey.OfResponse)];
        string schedule = _drawing.NameOf(question.Tournament);
        JudgedRollout rollout;
        lock (_lock)
        {
            rollout = Ask(new Contents(prompt, question.Prompt, question.Reference, schedule) { Rubric = question.Rubric }, [.. keys.Zip(question.Responses).DistinctBy(static pair => pair.First).OrderBy(static pair => pair.First)], admitted: false);
        }

        return _work.AnswerAsync(rollout, [.. keys.Select(key => rollout.IndexOf(key))], _scaling.For(question), limit, cancellationToken);
    }

    /// <summary>
    /// Rewards of some responses of a group, judged together with the others of the same group (<see cref="RewardGroup"/>). Until an
    /// answer was handed over, whoever asks for the same again joins what there is; afterwards it is another question, but where the
    /// group has a name. Another group's reward is never used.
    /// </summary>
    /// <param name="question">Prompt and responses, one or more.</param>
    /// <param name="group">Who asks, and for which group.</param>
    /// <param name="limit">When to answer with the votes there are.</param>
    /// <param name="cancellationToken">The client is gone; the judging goes on.</param>
    /// <exception cref="TooBusyException">Too much is under way.</exception>
    /// <exception cref="JudgeAwayException">The judge can't be reached or rejects us.</exception>
    internal async Task<RewardAnswer> GatherAsync(RewardQuestion question, RewardGroup group, TimeSpan limit, CancellationToken cancellationToken)
    {
        var key = GroupKey.Of(group, KeyOf(question), _drawing.NameOf(question.Tournament));
        UInt128[] responses = [.. question.Responses.Select(ContentKey.OfResponse)];
        long start = _time.GetTimestamp();
        Gathering? gathering = null;
        (JudgedRollout Rollout, bool Whole)? member;
        await _sharing.CatchUpAsync();
        lock (_lock)
        {
            member = _groups.MemberOf(key, responses);
            if (member is { } known)
            {
                Resume(known.Rollout);
            }
            else
            {
                gathering = Join(key, question, group, responses);
            }
        }

        if (gathering is not null)
        {
            member = (await _sharing.GatheredAsync(gathering, question, responses.Length, _lock, cancellationToken), gathering.IsWhole);
        }

        (JudgedRollout rollout, bool whole) = member!.Value;
        TimeSpan left = limit == Timeout.InfiniteTimeSpan ? limit : limit - _time.GetElapsedTime(start);
        RewardAnswer answer = await _work.AnswerAsync(rollout, [.. responses.Select(rollout.IndexOf)], _scaling.For(question), left > TimeSpan.Zero || left == Timeout.InfiniteTimeSpan ? left : TimeSpan.Zero, cancellationToken);
        if (answer.Complete && group.Id is null)
        {
            lock (_lock)
            {
                _groups.Forget(key, responses, rollout);
            }
        }

        return answer with { Whole = whole };
    }

    /// <summary>The name by which any server of the record knows a response of a group.</summary>
    internal string NameOf(RewardQuestion question, RewardGroup group) => TaskNames.Of(
        GroupKey.Of(group, KeyOf(question), _drawing.NameOf(question.Tournament)), ContentKey.OfResponse(question.Responses[0]));

    /// <summary>How a response stands that was asked about before, here or at another server.</summary>
    /// <returns>Whether it is known, and its reward once there is one.</returns>
    internal async Task<(bool Known, RewardAnswer? Answer)> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (TaskNames.Read(name) is not { } task)
        {
            return (false, null);
        }

        await _sharing.CatchUpAsync();
        (JudgedRollout Rollout, bool Whole)? member;
        lock (_lock)
        {
            member = _groups.MemberOf(task.Group, [task.Response]);
            if (member is not { } known)
            {
                return (_groups.Open(task.Group)?.Responses.ContainsKey(task.Response) == true || _elsewhere.ResponsesOf(task.Group).Any(one => one.Key == task.Response), null);
            }

            Resume(known.Rollout);
        }

        (JudgedRollout rollout, bool whole) = member.Value;
        RewardAnswer answer = await _work.AnswerAsync(rollout, [rollout.IndexOf(task.Response)], _scaling.Usual, TimeSpan.Zero, cancellationToken);
        return (true, answer.Complete ? answer with { Whole = whole } : null);
    }

    // Whether groups that gather have become whole by what is elsewhere; says whether any waits still.
    private bool Look()
    {
        lock (_lock)
        {
            foreach (Gathering gathering in _groups.OpenOnes)
            {
                gathering.Elsewhere = _elsewhere.CountOf(gathering);
                if (gathering is { Size: not null, IsWhole: true })
                {
                    Close(gathering);
                }
            }

            return _groups.Waiting > 0;
        }
    }

    // A rubric that nobody would look at is no small matter to whoever sent it.
    private UInt128 KeyOf(RewardQuestion question) => question.Rubric is null || ShowsRubric
        ? ContentKey.OfPrompt(question.Prompt, question.Reference, question.Rubric)
        : throw new ProblemsException([new Problem("rubric", $"{_routes.Own.Protocol.Name} shows its judge no rubric: rubric-together and rubric-apart grade by one; prometheus-absolute, selene-pair and others show it")]);

    /// <summary>Ends what is under way, softly first: draws in flight end, nothing new begins.</summary>
    public async ValueTask DisposeAsync()
    {
        await _work.DisposeAsync();
        await _sharing.DisposeAsync();
        await _ledger.DisposeAsync();
    }

    // Under the lock.
    private JudgedRollout Ask(Contents contents, List<(UInt128 Key, Response Content)> responses, bool admitted, Gathering? group = null)
    {
        UInt128[] keys = [.. responses.Select(static response => response.Key)];
        string id = ContentKey.OfRollout(contents.Key, keys, contents.Schedule);
        if (_memory.Find(id) is not { } rollout)
        {
            if (!admitted)
            {
                Admit();
            }

            rollout = new JudgedRollout(id, keys, contents.Schedule);
            _memory.Add(rollout);
        }
        else
        {
            Counts.Remember();
        }

        if (rollout.Verdict is null && rollout.Work is null)
        {
            _work.Start(rollout, new Rollout
            {
                Id = id,
                Prompt = contents.Prompt,
                Responses = [.. responses.Select(static response => response.Content)],
                Reference = contents.Reference,
                Rubric = contents.Rubric,
                Metadata = GroupRecord.Of(group?.Key, contents.Schedule, group is { IsWhole: false } ? group.Arrived + group.Elsewhere : null),
            });
        }

        return rollout;
    }

    // Under the lock. A judging that failed, or that a restart cut off, goes on with the next of its questions.
    private void Resume(JudgedRollout rollout)
    {
        Counts.Remember();
        if (rollout is { Verdict: null, Work: null, Kept: { } kept })
        {
            _work.Start(rollout, kept);
        }
    }

    // Under the lock.
    private Gathering Join(GroupKey key, RewardQuestion question, RewardGroup group, UInt128[] responses)
    {
        if (_groups.Open(key) is not { } gathering)
        {
            Admit();
            gathering = _groups.Begin(key, question, group, responses);
            TimeSpan wait = group.Size is not null ? _options.GroupWait : _options.Gather;
            gathering.Timer = wait > TimeSpan.Zero ? _time.CreateTimer(state => _ = FlushAsync((Gathering)state!), gathering, wait, Timeout.InfiniteTimeSpan) : null;
        }

        gathering.Add(question, responses, _time.GetTimestamp());
        if (gathering.Timer is null || gathering.Arrived >= gathering.Size || gathering.Responses.Count >= _options.MaxGroup)
        {
            Close(gathering);
        }

        return gathering;
    }

    // The time is over: what came elsewhere until now counts too.
    private async Task FlushAsync(Gathering gathering)
    {
        try
        {
            await _sharing.CatchUpAsync();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Storage is away; what is here is judged.
        }

        lock (_lock)
        {
            Close(gathering);
        }
    }

    // Under the lock.
    private void Close(Gathering gathering)
    {
        if (!_groups.End(gathering))
        {
            return;
        }

        gathering.Elsewhere = _elsewhere.CountOf(gathering);
        foreach ((UInt128 response, Response content) in _elsewhere.ResponsesOf(gathering.Key))
        {
            gathering.Responses.TryAdd(response, content);
        }

        JudgedRollout rollout = Ask(
            new Contents(gathering.Key.Prompt, gathering.Prompt, gathering.Reference, gathering.Key.Schedule) { Rubric = gathering.Rubric }, [.. gathering.Responses.Select(static pair => (pair.Key, pair.Value))], admitted: true, gathering);
        _groups.Judged(gathering, rollout);
        _elsewhere.Settled(gathering.Key);
        gathering.Settle(rollout, gathering.IsWhole);
    }

    // Under the lock.
    private void Admit()
    {
        if (_work.Count + _groups.Waiting >= _options.MaxWaiting)
        {
            Counts.TurnAway();
            throw new TooBusyException((int)Math.Clamp(Math.Ceiling(_work.Seconds), 1, 60));
        }
    }
}
