using System.Text.Json;
using Azure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Tribunal.Azure;
using Tribunal.Azure.Storage;

namespace Tribunal.Functions.Triggers;

/// <summary>
/// A way in for batches of people who have no role on the storage account, or whom its firewall keeps out. Every call needs a
/// function key, and a sign-in where the deployment asks for one.
/// </summary>
public sealed class UploadTriggers(SubmittedBatches batches)
{
    private const string Route = "uploads/{sha256}/{name}";

    /// <summary>Leave to put one batch into storage: a signature of that blob, for minutes. A batch that is there already needs none.</summary>
    [Function(nameof(GrantUpload))]
    public Task<IActionResult> GrantUpload(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = Route)] HttpRequest request, string sha256, string name, CancellationToken cancellationToken) =>
        AnswerAsync(async () => await batches.GrantAsync(name, sha256, cancellationToken));

    /// <summary>Takes a batch as the body, and puts it into storage: where the caller can't reach the account.</summary>
    [Function(nameof(TakeUpload))]
    public Task<IActionResult> TakeUpload(
        [HttpTrigger(AuthorizationLevel.Function, "put", Route = Route)] HttpRequest request, string sha256, string name, CancellationToken cancellationToken)
    {
        RequestBody.Allow(request, SubmittedBatches.MaxBody + 1);
        return AnswerAsync(async () => new UploadGrant(await batches.TakeAsync(name, sha256, request.Body, cancellationToken), null, default));
    }

    private static async Task<IActionResult> AnswerAsync(Func<Task<UploadGrant>> work)
    {
        try
        {
            return new ContentResult
            {
                StatusCode = StatusCodes.Status200OK,
                ContentType = "application/json",
                Content = JsonSerializer.Serialize(await work(), AzureJson.Default.UploadGrant),
            };
        }
        catch (ProblemsException problems)
        {
            return new BadRequestObjectResult(new { error = problems.Message });
        }
        catch (RequestFailedException refusal) when (refusal.Status is 401 or 403)
        {
            return new ObjectResult(new { error = $"storage refuses the function app: {refusal.ErrorCode ?? "forbidden"}" }) { StatusCode = StatusCodes.Status502BadGateway };
        }
    }
}
