using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.RewardServer.Judging;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Trainers;

/// <summary>
/// The trainers' protocols, free of any host: a body in, an answer out. A request that can't be used gets 400 with the
/// reason, never 500; where there is no reward the answer is null or the protocol's own word for it, never 0.
/// </summary>
/// <param name="desk">What judges.</param>
/// <param name="options">How requests become groups.</param>
public sealed class RewardHandlers(RewardDesk desk, RewardOptions options)
{
    /// <summary>Rollouts in one request, at most.</summary>
    public const int MostRollouts = 1024;

    private readonly RewardJobs _jobs = new(desk.Kept);

    /// <summary>OpenRLHF: <c>{"query","prompts","labels"}</c> → <c>{"rewards","scores","extra_logs"}</c>.</summary>
    public Task<HttpAnswer> OpenRlhfAsync(ReadOnlyMemory<byte> body, string client, CancellationToken cancellationToken) => Answers.GuardAsync(async () =>
    {
        OpenRlhfRequest request = Answers.Parse(body, TrainerJson.Default.OpenRlhfRequest);
        IReadOnlyList<string?> queries = request.Query ?? throw new JsonException("'query' is missing");
        int count = queries.Count;
        if ((request.Prompts?.Count ?? count) != count || (request.Labels?.Count ?? count) != count || (request.GroupIds?.Count ?? count) != count)
        {
            throw new JsonException("'query', 'prompts', 'labels' and 'group_ids' differ in length");
        }

        Limit(count);
        Sample[] samples = await SamplesAsync(
            count, i => desk.GatherAsync(OpenRlhfQuestion(request, i), new RewardGroup(client, request.GroupIds?[i], request.GroupSize), options.TimeLimit, cancellationToken));
        double?[] rewards = [.. samples.Select(static sample => sample.Answer?.Rewards[0])];
        bool replaced = options.NullReward is not null && rewards.Contains(null);
        double?[] numbers = [.. rewards.Select(reward => reward ?? options.NullReward)];
        double?[]? said = numbers.Length > 0 && Array.TrueForAll(numbers, static reward => reward is null) ? null : numbers;
        if (replaced)
        {
            desk.Counts.Replace(rewards.Count(static reward => reward is null));
        }

        return Ok(
            new OpenRlhfAnswer
            {
                Rewards = said,
                Scores = said,
                ExtraLogs = new Dictionary<string, IReadOnlyList<double>>(StringComparer.Ordinal)
                {
                    ["scored"] = [.. rewards.Select(static reward => reward is null ? 0.0 : 1.0)],
                    ["complete"] = [.. samples.Select(static sample => sample.Answer is { Complete: true } ? 1.0 : 0.0)],
                    ["judgements"] = [.. samples.Select(static sample => (double)(sample.Answer?.Verdict.Votes.Kept ?? 0))],
                    ["group"] = [.. samples.Select(static sample => (double)(sample.Answer?.Group ?? 0))],
                    ["whole"] = [.. samples.Select(static sample => sample.Answer is { Whole: true } ? 1.0 : 0.0)],
                },
            },
            TrainerJson.Default.OpenRlhfAnswer, samples.All(static sample => sample.Answer is not { Complete: false }));
    });

    /// <summary>slime: <c>{"prompt","response","label"}</c> → the reward, or null.</summary>
    public Task<HttpAnswer> SlimeAsync(ReadOnlyMemory<byte> body, string client, CancellationToken cancellationToken) => Answers.GuardAsync(async () =>
    {
        SlimeRequest request = Answers.Parse(body, TrainerJson.Default.SlimeRequest);
        IReadOnlyList<Message> prompt = request.Prompt.ValueKind == JsonValueKind.Undefined ? throw new JsonException("'prompt' is missing") : TrainerText.Prompt(request.Prompt);
        string response = TrainerText.Response(request.Response ?? throw new JsonException("'response' is missing"), "");
        RewardAnswer answer = await desk.GatherAsync(
            KnownOf.Label(request.Label).Of(Question(prompt, [new Response(response)], reference: null)) with { Scale = request.Scale, Tournament = OwnForm.Schedule(request.Tournament) }, new RewardGroup(client, request.GroupId, Positive(request.GroupSize)), options.TimeLimit, cancellationToken);
        return Ok(answer.Rewards[0], TrainerJson.Default.NullableDouble, answer.Complete);
    });

