using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure;
using Tribunal.Azure.Queues;
using Tribunal.Functions.Durable;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Triggers;

/// <summary>Runs over HTTP: start, status, cancel, results. Every call needs a function key.</summary>
public sealed class HttpTriggers(IRunCatalog catalog, IRunStores stores, RequestDefaults defaults, IConfiguration configuration, TimeProvider time)
{
    private const string Route = "evaluations";
    private const int MaxBody = 64 * 1024;
    private static readonly string[] Files = [RunFiles.Verdicts, RunFiles.Summary, RunFiles.Judgements, RunFiles.Invalid, RunFiles.Manifest, RunFiles.Report, RunFiles.PanelWeights];

    /// <summary>Starts a run: the body is an evaluation request, as on the queue.</summary>
    [Function(nameof(StartEvaluation))]
    public async Task<IActionResult> StartEvaluation(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Route)] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (await RequestBody.ReadAsync(request, MaxBody, cancellationToken) is not { } body)
        {
            return new ObjectResult(new { error = $"a request holds at most {MaxBody} bytes" }) { StatusCode = StatusCodes.Status413PayloadTooLarge };
        }

        try
        {
            EvaluationRequest evaluation = await catalog.ReadAsync(Encoding.UTF8.GetString(body.Span), defaults, cancellationToken);
            RunRecord record = await RunStarter.StartAsync(client, catalog, configuration, evaluation, time, cancellationToken, anew: true);
            return Accepted(record);
        }
        catch (MessageRefusedException refusal)
        {
            return refusal.IsTaken ? new ConflictObjectResult(new { error = refusal.Message }) : new BadRequestObjectResult(new { error = refusal.Message });
        }
    }

    /// <summary>Where a run stands.</summary>
    [Function(nameof(EvaluationStatus))]
    public async Task<IActionResult> EvaluationStatus(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = Route + "/{runId}")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string runId,
        CancellationToken cancellationToken) =>
        await FindAsync(client, runId, cancellationToken) is { } record ? new RunAnswer(StatusCodes.Status200OK, record.Told(time.GetUtcNow())) : new NotFoundResult();

    /// <summary>Asks a run to end; what is in flight ends first. 409 with its record when it is over.</summary>
    [Function(nameof(CancelEvaluation))]
    public async Task<IActionResult> CancelEvaluation(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Route + "/{runId}/cancel")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        string runId,
        CancellationToken cancellationToken)
    {
        if (await FindAsync(client, runId, cancellationToken) is null
            || await catalog.UpdateAsync(runId, now => now.IsOver ? null : now with { CancelRequested = true, Updated = time.GetUtcNow() }, cancellationToken) is not { } record)
        {
            return new NotFoundResult();
        }

        return record.IsOver ? new RunAnswer(StatusCodes.Status409Conflict, record) : Accepted(record);
    }

    /// <summary>A file of a run: <c>?file=verdicts.jsonl</c> (default), <c>summary.json</c>, ….</summary>
    [Function(nameof(EvaluationResults))]
    public async Task<IActionResult> EvaluationResults(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = Route + "/{runId}/results")] HttpRequest request, string runId, CancellationToken cancellationToken)
    {
        string file = request.Query["file"].FirstOrDefault() ?? RunFiles.Verdicts;
        if (!StoreNames.IsValidRunId(runId) || !(Files.Contains(file, StringComparer.Ordinal) || RunFiles.IsProtocol(file))
            || await stores.OpenRun(runId).OpenReadAsync(file, cancellationToken) is not { } content)
        {
            return new NotFoundResult();
        }

        // As a download: what rollouts hold is never shown as a page of this host.
        return new FileStreamResult(content, "application/octet-stream") { FileDownloadName = file };
    }

    private static RunAnswer Accepted(RunRecord record) => new(StatusCodes.Status202Accepted, record, $"/api/{Route}/{record.RunId}");

    private async Task<RunRecord?> FindAsync(DurableTaskClient client, string runId, CancellationToken cancellationToken) =>
        StoreNames.IsValidRunId(runId) && await catalog.GetAsync(runId, cancellationToken) is { } record
            ? await LostRuns.SettleAsync(client, catalog, record, time, cancellationToken)
            : null;
}
