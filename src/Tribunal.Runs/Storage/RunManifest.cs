using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Tribunal.Formats.Batches;
using Tribunal.JudgeModels;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Runs.Storage;

/// <summary>What a run is: <c>manifest.json</c>, written once by the plan. A run is resumed only when it agrees.</summary>
public sealed record RunManifest
{
    /// <summary>The version of the run folder's form that this tool writes and goes on with.</summary>
    public const int CurrentVersion = 2;

    /// <summary>Version of the run folder's form: 1 where it says none.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The run.</summary>
    public required string RunId { get; init; }

    /// <summary>What was asked for, defaults filled in.</summary>
    public required EvaluationRequest Request { get; init; }

    /// <summary>The batch's identity.</summary>
    public required BatchFingerprint Batch { get; init; }

    /// <summary>Whether shards read <c>batch.jsonl</c> in the run, because the batch itself can't be read by ranges.</summary>
    public bool Normalised { get; init; }

    /// <summary>Judge's name.</summary>
    public required string Judge { get; init; }

    /// <summary>Judge's model.</summary>
    public required string Model { get; init; }

    /// <summary>Protocol, resolved.</summary>
    public required string Protocol { get; init; }

    /// <summary>
    /// The fingerprint of the prompt (<see cref="PromptFingerprint"/>): another template is another run, and training data
    /// repeats the prompts of this one. Null in runs of older versions.
    /// </summary>
    public string? Prompt { get; init; }

    /// <summary>Sampling parameters.</summary>
    public required SamplingDefaults Sampling { get; init; }

    /// <summary>What judges each line of the request's routing table; null without one.</summary>
    public IReadOnlyList<RouteManifest>? Routes { get; init; }

    /// <summary>The members of the panel that judges, in the order of their turns; null for one judge.</summary>
    public IReadOnlyList<RouteManifest>? Members { get; init; }

    /// <summary>How judgements of its members are put on one footing.</summary>
    [JsonIgnore]
    public MemberVotes Footing => Members is not { } members ? MemberVotes.Apart
        : members.Select(static member => member.Protocol).Distinct(StringComparer.Ordinal).Count() == 1 ? MemberVotes.Scores : MemberVotes.Comparisons;

    /// <summary>SHA-256 of the protocol files that the request names, by their paths; null where it names none. The run keeps their texts.</summary>
    public IReadOnlyDictionary<string, string>? ProtocolFiles { get; init; }

    /// <summary>The meta protocol's name and the SHA-256 of its file, which the run keeps; null where none is asked for.</summary>
    public string? MetaProtocol { get; init; }

    /// <summary>The SHA-256 of each file that the run keeps: protocols, rubrics, the meta protocol.</summary>
    [JsonIgnore]
    public IEnumerable<string> KeptFiles => [.. ProtocolFiles?.Values ?? [], .. MetaProtocol is { } meta ? [meta[(meta.LastIndexOf(' ') + 1)..]] : Array.Empty<string>()];

    /// <summary>Whether rewards come from the simulated judge.</summary>
    public bool Simulated { get; init; }

    /// <summary>Where the judgements come from that no scoring drew; null for a batch that was scored.</summary>
    public RunOrigin? Origin { get; init; }

    /// <summary>Rollouts to judge.</summary>
    public long Rollouts { get; init; }

    /// <summary>Lines refused into <c>invalid.jsonl</c>.</summary>
    public long Invalid { get; init; }

    /// <summary>Rollouts of one response whose prompt an earlier one has: they are judged each alone.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Repeats { get; init; }

    /// <summary>Shards cut.</summary>
    public int Shards { get; init; }

    /// <summary>About how many judgements each shard was cut to hold: a plan that is made again is cut alike.</summary>
    public int DrawsPerShard { get; init; }

    /// <summary>When it was planned.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>How often it was extended, the first time first; null for never.</summary>
    public IReadOnlyList<RunExtension>? Extensions { get; init; }

