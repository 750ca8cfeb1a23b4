using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Formats.Lines;
using Tribunal.RewardServer.Judging;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Trainers;

/// <summary>An answer on its way to whichever HTTP host asked.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">UTF-8 JSON.</param>
/// <param name="ContentType">Its type.</param>
/// <param name="Headers">More headers.</param>
public sealed record HttpAnswer(int Status, ReadOnlyMemory<byte> Body, string ContentType, IReadOnlyDictionary<string, string> Headers);

/// <summary>
/// The trainers' protocols, free of any host: a body in, an answer out. A request that can't be used gets 400 with the
/// reason, never 500; where there is no reward the answer is null or the protocol's own word for it, never 0.
/// </summary>
/// <param name="desk">What judges.</param>
/// <param name="options">How requests become groups.</param>
/// <param name="jobs">Whether this host lives long enough to keep jobs.</param>
public sealed class RewardHandlers(RewardDesk desk, RewardOptions options, bool jobs = true)
{
    /// <summary>Rollouts in one request, at most.</summary>
    public const int MostRollouts = 1024;

    private const int MostJobs = 1024;
    private const double GymLow = 1;
    private const double GymHigh = 5;
    private const double GymNeutral = 3;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<RewardsAnswer>> _jobs = new(StringComparer.Ordinal);
    private readonly Queue<string> _jobOrder = [];

    /// <summary>OpenRLHF: <c>{"query","prompts","labels"}</c> → <c>{"rewards","scores","extra_logs"}</c>.</summary>
    public Task<HttpAnswer> OpenRlhfAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        OpenRlhfRequest request = Parse(body, TrainerJson.Default.OpenRlhfRequest);
        IReadOnlyList<string> queries = request.Query ?? throw new JsonException("'query' is missing");
        int count = queries.Count;
        if ((request.Prompts?.Count ?? count) != count || (request.Labels?.Count ?? count) != count)
        {
            throw new JsonException("'query', 'prompts' and 'labels' differ in length");
        }

