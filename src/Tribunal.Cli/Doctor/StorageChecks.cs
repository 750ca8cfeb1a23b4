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

/// <summary>A storage account: what src/ names is there, may be used, and no message is poison.</summary>
internal static class StorageChecks
{
    public static async Task RunAsync(Checkup checkup, StorageClients clients, CancellationToken cancellationToken)
    {
        if (!await TryAsync(checkup, clients, "containers", () => ContainersAsync(checkup, clients, cancellationToken)))
        {
            // The others would wait for the same account once more each.
            return;
        }

        await TryAsync(checkup, clients, "writing", () => WriteAsync(checkup, clients, cancellationToken));
        await TryAsync(checkup, clients, "queues", () => QueuesAsync(checkup, clients, cancellationToken));
        await TryAsync(checkup, clients, "tables", () => TablesAsync(checkup, clients, cancellationToken));
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

    private static async Task WriteAsync(Checkup checkup, StorageClients clients, CancellationToken cancellationToken)
    {
        if (!await clients.Runs.ExistsAsync(cancellationToken))
        {
            checkup.Skip("writing", "there is no container to write to");
            return;
        }

        BlobClient blob = clients.Runs.GetBlobClient($"doctor/{Environment.ProcessId}");
        await blob.UploadAsync(new BinaryData("doctor"), overwrite: true, cancellationToken);
        BlobDownloadResult read = await blob.DownloadContentAsync(cancellationToken);
        await blob.DeleteAsync(cancellationToken: cancellationToken);
        checkup.Ok("writing", $"wrote, read and deleted {read.Content.ToMemory().Length} bytes in {clients.Runs.Name}");
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
            bool found = false;
            await foreach (var table in clients.Tables.QueryAsync(TableClient.CreateQueryFilter($"TableName eq {name}"), cancellationToken: cancellationToken))
            {
                found |= table.Name == name;
            }

            if (!found)
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
            checkup.Warn(what, $"missing: {string.Join(", ", missing)}", "`tribunal submit` and `tribunal worker` make them; a deployment has them from `pulumi up`");
        }
    }

    private static async Task<bool> TryAsync(Checkup checkup, StorageClients clients, string what, Func<Task> check)
    {
        try
        {
            await check();
            return true;
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
