using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Judgements;
using Tribunal.RewardServer.Judging;
using Tribunal.Tournaments;

namespace Tribunal.RewardServer.Trainers;

/// <summary>OpenRLHF's request (its <c>openrlhf/utils/agent.py</c>).</summary>
/// <param name="Query">Prompt and response as one decoded text, special tokens included.</param>
/// <param name="Prompts">The prompt of each query.</param>
/// <param name="Labels">What the dataset knows of each; a text is shown to the judge as the reference answer, an object may hold one and a rubric.</param>
/// <param name="GroupIds">A group's name for each query, where the client knows; OpenRLHF's own client sends none.</param>
/// <param name="GroupSize">Responses in each of those groups.</param>
/// <param name="Scale">How the rewards are said; null as the server's options say.</param>
/// <param name="Tournament">Who meets whom where a pair judge compares more than two; null as the server's options say.</param>
internal sealed record OpenRlhfRequest(
    IReadOnlyList<string?>? Query, IReadOnlyList<JsonElement>? Prompts, IReadOnlyList<JsonElement>? Labels,
    [property: JsonPropertyName("group_ids")] IReadOnlyList<string?>? GroupIds = null, [property: JsonPropertyName("group_size")] int? GroupSize = null,
    RewardScale? Scale = null, JsonElement? Tournament = null);

/// <summary>OpenRLHF's answer.</summary>
internal sealed record OpenRlhfAnswer
{
    /// <summary>A reward per query; null as a whole where none has one, which its client takes as no reward.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required IReadOnlyList<double?>? Rewards { get; init; }

    /// <summary>The same, for its dynamic filtering.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required IReadOnlyList<double?>? Scores { get; init; }

    /// <summary>Numbers per query for its logs.</summary>
    [JsonPropertyName("extra_logs")]
    public required IReadOnlyDictionary<string, IReadOnlyList<double>> ExtraLogs { get; init; }
}

/// <summary>slime's request (its <c>slime/rollout/rm_hub</c>); the whole answer is the reward.</summary>
/// <param name="Prompt">A text or turns.</param>
/// <param name="Response">The response.</param>
/// <param name="Label">What the dataset knows; a text is shown to the judge as the reference answer, an object may hold one and a rubric.</param>
/// <param name="GroupId">The group's name, where the client knows it.</param>
/// <param name="GroupSize">Responses in the group.</param>
/// <param name="Scale">How the reward is said; null as the server's options say.</param>
/// <param name="Tournament">Who meets whom where a pair judge compares more than two; null as the server's options say.</param>
internal sealed record SlimeRequest(
    JsonElement Prompt, string? Response, JsonElement? Label,
    [property: JsonPropertyName("group_id")] string? GroupId = null, [property: JsonPropertyName("group_size")] int? GroupSize = null,
    RewardScale? Scale = null, JsonElement? Tournament = null);

/// <summary>NeMo Gym's request to <c>/compare</c> (its <c>resources_servers/genrm_compare</c>).</summary>
internal sealed record GymRequest
{
    /// <summary>The turns before the responses.</summary>
    [JsonPropertyName("conversation_history")]
    public IReadOnlyList<JsonElement>? ConversationHistory { get; init; }

    /// <summary>Objects of the Responses API.</summary>
    [JsonPropertyName("response_objs")]
    public IReadOnlyList<JsonElement>? ResponseObjs { get; init; }

    /// <summary>What to judge by, if anything in particular.</summary>
    public string? Principle { get; init; }
}

/// <summary>NeMo Gym's answer.</summary>
internal sealed record GymAnswer
{
    /// <summary>A reward per response on Gym's scale, 1 to 5; 3, its neutral score, where there is none.</summary>
    public required IReadOnlyList<double> Rewards { get; init; }

    /// <summary>Each pair by the rewards of its two.</summary>
    [JsonPropertyName("comparison_results")]
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required IReadOnlyList<GymComparison>? ComparisonResults { get; init; }

