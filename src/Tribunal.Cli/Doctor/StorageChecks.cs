using Azure;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;

namespace Tribunal.Cli.Doctor;

/// <summary>
/// A storage account, by what the caller's roles should allow: whoever asks for runs uploads batches, sends requests, reads results and
/// keeps records, and a refusal of that fails; what only hosts and operators may do is tried too, and a refusal is said.
/// </summary>
internal static class StorageChecks
{
    // A key of the run table that no run has, and a path that starts no run.
    private const string Own = "doctor";
    private const string Make = "`tribunal submit` and `tribunal worker` make them in Azurite; a deployment has them from `pulumi up`";

    public static async Task RunAsync(Checkup checkup, StorageClients clients, CancellationToken cancellationToken)
    {
        if (!await TryAsync(checkup, clients, "containers", () => ContainersAsync(checkup, clients, cancellationToken)))
        {
            // The others would wait for the same account once more each.
            return;
        }

        await TryAsync(checkup, clients, "batches", () => WriteAsync(checkup, "batches", clients.Rollouts, $"{ResourceNames.SubmittedPrefix}{Own}/{Environment.ProcessId}", cancellationToken));
        await TryAsync(checkup, clients, "requests", () => SendAsync(checkup, clients, cancellationToken));
        await TryAsync(checkup, clients, "results", () => ReadAsync(checkup, clients, cancellationToken));
        await TryAsync(checkup, clients, "run table", () => RecordAsync(checkup, clients, cancellationToken));
        await TryAsync(checkup, clients, "writing", () => WriteAsync(checkup, "writing", clients.Runs, $"{Own}/{Environment.ProcessId}", cancellationToken), "only what works on runs writes them");
        await TryAsync(checkup, clients, "queues", () => QueuesAsync(checkup, clients, cancellationToken), "only hosts and operators look into the queues");
        await TryAsync(checkup, clients, "tables", () => TablesAsync(checkup, clients, cancellationToken), "only hosts and operators look into the other tables");
    }

    private static async Task ContainersAsync(Checkup checkup, StorageClients clients, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (BlobContainerClient container in (BlobContainerClient[])[clients.Rollouts, clients.Runs])
        {
            if (!await container.ExistsAsync(cancellationToken))
            {
                missing.Add(container.Name);
            }
        }

        Say(checkup, "containers", missing, $"{clients.Rollouts.Name} and {clients.Runs.Name} of {clients.Account}");
    }

    // Larger than a message may be, so that it is refused for its size where the caller may send, and for the caller's roles where not.
    private static async Task SendAsync(Checkup checkup, StorageClients clients, CancellationToken cancellationToken)
    {
        QueueClient queue = clients.Queues.GetQueueClient(ResourceNames.EvaluationsQueue);
        try
        {
            await queue.SendMessageAsync(new string(' ', 2 * queue.MessageMaxBytes), cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status is 400 or 413)
        {
            checkup.Ok("requests", $"may be sent to the queue {queue.Name}");
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            checkup.Warn("requests", $"there is no queue {queue.Name}", Make);
        }
    }

    private static async Task ReadAsync(Checkup checkup, StorageClients clients, CancellationToken cancellationToken)
    {
        string? first = null;
        try
        {
            await foreach (BlobItem blob in clients.Runs.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, cancellationToken))
            {
                first = blob.Name;
                break;
            }
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            checkup.Skip("results", "there is no container to read");
            return;
        }

        checkup.Ok("results", first is null ? $"{clients.Runs.Name} can be read, and holds no run" : $"{clients.Runs.Name} can be read");
    }

