using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Triggers;

/// <summary>Runs over HTTP: start, status, cancel, results. Every call needs a function key.</summary>
public sealed class HttpTriggers(IRunCatalog catalog, IRunStores stores, RequestDefaults defaults, IConfiguration configuration, TimeProvider time)
{
    private const string Route = "evaluations";
    private const int MaxBody = 64 * 1024;
    private static readonly string[] Files = [RunFiles.Verdicts, RunFiles.Summary, RunFiles.Judgements, RunFiles.Invalid, RunFiles.Manifest, RunFiles.Report];

    /// <summary>Starts a run: the body is an evaluation request, as on the queue.</summary>
    [Function(nameof(StartEvaluation))]
    public async Task<IActionResult> StartEvaluation(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Route)] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        using StreamReader reader = new(request.Body);
        char[] body = new char[MaxBody + 1];
        int length = await reader.ReadBlockAsync(body, cancellationToken);
        try
        {
            EvaluationRequest evaluation = await catalog.ReadAsync(new string(body, 0, length), defaults, cancellationToken);
            RunRecord record = await RunStarter.StartAsync(client, catalog, configuration, evaluation, time, cancellationToken);
            return new AcceptedResult($"/api/{Route}/{record.RunId}", record);
        }
        catch (MessageRefusedException refusal)
        {
            return refusal.IsTaken ? new ConflictObjectResult(new { error = refusal.Message }) : new BadRequestObjectResult(new { error = refusal.Message });
        }
    }

    /// <summary>Where a run stands.</summary>
    [Function(nameof(EvaluationStatus))]
    public async Task<IActionResult> EvaluationStatus(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = Route + "/{runId}")] HttpRequest request, string runId, CancellationToken cancellationToken) =>
        StoreNames.IsValidRunId(runId) && await catalog.GetAsync(runId, cancellationToken) is { } record
            ? new ContentResult { Content = JsonSerializer.Serialize(record, AzureJson.Default.RunRecord), ContentType = "application/json" }
            : new NotFoundResult();

    /// <summary>Asks a run to end; what is in flight ends first.</summary>
    [Function(nameof(CancelEvaluation))]
    public async Task<IActionResult> CancelEvaluation(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Route + "/{runId}/cancel")] HttpRequest request, string runId, CancellationToken cancellationToken) =>
        StoreNames.IsValidRunId(runId)
            && await catalog.UpdateAsync(runId, now => now.IsOver ? null : now with { CancelRequested = true, Updated = time.GetUtcNow() }, cancellationToken) is { } record
            ? new AcceptedResult($"/api/{Route}/{runId}", record)
            : new NotFoundResult();

    /// <summary>A file of a run: <c>?file=verdicts.jsonl</c> (default), <c>summary.json</c>, ….</summary>
    [Function(nameof(EvaluationResults))]
    public async Task<IActionResult> EvaluationResults(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = Route + "/{runId}/results")] HttpRequest request, string runId, CancellationToken cancellationToken)
    {
        string file = request.Query["file"].FirstOrDefault() ?? RunFiles.Verdicts;
        if (!StoreNames.IsValidRunId(runId) || !Files.Contains(file, StringComparer.Ordinal)
            || await stores.OpenRun(runId).OpenReadAsync(file, cancellationToken) is not { } content)
        {
            return new NotFoundResult();
        }

        // As a download: what rollouts hold is never shown as a page of this host.
        return new FileStreamResult(content, "application/octet-stream") { FileDownloadName = file };
    }
}