    /// <summary>Figures for its logs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required IReadOnlyDictionary<string, double>? Metrics { get; init; }
}

/// <summary>One pair in <see cref="GymAnswer"/>.</summary>
internal sealed record GymComparison
{
    /// <summary>The one.</summary>
    [JsonPropertyName("response_i")]
    public required int ResponseI { get; init; }

    /// <summary>The other.</summary>
    [JsonPropertyName("response_j")]
    public required int ResponseJ { get; init; }

    /// <summary>Always 0: the vote stands for all judgements.</summary>
    [JsonPropertyName("judge_idx")]
    public int JudgeIdx { get; init; }

    /// <summary>The one's score, 1 to 5.</summary>
    [JsonPropertyName("score_1")]
    public required double Score1 { get; init; }

    /// <summary>The other's score, 1 to 5.</summary>
    [JsonPropertyName("score_2")]
    public required double Score2 { get; init; }

    /// <summary>1 the one is much better, 6 the other is, 3.5 neither.</summary>
    public required double Ranking { get; init; }
}

/// <summary>NeMo Gym's request to <c>/verify</c>: one rollout of a cohort.</summary>
internal sealed record GymVerifyRequest
{
    /// <summary>What the policy was asked: <c>input</c> is a text or turns.</summary>
    [JsonPropertyName("responses_create_params")]
    public JsonElement CreateParams { get; init; }

    /// <summary>What it said, as the Responses API gives it.</summary>
    public JsonElement Response { get; init; }

    /// <summary>What to judge by, if anything in particular.</summary>
    public string? Principle { get; init; }

    /// <summary>The task's number, which Gym sends with every rollout of it.</summary>
    [JsonPropertyName("_ng_task_index")]
    public long? TaskIndex { get; init; }

    /// <summary>A lasting name of the prompt.</summary>
    [JsonPropertyName("prompt_id")]
    public string? PromptId { get; init; }
}

/// <summary>NeMo Gym's answer to <c>/verify</c>.</summary>
internal sealed record GymVerifyAnswer
{
    /// <summary>As asked.</summary>
    [JsonPropertyName("responses_create_params")]
    public required JsonElement CreateParams { get; init; }

    /// <summary>As asked.</summary>
    public required JsonElement Response { get; init; }

    /// <summary>The reward on Gym's scale, 1 to 5; 3, its neutral score, where there is none.</summary>
    public required double Reward { get; init; }

    /// <summary>Whether there is a reward; Gym takes no null.</summary>
    public required bool Scored { get; init; }

    /// <summary>Responses that were judged together.</summary>
    public required int Group { get; init; }

    /// <summary>False where the cohort was judged without all of its responses.</summary>
    public required bool Whole { get; init; }

    /// <summary>What each criterion of the rubric was graded; left out for other judges.</summary>
    public IReadOnlyList<CriterionGrades>? Criteria { get; init; }
}

/// <summary>Our own request: <c>{"rollouts":[…]}</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RewardsRequest
{
    /// <summary>
    /// Rollouts in the project's form (prompt, responses, reference, rubric); an id is optional and comes back. One that holds a part of a group only
    /// says which: <c>"group":{"id","size"}</c>.
    /// </summary>
    public required IReadOnlyList<JsonElement> Rollouts { get; init; }

    /// <summary>When to answer with the votes there are, in seconds above 0; at most the server's own limit, which is the default.</summary>
    public double? TimeoutSeconds { get; init; }

    /// <summary>Answer at once with a job to ask for.</summary>
    public bool Async { get; init; }

    /// <summary>How the rewards are said: <c>unit</c>, <c>rrm</c>, <c>ranks</c> or <c>centred</c>; null as the server's options say.</summary>
    public RewardScale? Scale { get; init; }

    /// <summary>Who meets whom where a pair judge compares more than two: <c>{"kind":"random","opponents":4,"rating":"elo"}</c>; null as the server's options say.</summary>
    public JsonElement? Tournament { get; init; }
}