    /// <summary>SHA-256 of the files that the plan wrote and, once it is published, of those that hold its results: what a run is checked by before it goes on or is called done.</summary>
    public IReadOnlyDictionary<string, string> Files { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>SHA-256 of all that stands before it.</summary>
    [JsonPropertyOrder(int.MaxValue)]
    public string? Digest { get; init; }

    /// <summary>
    /// Why a run with this manifest must not be continued with another's request; null when it may. Limits may change, and
    /// so may the time.
    /// </summary>
    public string? WhyNotResumable(RunManifest other)
    {
        if (Version != other.Version)
        {
            return $"the run folder has the form {Version}, of another version of the tool, and this one goes on with the form {other.Version}";
        }

        if (Origin != other.Origin)
        {
            return $"its judgements were {(Origin ?? other.Origin)?.ToString().ToLowerInvariant()}, and none are drawn into it";
        }

        if (Batch != other.Batch)
        {
            return Request.Batch != other.Request.Batch ? $"the run scores another batch ({Request.Batch}, now {other.Request.Batch})"
                : Batch.Length != other.Batch.Length ? $"the batch has changed since the run began ({Batch.Length:N0} bytes, now {other.Batch.Length:N0})"
                : "the batch was written again since the run began";
        }

        (string Name, object? Mine, object? Theirs)[] fields =
        [
            ("reading of the batch's fields", Request.Fields, other.Request.Fields),
            ("showing of trajectories", Request.Trajectories, other.Request.Trajectories),
            ("selection of rollouts", Request.Selection, other.Request.Selection),
            ("protocol or rubric file", Files(this), Files(other)),
            ("members of the panel", string.Join(", ", Members ?? []), string.Join(", ", other.Members ?? [])),
            ("weighing of the panel", Weighing(Request.Judges), Weighing(other.Request.Judges)),
            ("judge", Judge, other.Judge),
            ("model", Model, other.Model),
            ("protocol", Protocol, other.Protocol),
            ("temperature", Sampling.Temperature, other.Sampling.Temperature),
            ("top-p", Sampling.TopP, other.Sampling.TopP),
            ("output budget", Sampling.MaxTokens, other.Sampling.MaxTokens),
            ("thinking budget", Sampling.ThinkingTokens, other.Sampling.ThinkingTokens),
            ("sampling", Sampling, other.Sampling),
            ("policy", Request.Policy, other.Request.Policy),
            ("meta", Request.Meta, other.Request.Meta),
            ("meta protocol", MetaProtocol, other.MetaProtocol),
            ("tournament", Request.Tournament, other.Request.Tournament),
            ("rule", Request.Rule, other.Request.Rule),
            ("panel", Request.Panel, other.Request.Panel),
            ("prior", NameOf(Request.Prior), NameOf(other.Request.Prior)),
            ("calibration", NameOf(Request.Calibration), NameOf(other.Request.Calibration)),
            ("hint", Request.Hint, other.Request.Hint),
            ("seed", Request.Seed, other.Request.Seed),
            ("routing table", Request.Routing, other.Request.Routing),
            ("judges of the routes", string.Join(", ", Routes ?? []), string.Join(", ", other.Routes ?? [])),
            ("prompt", Prompt ?? other.Prompt, other.Prompt ?? Prompt),
        ];
        foreach ((string name, object? mine, object? theirs) in fields)
        {
            if (!Equals(mine, theirs))
            {
                return $"the run was started with another {name} ({Difference(mine, theirs)})";
            }
        }

        return null;

        static string Weighing(JudgePanel? panel) => panel is null ? "" : $"{panel.Weights} {string.Join(' ', panel.Members.Select(static member => member.Weight.ToString(CultureInfo.InvariantCulture)))}";

        static string Files(RunManifest of) => string.Join(", ", of.ProtocolFiles?.Select(static file => $"{file.Key} {file.Value[..12]}") ?? []);
    }

    /// <summary>SHA-256 of the prior that the run was given; null for none.</summary>
    public string? PriorSha256 => NameOf(Request.Prior);

    /// <summary>SHA-256 of the calibration that the run was given; null for none.</summary>
    public string? CalibrationSha256 => NameOf(Request.Calibration);

    private static string? NameOf<T>(T? value)
        where T : class => value is null ? null : StoredDocument.Sha256(JsonSerializer.SerializeToUtf8Bytes(value, typeof(T), TribunalJson.Default));

    /// <summary>Whether another's request asks for what this run has and for more judgements of it, and for nothing else.</summary>
    public bool IsExtendedBy(RunManifest other) =>
        Request.IsExtendedBy(other.Request) && (this with { Request = Request with { Policy = other.Request.Policy } }).WhyNotResumable(other) is null;

    // Both values; of records their JSON's fields that differ.
    private static string Difference(object? mine, object? theirs)
    {
        if (Fields(mine) is not { } before || Fields(theirs) is not { } after)
        {
            return $"{Word(mine)}, now {Word(theirs)}";
        }

        IEnumerable<string> names = before.Select(static field => field.Key).Union(after.Select(static field => field.Key), StringComparer.Ordinal);
        return string.Join("; ", names.Where(name => !JsonNode.DeepEquals(before[name], after[name])).Select(name => $"{name} {Word(before[name]?.ToJsonString())}, now {Word(after[name]?.ToJsonString())}"));
    }

    private static JsonObject? Fields(object? value) => value is PolicyOptions or MetaOptions or BatchFields or TournamentOptions
        ? JsonSerializer.SerializeToNode(value, value.GetType(), RunsJson.Default) as JsonObject
        : null;

    private static string Word(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } word ? word : "none";
}

/// <summary>More judgements were asked for than before.</summary>
/// <param name="At">When.</param>
/// <param name="Before">Samples of each rollout or match until then.</param>
public sealed record RunExtension(DateTimeOffset At, int Before);
