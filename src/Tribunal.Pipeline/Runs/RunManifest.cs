using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Judging;
using Tribunal.MetaReward;
using Tribunal.Pipeline.Orchestration;
using Tribunal.Pipeline.Storage;
using Tribunal.Sampling;
using Tribunal.Tournaments;

namespace Tribunal.Pipeline.Runs;

/// <summary>What a run is: <c>manifest.json</c>, written once by the plan. A run is resumed only when it agrees.</summary>
public sealed record RunManifest
{
    /// <summary>Version of the run folder's form.</summary>
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

    /// <summary>Whether rewards come from the simulated judge.</summary>
    public bool Simulated { get; init; }

    /// <summary>Rollouts to judge.</summary>
    public long Rollouts { get; init; }

    /// <summary>Lines refused into <c>invalid.jsonl</c>.</summary>
    public long Invalid { get; init; }

    /// <summary>Shards cut.</summary>
    public int Shards { get; init; }

    /// <summary>When it was planned.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>
    /// Why a run with this manifest must not be continued with another's request; null when it may. Limits may change, and
    /// so may the time.
    /// </summary>
    public string? WhyNotResumable(RunManifest other)
    {
        if (Batch != other.Batch)
        {
            return Request.Batch != other.Request.Batch ? $"the run scores another batch ({Request.Batch}, now {other.Request.Batch})"
                : Batch.Length != other.Batch.Length ? $"the batch has changed since the run began ({Batch.Length:N0} bytes, now {other.Batch.Length:N0})"
                : "the batch was written again since the run began";
        }

        (string Name, object? Mine, object? Theirs)[] fields =
        [
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
            ("tournament", Request.Tournament, other.Request.Tournament),
            ("rule", Request.Rule, other.Request.Rule),
            ("panel", Request.Panel, other.Request.Panel),
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
    }

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

    private static JsonObject? Fields(object? value) => value switch
    {
        PolicyOptions policy => JsonSerializer.SerializeToNode(policy, PipelineJson.Default.PolicyOptions) as JsonObject,
        MetaOptions meta => JsonSerializer.SerializeToNode(meta, PipelineJson.Default.MetaOptions) as JsonObject,
        TournamentOptions tournament => JsonSerializer.SerializeToNode(tournament, PipelineJson.Default.TournamentOptions) as JsonObject,
        _ => null,
    };

    private static string Word(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) is { Length: > 0 } word ? word : "none";
}

/// <summary>What judges the rollouts of a route.</summary>
/// <param name="Name">The route's name.</param>
/// <param name="Judge">Judge's name.</param>
/// <param name="Model">Judge's model.</param>
/// <param name="Protocol">Protocol, resolved.</param>
/// <param name="Prompt">The prompt's fingerprint.</param>
/// <param name="Sampling">Sampling parameters.</param>
public sealed record RouteManifest(string Name, string Judge, string Model, string Protocol, string Prompt, SamplingDefaults Sampling);

/// <summary>A slice of the batch: a line of <c>shards.jsonl</c>.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes.</param>
/// <param name="FirstLine">Number of its first line, from 1.</param>
/// <param name="Rollouts">Valid rollouts in it.</param>
/// <param name="Skip">Line numbers in it that are invalid.</param>
public sealed record Shard(int Index, long Offset, long Length, long FirstLine, int Rollouts, IReadOnlyList<long>? Skip = null);

/// <summary>A line of <c>invalid.jsonl</c>.</summary>
/// <param name="Line">Line or record number in the batch, from 1.</param>
/// <param name="Reason">Why it was refused.</param>
/// <param name="Id">Its id, where it could be read.</param>
public sealed record InvalidLine(long Line, string Reason, string? Id = null);

/// <summary>Names of what a run folder holds.</summary>
public static class RunFiles
{
    /// <summary>What the run is.</summary>
    public const string Manifest = "manifest.json";

    /// <summary>The shards.</summary>
    public const string Shards = "shards.jsonl";

    /// <summary>The batch in ranges, where the original can't be read so.</summary>
    public const string Batch = "batch.jsonl";

    /// <summary>Refused lines.</summary>
    public const string Invalid = "invalid.jsonl";

    /// <summary>The ledger.</summary>
    public const string Judgements = "judgements.jsonl";

    /// <summary>The verdicts.</summary>
    public const string Verdicts = "verdicts.jsonl";

    /// <summary>The summary; written last: its status says whether the run is complete.</summary>
    public const string Summary = "summary.json";

    /// <summary>The report.</summary>
    public const string Report = "report.html";

    /// <summary>Everything below it is work in progress and goes when the run is published.</summary>
    public const string PartsPrefix = "parts/";

    /// <summary>The prefix of a shard's parts.</summary>
    public static string ShardPrefix(int shard) => $"{PartsPrefix}{shard:D6}/";

    /// <summary>The draws planned for a round of a wave.</summary>
    public static string Plan(int shard, int wave, int round) => $"{ShardPrefix(shard)}plan-{wave:D2}-{round:D3}.jsonl";

    /// <summary>The ledger part of a chunk of a round.</summary>
    public static string Part(int shard, int wave, int round, int chunk) => $"{ShardPrefix(shard)}ledger-{wave:D2}-{round:D3}-{chunk:D4}.jsonl";

    /// <summary>The ledger part with what a run that was opened again keeps of a shard.</summary>
    public static string Kept(int shard) => $"{ShardPrefix(shard)}ledger-kept.jsonl";

    /// <summary>A shard's verdicts.</summary>
    public static string ShardVerdicts(int shard) => $"{ShardPrefix(shard)}verdicts.jsonl";

    /// <summary>A shard's share of the summary.</summary>
    public static string ShardSummary(int shard) => $"{ShardPrefix(shard)}summary.json";

    /// <summary>How many judgements each of a shard's rollouts may have in a wave of the budget policy.</summary>
    public static string Allowances(int shard, int wave) => $"{ShardPrefix(shard)}allowances-{wave:D2}.json";

    /// <summary>Whether a name below a shard's prefix is a ledger part.</summary>
    public static bool IsLedgerPart(string name) =>
        name.StartsWith(PartsPrefix, StringComparison.Ordinal) && name.Contains("/ledger-", StringComparison.Ordinal);
}
