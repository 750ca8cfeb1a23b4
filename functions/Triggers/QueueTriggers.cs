using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Triggers;

/// <summary>
/// The queues. What can't be understood goes to the poison queue at once, with the reason in its record; what fails is
/// tried again by the host and ends there too.
/// </summary>
public sealed class QueueTriggers(StorageClients clients, IRunCatalog catalog, UploadIntake uploads, RequestDefaults defaults, IConfiguration configuration, TimeProvider time)
{
    /// <summary>A request for an evaluation.</summary>
    [Function(nameof(EvaluationRequested))]
    public async Task EvaluationRequested(
        [QueueTrigger(ResourceNames.EvaluationsQueue, Connection = SettingNames.HostStorage)] QueueMessage message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        try
        {
            EvaluationRequest request = await catalog.ReadAsync(message.MessageText, defaults, cancellationToken);
            await RunStarter.StartAsync(client, catalog, configuration, request, time, cancellationToken);
        }
        catch (MessageRefusedException refusal)
        {
            await RefuseAsync(ResourceNames.EvaluationsQueue, message, refusal, cancellationToken);
        }
    }

    /// <summary>Blob-created events.</summary>
    [Function(nameof(BatchUploaded))]
    public async Task BatchUploaded(
        [QueueTrigger(ResourceNames.UploadsQueue, Connection = SettingNames.HostStorage)] QueueMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await uploads.TakeAsync(message.MessageText, cancellationToken);
        }
        catch (MessageRefusedException refusal)
        {
            await RefuseAsync(ResourceNames.UploadsQueue, message, refusal, cancellationToken);
        }
    }

    private async Task RefuseAsync(string queue, QueueMessage message, MessageRefusedException refusal, CancellationToken cancellationToken)
    {
        await catalog.RefuseAsync(message.MessageId, refusal.Message, time, cancellationToken);
        await clients.Queues.GetQueueClient(queue + ResourceNames.PoisonSuffix).SendMessageAsync(message.MessageText, cancellationToken);
    }
}
