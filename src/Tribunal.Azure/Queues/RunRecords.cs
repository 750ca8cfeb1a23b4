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
        return known?.Request is { } before ? EvaluationMessage.Parse(message, new RequestDefaults(before)) : request;
    }

    /// <summary>
    /// Notes that a run is asked for. A run that is under way stays as it is, whatever the limits; one that is over goes on
    /// where more is asked of it than it has: further judgements, its failed ones once more, higher limits. A message that comes
    /// twice asks for nothing more the second time.
    /// </summary>
    /// <param name="catalog">The runs.</param>
    /// <param name="runId">The run.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="anew">
    /// Whether somebody asks now, and no message that may have come before: a run that failed or was cancelled goes on then, and one
    /// that ended before anything was judged leaves its name to another request.
    /// </param>
    /// <returns>The record as it is now: to be worked on where it is queued.</returns>
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

        bool free = anew && known is { State: RunState.Failed or RunState.Cancelled, Progress: null or { Judgements: 0 } };
        if (!free && DifferenceOf(known, request) is { } difference)
        {
            throw new MessageRefusedException([new Problem("output", difference)]) { IsTaken = true };
        }

        // Only the record that was looked at: one that changed meanwhile is somebody else's to ask for.
        return MoreAsked(known, request, anew) is not { } why ? known : await catalog.UpdateAsync(
            runId,
            run => run.State == known.State && run.Updated == known.Updated
                ? run with { State = RunState.Queued, CancelRequested = false, Attempts = 0, Request = request, Reason = why, Updated = now }
                : null,
            cancellationToken) ?? known;
    }

    /// <summary>Notes that a message was refused, so that <c>tribunal runs</c> shows it.</summary>
    public static Task RefuseAsync(this IRunCatalog catalog, string messageId, string reason, TimeProvider time, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return catalog.TryAddAsync(new RunRecord { RunId = $"refused-{messageId}", State = RunState.Refused, Reason = reason, Created = now, Updated = now }, cancellationToken);
    }

    // What a request asks of a run that is over and was not asked of it before; null for nothing.
    private static string? MoreAsked(RunRecord known, EvaluationRequest request, bool anew) =>
        known is not { IsOver: true, Request: { } before } ? null
        : before.IsExtendedBy(request) ? "more judgements are asked for"
        : known.State == RunState.Done ? (request.RetryFailed && (anew || !before.RetryFailed) ? "failed judgements are asked for again" : null)
        : anew ? "resumed"
        : request.Limits.Tokens > before.Limits.Tokens || request.Limits.Cost > before.Limits.Cost ? "a higher limit"
        : null;

    // Why a request can't be that of a run's name; null where it can.
    private static string? DifferenceOf(RunRecord known, EvaluationRequest request)
    {
        if (known.Request is not { } before)
        {
            return $"the name '{known.RunId}' belongs to another request (it was refused); choose another name";
        }

        // A run that is under way is not changed.
        bool extends = known.IsOver && before.IsExtendedBy(request);
        if (Paths(Fields(extends ? before with { Policy = request.Policy } : before), Fields(request), "").FirstOrDefault() is not { } difference)
        {
            return null;
        }

        return request.IsExtendedBy(before) && !Paths(Fields(before with { Policy = request.Policy }), Fields(request), "").Any()
            ? $"the run '{known.RunId}' is one of {before.Policy.Samples} judgements each, and {request.Policy.Samples} are asked for: `tribunal vote` votes on the first {request.Policy.Samples}, and asks no judge"
            : $"the name '{known.RunId}' belongs to another request ({difference}); choose another name";
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
        JsonSerializer.SerializeToNode(request with { Limits = new SpendLimits(), Output = null, RetryFailed = false }, AzureJson.Default.EvaluationRequest)!.AsObject();

    private static string Word(JsonNode? value) => value is JsonObject or JsonArray ? "another one" : value?.ToString() ?? "none";
}
