using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Formats.Batches;
using Tribunal.RewardServer.Judging;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Trainers;

/// <summary>
/// ROLL's reward system (its <c>roll/pipeline/rlvr/rewards/remote_reward_system_worker.py</c>): a task is submitted and gets a name, and its result
/// is polled for. Responses of one prompt in one step of one experiment are a group, which its <c>data_id</c> names.
/// </summary>
/// <param name="handlers">Makes questions of what is asked.</param>
/// <param name="desk">What judges.</param>
/// <param name="options">How requests become groups.</param>
/// <param name="time">The clock.</param>
public sealed class RollHandlers(RewardHandlers handlers, RewardDesk desk, RewardOptions options, TimeProvider time)
{
    private const int MostTasks = 65_536;
    private const int Ended = 0;
    private const int Running = 1;
    private const int Failed = 2;
    private static readonly Dictionary<string, RollDimension> None = [];
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Judging> _tasks = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = [];

    /// <summary>Takes a task: <c>{"prompt","response","reward_info",…}</c> → <c>{"reward_request_id","errcode":0}</c>.</summary>
    public Task<HttpAnswer> SubmitAsync(ReadOnlyMemory<byte> body, string client, CancellationToken cancellationToken) => Answers.GuardAsync(() =>
    {
        RollTask task = Answers.Parse(body, TrainerJson.Default.RollTask);
        IReadOnlyList<Message> prompt = task.Prompt.ValueKind == JsonValueKind.Undefined ? throw new JsonException("'prompt' is missing") : TrainerText.Prompt(task.Prompt);
        string response = TrainerText.Response(task.Response ?? throw new JsonException("'response' is missing"), "");
        string? group = task.DataId is { ValueKind: JsonValueKind.String or JsonValueKind.Number } data
            ? $"roll {task.ProjectId}/{task.ExperimentId}/{task.GlobalStep}/{data}"
            : null;
        RewardQuestion question = KnownOf.Label(task.RewardInfo).Of(handlers.Question(prompt, [new Response(response)], reference: null));
        var members = new RewardGroup(client, group, options.GroupSize);
        string id = desk.NameOf(question, members);
        DateTimeOffset start = time.GetUtcNow();
        Task<RewardAnswer> judging = desk.GatherAsync(question, members, Timeout.InfiniteTimeSpan, CancellationToken.None);
        if (judging.Exception?.InnerException is TooBusyException busy)
        {
            throw busy;
        }

        Task<DateTimeOffset> end = judging.ContinueWith(_ => time.GetUtcNow(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        lock (_lock)
        {
            _tasks.Add(id, new Judging(judging, start, end));
            _order.Enqueue(id);
            while (_order.Count > MostTasks)
            {
                _tasks.Remove(_order.Dequeue());
            }
        }

        return Task.FromResult(Answers.Json(200, new RollAccepted(id, Ended), TrainerJson.Default.RollAccepted, []));
    });

    /// <summary>
    /// How a task stands: <c>errcode</c> 1 while it is judged, 0 with the reward when it is done. A null reward, as for a task that this server doesn't
    /// know (any more), has the client submit it again; at the end it counts it as 0 by itself, unless <see cref="RewardOptions.NullReward"/> says a number.
    /// </summary>
    public Task<HttpAnswer> ResultAsync(ReadOnlyMemory<byte> body, string client, CancellationToken cancellationToken) => Answers.GuardAsync(async () =>
    {
        string id = Answers.Parse(body, TrainerJson.Default.RollPoll).RewardRequestId ?? throw new JsonException("'reward_request_id' is missing");
        Judging? task;
        lock (_lock)
        {
            task = _tasks.GetValueOrDefault(id);
        }

        return Answers.Json(200, task is null ? await FoundAsync(id, cancellationToken) : ResultOf(task), TrainerJson.Default.RollResult, []);
    });

    // A task that another server took, or this one before its restart.
    private async Task<RollResult> FoundAsync(string id, CancellationToken cancellationToken)
    {
        (bool known, RewardAnswer? answer) = await desk.FindAsync(id, cancellationToken);
        DateTimeOffset now = time.GetUtcNow();
        return answer is not null ? Done(answer, now, now)
            : known ? new RollResult { ErrCode = Running, ErrMsg = "running", Dimensions = None }
            : new RollResult { ErrCode = Ended, ErrMsg = "there is no such task: submit it again", Dimensions = None };
    }

    private RollResult ResultOf(Judging task)
    {
        if (!task.Answer.IsCompleted)
        {
            return new RollResult { ErrCode = Running, ErrMsg = "running", Dimensions = None };
        }

        if (!task.Answer.IsCompletedSuccessfully)
        {
            return task.Answer.Exception?.InnerException is JudgeAwayException or OperationCanceledException or null
                ? new RollResult { ErrCode = Ended, ErrMsg = "the judge is away: submit it again", Dimensions = None }
                : new RollResult { ErrCode = Failed, ErrMsg = task.Answer.Exception.InnerException.Message, Dimensions = None };
        }

        return Done(task.Answer.Result, task.Start, task.End.Result);
    }

    private RollResult Done(RewardAnswer answer, DateTimeOffset start, DateTimeOffset end)
    {
        double? reward = answer.Rewards[0];
        if (reward is null && options.NullReward is not null)
        {
            desk.Counts.Replace(1);
        }

        return new RollResult
        {
            ErrCode = Ended,
            ErrMsg = answer.Verdict.Reason ?? "",
            RewardScore = reward ?? options.NullReward,
            StartTime = start.ToString("O", CultureInfo.InvariantCulture),
            EndTime = end.ToString("O", CultureInfo.InvariantCulture),
            Dimensions = new Dictionary<string, RollDimension>(StringComparer.Ordinal)
            {
                ["tribunal"] = new RollDimension
                {
                    Score = reward,
                    Confidence = answer.Verdict.Confidence,
                    Judgements = answer.Verdict.Votes.Kept,
                    Group = answer.Group,
                    Whole = answer.Whole,
                    Criteria = RewardHandlers.GradesOf(answer)?.ToDictionary(static criterion => criterion.Id, static criterion => criterion.Grades[0], StringComparer.Ordinal),
                    DebugInfo = new Dictionary<string, RollCost>(StringComparer.Ordinal) { ["tribunal"] = new RollCost((end - start).TotalSeconds) },
                },
            },
        };
    }

    private sealed record Judging(Task<RewardAnswer> Answer, DateTimeOffset Start, Task<DateTimeOffset> End);
}

/// <summary>A task of ROLL's.</summary>
/// <param name="Prompt">A text or turns.</param>
/// <param name="Response">The response.</param>
/// <param name="RewardInfo">What the dataset knows; <c>ground_truth</c> is shown to the judge as the reference answer, and it may be graded by a <c>rubric</c>.</param>
/// <param name="DataId">The prompt's name: responses to it in one step are a group.</param>
/// <param name="ProjectId">The project.</param>
/// <param name="ExperimentId">The experiment.</param>
/// <param name="GlobalStep">The step.</param>
internal sealed record RollTask(
    JsonElement Prompt, string? Response,
    [property: JsonPropertyName("reward_info")] JsonElement? RewardInfo = null,
    [property: JsonPropertyName("data_id")] JsonElement? DataId = null,
    [property: JsonPropertyName("project_id")] JsonElement? ProjectId = null,
    [property: JsonPropertyName("experiment_id")] JsonElement? ExperimentId = null,
    [property: JsonPropertyName("global_step")] JsonElement? GlobalStep = null);

/// <summary>A task was taken.</summary>
/// <param name="RewardRequestId">Its name.</param>
/// <param name="ErrCode">0.</param>
internal sealed record RollAccepted([property: JsonPropertyName("reward_request_id")] string RewardRequestId, [property: JsonPropertyName("errcode")] int ErrCode);

/// <summary>Which task is polled for.</summary>
/// <param name="RewardRequestId">Its name.</param>
internal sealed record RollPoll([property: JsonPropertyName("reward_request_id")] string? RewardRequestId);

/// <summary>How a task stands.</summary>
internal sealed record RollResult
{
    /// <summary>0 done, 1 running, 2 failed.</summary>
    [JsonPropertyName("errcode")]
    public required int ErrCode { get; init; }

    /// <summary>In words.</summary>
    [JsonPropertyName("errmsg")]
    public required string ErrMsg { get; init; }

    /// <summary>The reward; null where there is none.</summary>
    [JsonPropertyName("reward_score")]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? RewardScore { get; init; }

    /// <summary>What stands behind it (the field's spelling is ROLL's).</summary>
    [JsonPropertyName("dimention_reward_score")]
    public required IReadOnlyDictionary<string, RollDimension> Dimensions { get; init; }

    /// <summary>When it came, ISO 8601.</summary>
    [JsonPropertyName("start_time")]
    public string? StartTime { get; init; }

    /// <summary>When it was judged, ISO 8601.</summary>
    [JsonPropertyName("end_time")]
    public string? EndTime { get; init; }
}

/// <summary>What stands behind a reward.</summary>
internal sealed record RollDimension
{
    /// <summary>The reward.</summary>
    public double? Score { get; init; }

    /// <summary>Probability that the best of the group leads its closest rival.</summary>
    public double? Confidence { get; init; }

    /// <summary>Judgements that the verdict rests on.</summary>
    public required int Judgements { get; init; }

    /// <summary>Responses that were judged together.</summary>
    public required int Group { get; init; }

    /// <summary>False where the group was judged without all of its responses.</summary>
    public required bool Whole { get; init; }

    /// <summary>What each criterion of the rubric was graded, in [0, 1]; left out for other judges.</summary>
    public IReadOnlyDictionary<string, double>? Criteria { get; init; }

    /// <summary>Times, as ROLL's client adds them up.</summary>
    [JsonPropertyName("debug_info")]
    public required IReadOnlyDictionary<string, RollCost> DebugInfo { get; init; }
}

/// <summary>A time.</summary>
/// <param name="TimeCost">Seconds.</param>
internal sealed record RollCost([property: JsonPropertyName("time_cost")] double TimeCost);
