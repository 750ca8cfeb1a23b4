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
    public Task EvaluationRequested(
        [QueueTrigger(ResourceNames.EvaluationsQueue, Connection = SettingNames.HostStorage)] QueueMessage message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken) => ServeAsync(
            ResourceNames.EvaluationsQueue,
            message,
            async () => await RunStarter.StartAsync(client, catalog, configuration, await catalog.ReadAsync(message.MessageText, defaults, cancellationToken), time, cancellationToken),
            cancellationToken);

    /// <summary>Blob-created events.</summary>
    [Function(nameof(BatchUploaded))]
    public Task BatchUploaded(
        [QueueTrigger(ResourceNames.UploadsQueue, Connection = SettingNames.HostStorage)] QueueMessage message, CancellationToken cancellationToken) =>
        ServeAsync(ResourceNames.UploadsQueue, message, () => uploads.TakeAsync(message.MessageText, cancellationToken), cancellationToken);

    private async Task ServeAsync(string queue, QueueMessage message, Func<Task> serve, CancellationToken cancellationToken)
    {
        try
        {
            await serve();
        }
        catch (MessageRefusedException refusal)
        {
            await catalog.RefuseAsync(message.MessageId, refusal.Message, time, cancellationToken);
            await clients.Queues.GetQueueClient(queue + ResourceNames.PoisonSuffix).SendMessageAsync(message.MessageText, cancellationToken);
        }
    }
}