    /// <summary>NeMo Gym: <c>{"conversation_history","response_objs","principle"?}</c> → <c>{"rewards","comparison_results","metrics"}</c>.</summary>
    public Task<HttpAnswer> GymAsync(ReadOnlyMemory<byte> body, string client, CancellationToken cancellationToken) => Answers.GuardAsync(async () =>
    {
        GymRequest request = Answers.Parse(body, TrainerJson.Default.GymRequest);
        IReadOnlyList<JsonElement> objects = request.ResponseObjs ?? throw new JsonException("'response_objs' is missing");
        (string? principle, Rubric? rubric) = Principle(request.Principle);
        IReadOnlyList<Message> prompt = GymForm.Prompt(request.ConversationHistory ?? throw new JsonException("'conversation_history' is missing"), principle);
        if (objects.Count < 2)
        {
            // As Gym's own server answers where there is nothing to compare.
            return Ok(new GymAnswer { Rewards = [GymForm.Neutral], ComparisonResults = null, Metrics = null }, TrainerJson.Default.GymAnswer, complete: true);
        }

        RewardAnswer answer = await desk.JudgeAsync(Question(prompt, [.. objects.Select(GymForm.Output)], reference: null) with { Rubric = rubric }, options.TimeLimit, cancellationToken);
        return Ok(GymForm.Answer(answer), TrainerJson.Default.GymAnswer, answer.Complete);
    });

    /// <summary>
    /// NeMo Gym's training: one rollout a request, answered when its cohort is whole (<see cref="RewardOptions.GroupSize"/>), with what was asked
    /// and <c>reward</c> beside it.
    /// </summary>
    public Task<HttpAnswer> GymVerifyAsync(ReadOnlyMemory<byte> body, string client, CancellationToken cancellationToken) => Answers.GuardAsync(async () =>
    {
        GymVerifyRequest request = Answers.Parse(body, TrainerJson.Default.GymVerifyRequest);
        (string? principle, Rubric? rubric) = Principle(request.Principle);
        IReadOnlyList<Message> prompt = GymForm.Input(request.CreateParams, principle);

        // A task, or a prompt, has the same name in every epoch: it says which agents' rollouts belong together, not for how long.
        var cohort = new RewardGroup(
            request.TaskIndex is { } task ? $"task {task}" : request.PromptId is { Length: > 0 } id ? $"cohort {id}" : client, Id: null, options.GroupSize);
        RewardAnswer answer = await desk.GatherAsync(
            Question(prompt, [GymForm.Output(request.Response)], reference: null) with { Rubric = rubric }, cohort, options.TimeLimit, cancellationToken);
        return Ok(
            new GymVerifyAnswer
            {
                CreateParams = request.CreateParams,
                Response = request.Response,
                Reward = answer.Unit[0] is { } reward ? GymForm.Scaled(reward) : GymForm.Neutral,
                Scored = answer.Unit[0] is not null,
                Group = answer.Group,
                Whole = answer.Whole,
                Criteria = GradesOf(answer),
            },
            TrainerJson.Default.GymVerifyAnswer, answer.Complete);
    });

    /// <summary>NeMo Gym's session, which needs nothing here.</summary>
    public static Task<HttpAnswer> GymSessionAsync() => Task.FromResult(new HttpAnswer(200, "{}"u8.ToArray(), "application/json", new Dictionary<string, string>(StringComparer.Ordinal)));

