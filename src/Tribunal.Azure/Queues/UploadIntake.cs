using Microsoft.Extensions.Logging;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Queues;

/// <summary>Turns finished uploads into evaluation messages, one per content however often it is told of.</summary>
public sealed partial class UploadIntake(
    StorageClients clients, IRunCatalog catalog, UploadLog log, RequestDefaults defaults, TimeProvider time, ILogger<UploadIntake> logger)
{
    /// <summary>Serves a message of the uploads queue.</summary>
    /// <exception cref="MessageRefusedException">It can't be understood.</exception>
    /// <exception cref="global::Azure.RequestFailedException">Storage is away; trying again continues.</exception>
    public async Task TakeAsync(string message, CancellationToken cancellationToken)
    {
        foreach (UploadEvent upload in UploadEvents.Parse(message, clients.Account))
        {
            await AskForRunAsync(upload, cancellationToken);
        }
    }

    /// <summary>Asks for the upload's run, unless that was done.</summary>
    public async Task AskForRunAsync(UploadEvent upload, CancellationToken cancellationToken)
    {
        if (await log.ContainsAsync(upload, cancellationToken))
        {
            return;
        }

        // Asked for first and recorded after: a kill in between asks again, for the run of the same name.
        string runId = RunIds.ForUpload(upload.Path, upload.Url, upload.ETag);
        EvaluationRequest request = (await catalog.GetAsync(runId, cancellationToken))?.Request ?? defaults.ForUpload(upload.Path, runId);
        await catalog.AskAsync(runId, request, time, cancellationToken);
        await clients.Queues.GetQueueClient(ResourceNames.EvaluationsQueue).SendMessageAsync(EvaluationMessage.Write(request), cancellationToken);
        await log.AddAsync(upload, runId, cancellationToken);
        LogUpload(upload.Path, runId);
    }

    [LoggerMessage(113, LogLevel.Information, "Upload {Path} starts run {RunId}")]
    private partial void LogUpload(string path, string runId);
}