/// <summary>Our own answer.</summary>
internal sealed record RewardsAnswer
{
    /// <summary>One per rollout, in order.</summary>
    public required IReadOnlyList<RewardsResult> Results { get; init; }

    /// <summary>True where no model judged and the rewards mean nothing; left out otherwise.</summary>
    public bool? Simulated { get; init; }
}

/// <summary>What is said of one rollout.</summary>
internal sealed record RewardsResult
{
    /// <summary>The caller's id, or its number in the request.</summary>
    public required string Id { get; init; }

    /// <summary><c>scored</c> or <c>unscorable</c>.</summary>
    public required string Status { get; init; }

    /// <summary>A reward per response in [0, 1]; null where there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required IReadOnlyList<double>? Rewards { get; init; }

    /// <summary>Index of the best response.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? Best { get; init; }

    /// <summary>Indexes from best to worst.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<int>? Ranking { get; init; }

    /// <summary>Probability that the best leads its closest rival.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? Confidence { get; init; }

    /// <summary>Judgements that the verdict rests on.</summary>
    public required int Judgements { get; init; }

    /// <summary>What each criterion of the rubric was graded: a grade per response, in [0, 1]; left out for other judges.</summary>
    public IReadOnlyList<CriterionGrades>? Criteria { get; init; }

    /// <summary>What each member of a panel says by itself; left out for one judge.</summary>
    public IReadOnlyList<MemberVote>? Members { get; init; }

    /// <summary>False where the time limit came first; asking again finds what was drawn meanwhile.</summary>
    public required bool Complete { get; init; }

    /// <summary>Responses that were judged together.</summary>
    public int Group { get; init; }

    /// <summary>False where a group of a known size was judged without all of its responses.</summary>
    public bool Whole { get; init; } = true;

    /// <summary>Why there are no rewards.</summary>
    public string? Reason { get; init; }
}

/// <summary>A job.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Status"><c>running</c>, <c>done</c> or <c>failed</c>.</param>
/// <param name="Answer">The rewards, once it is done.</param>
/// <param name="Detail">Why it failed.</param>
internal sealed record RewardJob(string Id, string Status, RewardsAnswer? Answer = null, string? Detail = null);

/// <summary>What is wrong with a request.</summary>
/// <param name="Title">In a word.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">In a sentence.</param>
internal sealed record Problem(string Title, int Status, string Detail);

/// <summary>Source-generated JSON of the trainers' forms.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(OpenRlhfRequest))]
[JsonSerializable(typeof(OpenRlhfAnswer))]
[JsonSerializable(typeof(SlimeRequest))]
[JsonSerializable(typeof(GymRequest))]
[JsonSerializable(typeof(GymAnswer))]
[JsonSerializable(typeof(GymVerifyRequest))]
[JsonSerializable(typeof(GymVerifyAnswer))]
[JsonSerializable(typeof(GymMetricsRequest))]
[JsonSerializable(typeof(GymMetricsAnswer))]
[JsonSerializable(typeof(RollTask))]
[JsonSerializable(typeof(RollAccepted))]
[JsonSerializable(typeof(RollPoll))]
[JsonSerializable(typeof(RollResult))]
[JsonSerializable(typeof(ChatRequest))]
[JsonSerializable(typeof(ChatCompletion))]
[JsonSerializable(typeof(ChatChunk))]
[JsonSerializable(typeof(System.Text.Json.Nodes.JsonObject))]
[JsonSerializable(typeof(ChatModels))]
[JsonSerializable(typeof(GroupField))]
[JsonSerializable(typeof(RewardsRequest))]
[JsonSerializable(typeof(RewardsAnswer))]
[JsonSerializable(typeof(RewardJob))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(double?))]
[JsonSerializable(typeof(RewardScale?))]
[JsonSerializable(typeof(TournamentOptions))]
[JsonSerializable(typeof(RewardHealth))]
internal sealed partial class TrainerJson : JsonSerializerContext;