    /// <summary>NeMo Gym's figures over the answers to <c>/verify</c>, by task and over all.</summary>
    public static Task<HttpAnswer> GymMetricsAsync(ReadOnlyMemory<byte> body) => Answers.GuardAsync(() =>
        Task.FromResult(Answers.Json(200, GymMetrics.Of(Answers.Parse(body, TrainerJson.Default.GymMetricsRequest)), TrainerJson.Default.GymMetricsAnswer, [])));

    /// <summary>Our own: rewards for one or many rollouts, at once or as a job.</summary>
    public Task<HttpAnswer> RewardsAsync(ReadOnlyMemory<byte> body, string client, CancellationToken cancellationToken) => Answers.GuardAsync(async () =>
    {
        RewardsRequest request = OwnForm.Read(body);
        Limit(request.Rollouts.Count);
        if (request.TimeoutSeconds is { } seconds && seconds is not (> 0 and < 1e6))
        {
            throw new JsonException("'timeoutSeconds' must be above 0");
        }

        TimeSpan limit = request.TimeoutSeconds is { } asked && asked < options.TimeLimit.TotalSeconds ? TimeSpan.FromSeconds(asked) : options.TimeLimit;
        if (!request.Async)
        {
            RewardsAnswer answer = await AnswerAsync(request, client, limit, cancellationToken);
            return Ok(answer, TrainerJson.Default.RewardsAnswer, answer.Results.All(static result => result.Complete));
        }

        string job = await _jobs.StartAsync(body, client, () => AnswerAsync(request, client, Timeout.InfiniteTimeSpan, CancellationToken.None), cancellationToken);
        return Answers.Json(202, new RewardJob(job, "running"), TrainerJson.Default.RewardJob, new Dictionary<string, string>(StringComparer.Ordinal) { ["Location"] = $"/v1/jobs/{job}" });
    });

    /// <summary>How a job stands; 404 for one that never was, or that 1,024 others have followed.</summary>
    public Task<HttpAnswer> JobAsync(string id, CancellationToken cancellationToken) => Answers.GuardAsync(async () =>
    {
        Task<RewardsAnswer>? task = await _jobs.FindAsync(id, (body, client) => AnswerAsync(OwnForm.Read(body), client, Timeout.InfiniteTimeSpan, CancellationToken.None), cancellationToken);
        return task switch
        {
            null => Answers.Refuse(404, "no such job", "there is none of this name, or it was too long ago"),
            { IsCompletedSuccessfully: true } => Answers.Json(200, new RewardJob(id, "done", task.Result), TrainerJson.Default.RewardJob, []),
            { IsCompleted: true } => Answers.Json(200, new RewardJob(id, "failed", Detail: task.Exception?.InnerException?.Message ?? "it was cancelled"), TrainerJson.Default.RewardJob, []),
            _ => Answers.Json(200, new RewardJob(id, "running"), TrainerJson.Default.RewardJob, []),
        };
    });

    /// <summary>A refusal in the form of RFC 9457.</summary>
    public static HttpAnswer Refuse(int status, string title, string detail) => Answers.Refuse(status, title, detail);

    private async Task<RewardsAnswer> AnswerAsync(RewardsRequest request, string client, TimeSpan limit, CancellationToken cancellationToken)
    {
        Sample[] samples = await SamplesAsync(request.Rollouts.Count, async i =>
        {
            JsonElement element = request.Rollouts[i];
            Rollout rollout = RolloutForm.Read(element, OwnForm.IdOf(element, i));
            RewardQuestion question = Question(rollout.Prompt, rollout.Responses, rollout.Reference) with
            {
                Tournament = OwnForm.Schedule(request.Tournament),
                Scale = request.Scale,
                Rubric = desk.RubricOf(rollout),
            };
            return OwnForm.GroupOf(element, client) is { } group
                ? await desk.GatherAsync(question, group, limit, cancellationToken)
                : await desk.JudgeAsync(question, limit, cancellationToken);
        });
        return new RewardsAnswer
        {
            Results = [.. samples.Select((sample, i) => sample.Answer is { } answer
                ? Result(OwnForm.IdOf(request.Rollouts[i], i), answer)
                : new RewardsResult { Id = OwnForm.IdOf(request.Rollouts[i], i), Status = "unscorable", Rewards = null, Judgements = 0, Complete = true, Reason = sample.Why })],
            Simulated = desk.Simulated ? true : null,
        };
    }

