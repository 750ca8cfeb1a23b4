using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using DurableTask.AzureStorage;
using Microsoft.Extensions.Logging;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;

namespace Tribunal.Worker.Engine;

/// <summary>The engine's settings, by the account and by how soon a dead process's part goes to others.</summary>
internal static class TaskHub
{
    /// <summary>Settings of one process.</summary>
    /// <param name="lease">How long what a dead process held stays with it, about; what it drew is then asked for again.</param>
    /// <param name="join">How long an idle process takes to join in at most.</param>
    /// <param name="steps">Steps that the process takes at once, 1 or more.</param>
    public static AzureStorageOrchestrationServiceSettings Settings(StorageClients clients, TimeSpan lease, TimeSpan join, int steps, ILoggerFactory logging) => new()
    {
        TaskHubName = ResourceNames.WorkerHub,
        StorageAccountClientProvider = new StorageAccountClientProvider(
            new Clients<BlobServiceClient, BlobClientOptions>(() => clients.Configure(new BlobClientOptions()), clients.OpenBlobs),
            new Clients<QueueServiceClient, QueueClientOptions>(() => clients.Configure(new QueueClientOptions()), clients.OpenQueues),
            new Clients<TableServiceClient, TableClientOptions>(() => clients.Configure(new TableClientOptions()), clients.OpenTables)),
        WorkerId = $"{Environment.MachineName}-{Environment.ProcessId}-{Environment.TickCount64:x}",

        // Orchestrations only plan and wait: one process at a time goes through those of all runs, while every process takes
        // steps. Each further partition would cost an idle account its polling.
        PartitionCount = 1,
        MaxConcurrentTaskOrchestrationWorkItems = 256,

        // An orchestration stays in memory between events that follow closely, and isn't read and replayed from its start for each:
        // for longer than others take to join in with its steps. A process that stops waits for those that are in memory.
        ExtendedSessionsEnabled = true,
        ExtendedSessionIdleTimeout = join * 1.5,
        MaxConcurrentTaskActivityWorkItems = steps,
        ControlQueueBufferThreshold = 256,
        LeaseInterval = lease,

        // Every look at the partition's lease costs two transactions where it is held; one look may fail.
        LeaseRenewInterval = lease / 3,
        LeaseAcquireInterval = lease / 3,

        // Renewed while a step runs, half a minute before it ends: longer than that, or every step is renewed all the time.
        ControlQueueVisibilityTimeout = lease + TimeSpan.FromSeconds(15),
        WorkItemQueueVisibilityTimeout = lease + TimeSpan.FromSeconds(15),

        // Work that this process itself hands on is looked for at once.
        MaxQueuePollingInterval = join,
        UseAppLease = false,
        UseTablePartitionManagement = true,
        ThrowExceptionOnInvalidDedupeStatus = false,
        LoggerFactory = logging,
    };

    private sealed class Clients<TClient, TOptions>(Func<TOptions> options, Func<TOptions, TClient> open) : IStorageServiceClientProvider<TClient, TOptions>
        where TOptions : ClientOptions
    {
        public TOptions CreateOptions() => options();

        public TClient CreateClient(TOptions options) => open(options);
    }
}