        Limit(count);
        RewardAnswer[] answers = await Task.WhenAll(queries.Select((query, i) =>
        {
            JsonElement prompt = request.Prompts is { } prompts ? prompts[i] : default;
            string text = prompt.ValueKind == JsonValueKind.String ? prompt.GetString()! : "";
            IReadOnlyList<Message> turns = prompt.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null
                ? throw new JsonException("'prompts' is missing: without the prompt nothing can be judged")
                : TrainerText.Prompt(prompt);
            return desk.GatherAsync(turns, TrainerText.Response(query ?? throw new JsonException("a query is null"), text), Label(request.Labels?[i]), options.TimeLimit, cancellationToken);
        }));
        double?[] rewards = [.. answers.Select(static answer => answer.Rewards[0])];
        double?[]? said = rewards.Length > 0 && Array.TrueForAll(rewards, static reward => reward is null) ? null : rewards;
        return Ok(
            new OpenRlhfAnswer
            {
                Rewards = said,
                Scores = said,
                ExtraLogs = new Dictionary<string, IReadOnlyList<double>>(StringComparer.Ordinal)
                {
                    ["scored"] = [.. rewards.Select(static reward => reward is null ? 0.0 : 1.0)],
                    ["complete"] = [.. answers.Select(static answer => answer.Complete ? 1.0 : 0.0)],
                    ["judgements"] = [.. answers.Select(static answer => (double)answer.Verdict.Votes.Kept)],
                    ["group"] = [.. answers.Select(static answer => (double)answer.Group)],
                },
            },
            TrainerJson.Default.OpenRlhfAnswer, answers.All(static answer => answer.Complete));
    });

    /// <summary>slime: <c>{"prompt","response","label"}</c> → the reward, or null.</summary>
    public Task<HttpAnswer> SlimeAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        SlimeRequest request = Parse(body, TrainerJson.Default.SlimeRequest);
        RewardAnswer answer = await desk.GatherAsync(
            request.Prompt.ValueKind == JsonValueKind.Undefined ? throw new JsonException("'prompt' is missing") : TrainerText.Prompt(request.Prompt),
            TrainerText.Response(request.Response ?? throw new JsonException("'response' is missing"), ""), Label(request.Label), options.TimeLimit, cancellationToken);
        return Ok(answer.Rewards[0], TrainerJson.Default.NullableDouble, answer.Complete);
    });

    /// <summary>NeMo Gym: <c>{"conversation_history","response_objs","principle"?}</c> → <c>{"rewards","comparison_results","metrics"}</c>.</summary>
    public Task<HttpAnswer> GymAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        GymRequest request = Parse(body, TrainerJson.Default.GymRequest);
        IReadOnlyList<JsonElement> objects = request.ResponseObjs ?? throw new JsonException("'response_objs' is missing");
        List<Message> prompt = [.. (request.ConversationHistory ?? throw new JsonException("'conversation_history' is missing")).Select(Turn)];
        if (request.Principle is { Length: > 0 } principle)
        {
            prompt.Insert(0, new Message("system", $"Judge the responses by this principle: {principle}"));
        }

        if (objects.Count < 2)
        {
            // As Gym's own server answers where there is nothing to compare.
            return Ok(new GymAnswer { Rewards = [GymNeutral], ComparisonResults = null, Metrics = null }, TrainerJson.Default.GymAnswer, complete: true);
        }

        RewardAnswer answer = await desk.JudgeAsync(Question(prompt, [.. objects.Select(OutputText)], reference: null), options.TimeLimit, cancellationToken);
        IReadOnlyList<double?> rewards = answer.Rewards;
        double[] scores = [.. rewards.Select(static reward => reward is { } known ? GymLow + ((GymHigh - GymLow) * known) : GymNeutral)];
        var pairs = new List<GymComparison>(scores.Length * (scores.Length - 1) / 2);
        for (int i = 0; i < scores.Length; i++)
        {
            for (int j = i + 1; j < scores.Length; j++)
            {
                pairs.Add(new GymComparison { ResponseI = i, ResponseJ = j, Score1 = scores[i], Score2 = scores[j], Ranking = 3.5 - ((scores[i] - scores[j]) * 2.5 / (GymHigh - GymLow)) });
            }
        }

        double mean = scores.Average();
        return Ok(
            new GymAnswer
            {
                Rewards = scores,
                ComparisonResults = pairs,
                Metrics = new Dictionary<string, double>(StringComparer.Ordinal)
                {
                    ["mean_individual_score"] = mean,
                    ["std_individual_score"] = Math.Sqrt(scores.Average(score => (score - mean) * (score - mean))),
                    ["unscorable"] = rewards.Count(static reward => reward is null),
                    ["complete"] = answer.Complete ? 1 : 0,
                    ["judgements"] = answer.Verdict.Votes.Kept,
                },
            },
            TrainerJson.Default.GymAnswer, answer.Complete);
    });

    /// <summary>Our own: rewards for one or many rollouts, at once or as a job.</summary>
    public Task<HttpAnswer> RewardsAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken) => GuardAsync(async () =>
    {
        RewardsRequest request = Parse(body, TrainerJson.Default.RewardsRequest);
        Limit(request.Rollouts.Count);
        if (request.TimeoutSeconds is { } seconds && seconds is not (> 0 and < 1e6))
        {
            throw new JsonException("'timeoutSeconds' must be above 0");
        }

        if (request.Async && !jobs)
        {
            throw new JsonException("'async': this host keeps no jobs; ask again for what was not complete");
        }

        TimeSpan limit = request.TimeoutSeconds is { } asked && asked < options.TimeLimit.TotalSeconds ? TimeSpan.FromSeconds(asked) : options.TimeLimit;
        Rollout[] rollouts = [.. request.Rollouts.Select(static (element, i) => RolloutForm.Read(
            element,
            element.ValueKind == JsonValueKind.Object && element.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String ? id.GetString() : i.ToString(CultureInfo.InvariantCulture)))];
        RewardQuestion[] questions = [.. rollouts.Select(rollout => Question(rollout.Prompt, [.. rollout.Responses.Select(static response => response.Content)], rollout.Reference))];
        if (!request.Async)
        {
            RewardsAnswer answer = await AnswerAsync(rollouts, questions, limit, cancellationToken);
            return Ok(answer, TrainerJson.Default.RewardsAnswer, answer.Results.All(static result => result.Complete));
        }

        string job = RandomNumberGenerator.GetHexString(32, lowercase: true);
        Task<RewardsAnswer> task = AnswerAsync(rollouts, questions, Timeout.InfiniteTimeSpan, CancellationToken.None);
        lock (_lock)
        {
            _jobs.Add(job, task);
            _jobOrder.Enqueue(job);
            while (_jobOrder.Count > MostJobs)
            {
                _jobs.Remove(_jobOrder.Dequeue());
            }
        }

        return Json(202, new RewardJob(job, "running"), TrainerJson.Default.RewardJob, new Dictionary<string, string>(StringComparer.Ordinal) { ["Location"] = $"/v1/jobs/{job}" });
    });

    /// <summary>How a job stands; 404 for one that never was, or that 1,024 others have followed.</summary>
    public HttpAnswer Job(string id)
    {
        Task<RewardsAnswer>? task;
        lock (_lock)
        {
            _jobs.TryGetValue(id, out task);
        }

        return task switch
        {
            null => Refuse(404, "no such job", "there is none of this name, or it was too long ago"),
            { IsCompletedSuccessfully: true } => Json(200, new RewardJob(id, "done", task.Result), TrainerJson.Default.RewardJob, []),
            { IsCompleted: true } => Json(200, new RewardJob(id, "failed", Detail: task.Exception?.InnerException?.Message ?? "it was cancelled"), TrainerJson.Default.RewardJob, []),
            _ => Json(200, new RewardJob(id, "running"), TrainerJson.Default.RewardJob, []),
        };
    }

    /// <summary>A refusal in the form of RFC 9457.</summary>
    public static HttpAnswer Refuse(int status, string title, string detail) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(new Problem(title, status, detail), TrainerJson.Default.Problem), "application/problem+json", new Dictionary<string, string>(StringComparer.Ordinal));

    private static async Task<HttpAnswer> GuardAsync(Func<Task<HttpAnswer>> answer)
    {
        try
        {
            return await answer();
        }
        catch (JsonException exception)
        {
            return Refuse(400, "the request can't be read", exception.Message);
        }
        catch (InvalidOperationException exception) when (exception.InnerException is System.Text.DecoderFallbackException)
        {
            return Refuse(400, "the request can't be read", "a text is no valid Unicode");
        }
        catch (TooBusyException exception)
        {
            return Later(429, "too busy", exception.Message, exception.RetryAfterSeconds);
        }
        catch (JudgeAwayException exception)
        {
            return Later(503, "the judge is away", exception.Message, 5);
        }
        catch (OperationCanceledException)
        {
            return Later(503, "closing", "the server closes, or the client went away", 5);
        }
    }

    private async Task<RewardsAnswer> AnswerAsync(Rollout[] rollouts, RewardQuestion[] questions, TimeSpan limit, CancellationToken cancellationToken)
    {
        RewardAnswer[] answers = await Task.WhenAll(questions.Select(question => desk.JudgeAsync(question, limit, cancellationToken)));
        return new RewardsAnswer
        {
            Results = [.. answers.Select((answer, i) => Result(rollouts[i].Id, answer))],
            Simulated = desk.Simulated ? true : null,
        };
    }

    private static RewardsResult Result(string id, RewardAnswer answer)
    {
        Verdict verdict = answer.Verdict;
        int[]? ranking = null;
        if (verdict.Ranking is { } places)
        {
            var place = new int[places.Count];
            for (int i = 0; i < places.Count; i++)
            {
                place[places[i]] = i;
            }

            ranking = [.. Enumerable.Range(0, answer.Index.Count).OrderBy(i => place[answer.Index[i]])];
        }

        return new RewardsResult
        {
            Id = id,
            Status = verdict.Status == VerdictStatus.Scored ? "scored" : "unscorable",
            Rewards = verdict.Rewards is { } rewards ? [.. answer.Index.Select(index => rewards[index])] : null,
            Best = ranking?[0],
            Ranking = ranking,
            Confidence = verdict.Confidence,
            Judgements = verdict.Votes.Kept,
            Complete = answer.Complete,
            Reason = verdict.Reason,
        };
    }

    private RewardQuestion Question(IReadOnlyList<Message> prompt, IReadOnlyList<string> responses, string? reference)
    {
        if (prompt.Count == 0)
        {
            throw new JsonException("the prompt has no turn");
        }

        if (responses.Count == 0)
        {
            throw new JsonException("there is no response");
        }

        return responses.Count <= options.MaxGroup
            ? new RewardQuestion(prompt, responses, reference)
            : throw new JsonException($"{responses.Count} responses: at most {options.MaxGroup} are judged together");
    }

    private static void Limit(int count)
    {
        if (count > MostRollouts)
        {
            throw new JsonException($"{count} in one request: at most {MostRollouts} are taken");
        }
    }

    private static T Parse<T>(ReadOnlyMemory<byte> body, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(JsonText.WithWholeCharacters(body).Span, type) ?? throw new JsonException("the body is null");

    private static string? Label(JsonElement? label) => label is { ValueKind: JsonValueKind.String } text && text.GetString() is { Length: > 0 } reference ? reference : null;

    private static Message Turn(JsonElement turn) =>
        turn.ValueKind == JsonValueKind.Object && turn.TryGetProperty("content", out JsonElement content) && content.ValueKind == JsonValueKind.String
            ? new Message(turn.TryGetProperty("role", out JsonElement role) && role.ValueKind == JsonValueKind.String ? role.GetString()! : "user", content.GetString()!)
            : throw new JsonException("a turn of 'conversation_history' is an object with 'role' and 'content'");

    // The text of the messages; reasoning is not judged, as in Gym's own server.
    private static string OutputText(JsonElement response)
    {
        var text = new System.Text.StringBuilder();
        if (response.ValueKind == JsonValueKind.Object && response.TryGetProperty("output", out JsonElement output) && output.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in output.EnumerateArray())
            {
                if (Is(item, "message") && item.TryGetProperty("content", out JsonElement content) && content.ValueKind == JsonValueKind.Array)
                {
                    foreach (JsonElement part in content.EnumerateArray())
                    {
                        if (Is(part, "output_text") && part.TryGetProperty("text", out JsonElement words) && words.ValueKind == JsonValueKind.String)
                        {
                            text.Append(words.GetString());
                        }
                    }
                }
            }
        }

        return string.IsNullOrWhiteSpace(text.ToString()) ? "None" : text.ToString();
    }

    private static bool Is(JsonElement item, string type) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty("type", out JsonElement named) && named.ValueKind == JsonValueKind.String && named.ValueEquals(type);

    private HttpAnswer Ok<T>(T value, JsonTypeInfo<T> type, bool complete)
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Tribunal-Complete"] = complete ? "true" : "false" };
        if (desk.Simulated)
        {
            headers["X-Tribunal-Simulated"] = "true";
        }

        return Json(200, value, type, headers);
    }

    private static HttpAnswer Json<T>(int status, T value, JsonTypeInfo<T> type, Dictionary<string, string> headers) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(value, type), "application/json", headers);

    private static HttpAnswer Later(int status, string title, string detail, int seconds) => Refuse(status, title, detail) with
    {
        Headers = new Dictionary<string, string>(StringComparer.Ordinal) { ["Retry-After"] = seconds.ToString(CultureInfo.InvariantCulture) },
    };
}
