using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Queues;

/// <summary>What triggers write into the run catalog.</summary>
public static class RunRecords
{
    /// <summary>
    /// Reads a message. What it leaves unsaid comes from the configuration or, where its run is known, from what that was
    /// asked for: a message that comes back under another configuration still asks for the same.
    /// </summary>
    /// <exception cref="MessageRefusedException">It can't be understood, or asks for what is not allowed.</exception>
    public static async Task<EvaluationRequest> ReadAsync(this IRunCatalog catalog, string message, RequestDefaults defaults, CancellationToken cancellationToken)
    {
        EvaluationRequest request = EvaluationMessage.Parse(message, defaults);
        RunRecord? known = await catalog.GetAsync(request.Output!, cancellationToken);
        return known?.Request is { } before ? EvaluationMessage.Parse(message, RequestDefaults.Of(before)) : request;
    }

    /// <summary>Notes that a run is asked for; asking again leaves its record as it is. Limits may differ.</summary>
    /// <param name="catalog">The runs.</param>
    /// <param name="runId">The run.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="anew">Whether a run that ended before its batch was read leaves its name to another request.</param>
    /// <returns>The record as it is now.</returns>
    /// <exception cref="MessageRefusedException">The name is that of a run of another request.</exception>
    public static async Task<RunRecord> AskAsync(
        this IRunCatalog catalog, string runId, EvaluationRequest request, TimeProvider time, CancellationToken cancellationToken, bool anew = false)
    {
        DateTimeOffset now = time.GetUtcNow();
        RunRecord fresh = new() { RunId = runId, State = RunState.Queued, Request = request, Created = now, Updated = now };
        if (await catalog.TryAddAsync(fresh, cancellationToken) || await catalog.GetAsync(runId, cancellationToken) is not { } known)
        {
            return fresh;
        }

        bool free = anew && known is { State: RunState.Failed or RunState.Cancelled, Progress: null or { Shards: 0 } };
        return !free && DifferenceOf(known.Request, request) is { } difference
            ? throw new MessageRefusedException([new Problem("output", $"the name '{runId}' belongs to another request ({difference}); choose another name")]) { IsTaken = true }
            : known;
    }

    /// <summary>Notes that a message was refused, so that <c>tribunal runs</c> shows it.</summary>
    public static Task RefuseAsync(this IRunCatalog catalog, string messageId, string reason, TimeProvider time, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return catalog.TryAddAsync(new RunRecord { RunId = $"refused-{messageId}", State = RunState.Refused, Reason = reason, Created = now, Updated = now }, cancellationToken);
    }

    // The first field that differs, with both values; null where the requests are one.
    private static string? DifferenceOf(EvaluationRequest? before, EvaluationRequest now)
    {
        if (before is null)
        {
            return "it was refused";
        }

        JsonObject mine = Fields(before);
        JsonObject theirs = Fields(now);
        return Paths(mine, theirs, "").FirstOrDefault();
    }

    private static IEnumerable<string> Paths(JsonObject before, JsonObject now, string prefix)
    {
        foreach (string name in before.Select(static field => field.Key).Union(now.Select(static field => field.Key), StringComparer.Ordinal))
        {
            if (before[name] is JsonObject mine && now[name] is JsonObject theirs)
            {
                foreach (string inner in Paths(mine, theirs, $"{prefix}{name}."))
                {
                    yield return inner;
                }
            }
            else if (!JsonNode.DeepEquals(before[name], now[name]))
            {
                yield return $"{prefix}{name} {Word(before[name])}, now {Word(now[name])}";
            }
        }
    }

    private static JsonObject Fields(EvaluationRequest request) =>
        JsonSerializer.SerializeToNode(request with { Limits = new SpendLimits(), Output = null }, AzureJson.Default.EvaluationRequest)!.AsObject();

    private static string Word(JsonNode? value) => value is JsonObject or JsonArray ? "another one" : value?.ToString() ?? "none";
}