    private static async Task RecordAsync(Checkup checkup, StorageClients clients, CancellationToken cancellationToken)
    {
        TableClient table = clients.Tables.GetTableClient(ResourceNames.RunsTable);
        var record = new TableEntity(Own, $"{Environment.ProcessId}");
        try
        {
            await table.UpsertEntityAsync(record, TableUpdateMode.Replace, cancellationToken);
            await table.GetEntityAsync<TableEntity>(record.PartitionKey, record.RowKey, cancellationToken: cancellationToken);
            await table.DeleteEntityAsync(record.PartitionKey, record.RowKey, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            checkup.Warn("run table", $"there is no table {ResourceNames.RunsTable}", Make);
            return;
        }

        checkup.Ok("run table", $"wrote, read and deleted a record in {ResourceNames.RunsTable}");
    }

    private static async Task WriteAsync(Checkup checkup, string what, BlobContainerClient container, string name, CancellationToken cancellationToken)
    {
        BlobClient blob = container.GetBlobClient(name);
        try
        {
            await blob.UploadAsync(new BinaryData(Own), overwrite: true, cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            checkup.Skip(what, "there is no container to write to");
            return;
        }

        BlobDownloadResult read = await blob.DownloadContentAsync(cancellationToken);
        await blob.DeleteAsync(cancellationToken: cancellationToken);
        checkup.Ok(what, $"wrote, read and deleted {read.Content.ToMemory().Length} bytes in {container.Name}");
    }

    private static async Task QueuesAsync(Checkup checkup, StorageClients clients, CancellationToken cancellationToken)
    {
        string[] names = [ResourceNames.EvaluationsQueue, ResourceNames.UploadsQueue];
        var missing = new List<string>();
        var waiting = new List<string>();
        var poison = new List<string>();
        foreach (string name in names.SelectMany(static name => (string[])[name, name + ResourceNames.PoisonSuffix]))
        {
            QueueClient queue = clients.Queues.GetQueueClient(name);
            if (!await queue.ExistsAsync(cancellationToken))
            {
                missing.Add(name);
                continue;
            }

            QueueProperties properties = await queue.GetPropertiesAsync(cancellationToken);
            bool isPoison = name.EndsWith(ResourceNames.PoisonSuffix, StringComparison.Ordinal);
            (isPoison ? poison : waiting).Add($"{name}: {properties.ApproximateMessagesCount}");
            if (isPoison && properties.ApproximateMessagesCount > 0)
            {
                checkup.Warn("poison messages", $"{properties.ApproximateMessagesCount} in {name}", "see `tribunal runs` for the reasons, then clear the queue");
            }
        }

        Say(checkup, "queues", missing, string.Join(", ", waiting.Concat(poison)));
    }

    private static async Task TablesAsync(Checkup checkup, StorageClients clients, CancellationToken cancellationToken)
    {
        var missing = new List<string>();
        foreach (string name in (string[])[ResourceNames.RunsTable, ResourceNames.UploadsTable])
        {
            try
            {
                // The account's list of tables takes a role on the account; whoever may use a table may read of it.
                await foreach (TableEntity _ in clients.Tables.GetTableClient(name).QueryAsync<TableEntity>(maxPerPage: 1, select: [nameof(TableEntity.RowKey)], cancellationToken: cancellationToken))
                {
                    break;
                }
            }
            catch (RequestFailedException exception) when (exception.Status == 404)
            {
                missing.Add(name);
            }
        }

        Say(checkup, "tables", missing, $"{ResourceNames.RunsTable} and {ResourceNames.UploadsTable}");
    }

    private static void Say(Checkup checkup, string what, List<string> missing, string there)
    {
        if (missing.Count == 0)
        {
            checkup.Ok(what, there);
        }
        else
        {
            checkup.Warn(what, $"missing: {string.Join(", ", missing)}", Make);
        }
    }

    private static async Task<bool> TryAsync(Checkup checkup, StorageClients clients, string what, Func<Task> check, string? others = null)
    {
        try
        {
            await check();
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 403 && others is not null)
        {
            checkup.Skip(what, $"{others}, and your roles are not theirs");
        }
        catch (RequestFailedException exception) when (exception.Status is 401 or 403)
        {
            checkup.Fail(what, $"{clients.Account} refuses: {exception.ErrorCode ?? "forbidden"}", "sign in (az login) with the data roles that docs/deploy.md lists, or reach the account from its network");
        }
        catch (AuthenticationFailedException)
        {
            checkup.Fail(what, "no identity was found", "sign in with `az login`, or run where a managed identity is");
        }
        catch (Exception exception) when (exception is RequestFailedException or AggregateException)
        {
            checkup.Fail(what, $"{clients.Account} can't be reached: {(exception is AggregateException many ? many.InnerExceptions[^1].Message : exception.Message)}", "start Azurite (./dev), or check the account's name and network");
        }

        return false;
    }
}