    // A judge who is shown rubrics is shown it as one; others read it before the conversation.
    private (string? Principle, Rubric? Rubric) Principle(string? principle) =>
        desk.ShowsRubric && !string.IsNullOrWhiteSpace(principle) ? (null, Rubric.Of(principle)) : (principle, null);

    // One that can't be read has no reward, and the others theirs: a training step goes on. Where none can be read, the request is wrong.
    private static async Task<Sample[]> SamplesAsync(int count, Func<int, Task<RewardAnswer>> judge)
    {
        Sample[] samples = await Task.WhenAll(Enumerable.Range(0, count).Select(async i =>
        {
            try
            {
                return new Sample(await judge(i), null);
            }
            catch (JsonException exception)
            {
                return new Sample(null, ContractJson.Words(exception));
            }
            catch (ProblemsException exception)
            {
                return new Sample(null, exception.Message);
            }
        }));
        return count == 0 || Array.Exists(samples, static sample => sample.Answer is not null) ? samples : throw new JsonException(samples[0].Why);
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
            Rewards = answer.Scaled is { } rewards ? [.. answer.Index.Select(index => rewards[index])] : null,
            Best = ranking?[0],
            Ranking = ranking,
            Confidence = verdict.Confidence,
            Judgements = verdict.Votes.Kept,
            Criteria = GradesOf(answer),
            Members = answer.Members is { } members ? [.. members.Select(member => member with { Rewards = member.Rewards is { } own ? [.. answer.Index.Select(index => own[index])] : null })] : null,
            Complete = answer.Complete,
            Group = answer.Group,
            Whole = answer.Whole,
            Reason = verdict.Reason,
        };
    }

    /// <summary>The grades of the responses asked about, in their order; null where nobody graded criteria.</summary>
    internal static IReadOnlyList<CriterionGrades>? GradesOf(RewardAnswer answer) =>
        answer.Verdict.Criteria is { } criteria ? [.. criteria.Select(criterion => criterion with { Grades = [.. answer.Index.Select(index => criterion.Grades[index])] })] : null;

    internal RewardQuestion Question(IReadOnlyList<Message> prompt, IReadOnlyList<Response> responses, string? reference)
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

    private RewardQuestion OpenRlhfQuestion(OpenRlhfRequest request, int i)
    {
        JsonElement prompt = request.Prompts is { } prompts ? prompts[i] : default;
        string text = prompt.ValueKind == JsonValueKind.String ? prompt.GetString()! : "";
        IReadOnlyList<Message> turns = prompt.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null
            ? throw new JsonException("'prompts' is missing: without the prompt nothing can be judged")
            : TrainerText.Prompt(prompt);
        return KnownOf.Label(request.Labels?[i]).Of(Question(turns, [new Response(TrainerText.Response(request.Query![i] ?? throw new JsonException("a query is null"), text))], reference: null)) with { Scale = request.Scale, Tournament = OwnForm.Schedule(request.Tournament) };
    }

    private static int? Positive(int? size) => size is null or > 0 ? size : throw new JsonException("a group's size is 1 or more");

    private HttpAnswer Ok<T>(T value, JsonTypeInfo<T> type, bool complete) => Answers.Ok(value, type, complete, desk.Simulated);

    private readonly record struct Sample(RewardAnswer? Answer, string? Why);
}
