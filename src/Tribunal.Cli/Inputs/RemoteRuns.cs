using System.CommandLine;
using Azure;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Cli.Output;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Inputs;

/// <summary>The storage account that a command works against, and its runs.</summary>
internal sealed record RemoteRuns(StorageClients Clients, IRunCatalog Catalog, IRunStores Stores) : IRemoteRuns
{
    private const int QuickRetries = 2;

    /// <summary><c>--storage</c>.</summary>
    /// <param name="absent">What its absence means; null: the environment says.</param>
    public static Option<string?> StorageOption(string? absent = null) => new("--storage")
    {
        Description = $"The storage account's name, or 'azurite' (UseDevelopmentStorage=true) or Azurite's connection string. {absent ?? $"Default: {SettingNames.ToAppSetting(SettingNames.StorageAccount)} or {SettingNames.ToAppSetting(SettingNames.StorageConnectionString)} of the environment."}",
    };

    /// <summary>Settings of the environment, with what <c>--storage</c> says on top.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Settings(string? storage) => storage switch
    {
        null => [],
        "azurite" => [new(SettingNames.StorageConnectionString, "UseDevelopmentStorage=true")],
        _ when storage.Contains('=', StringComparison.Ordinal) => [new(SettingNames.StorageConnectionString, storage)],
        _ => [new(SettingNames.StorageAccount, storage), new(SettingNames.StorageConnectionString, null)],
    };

    /// <summary>Connects; containers, queues and tables are there afterwards: made in Azurite, and by the deployment in Azure.</summary>
    /// <exception cref="CommandException">No account is named, or it can't be reached.</exception>
    public static async Task<RemoteRuns> OpenAsync(string? storage, CancellationToken cancellationToken)
    {
        IConfigurationRoot configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection(Settings(storage)).Build();
        // A person waits: fewer tries than a worker makes.
        StorageClients clients = StorageClients.Create(configuration, new HttpPipelineOverrides { MaxRetries = QuickRetries });
        await ReachAsync(clients, () => clients.EnsureCreatedAsync(cancellationToken));
        TableRunCatalog catalog = new(clients.Tables);
        return new RemoteRuns(clients, catalog, new AzureRunStores(clients, catalog, new AzureRunStoreOptions(), TimeProvider.System));
    }

    /// <summary>Turns storage that is away, or refuses, into what a person can use.</summary>
    /// <exception cref="CommandException">It is.</exception>
    public static async Task ReachAsync(StorageClients clients, Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (RequestFailedException exception) when (exception.Status is 401 or 403)
        {
            throw new CommandException(ExitCodes.Unreachable, $"storage account {clients.Account} refuses: {exception.ErrorCode ?? "forbidden"}", exception);
        }
        catch (AuthenticationFailedException exception)
        {
            throw new CommandException(ExitCodes.Unreachable, $"storage account {clients.Account} can't be signed in to: no identity was found; sign in with `az login`, or run where a managed identity is", exception);
        }
        catch (Exception exception) when (exception is RequestFailedException or AggregateException)
        {
            string why = exception is AggregateException many ? many.InnerExceptions[^1].Message : exception.Message;
            throw new CommandException(ExitCodes.Unreachable, $"storage account {clients.Account} can't be reached: {why.Split('\n')[0]}", exception);
        }
    }

    /// <inheritdoc/>
    public string Place => Clients.Account;

    /// <inheritdoc/>
    public async Task<string> UploadAsync(FileInfo batch, CancellationToken cancellationToken)
    {
        string path = SubmittedBatches.PathOf(batch.Name, await BatchFiles.HashAsync(batch.FullName, cancellationToken));
        BlobClient blob = Clients.Rollouts.GetBlobClient(path);
        await ReachAsync(Clients, async () =>
        {
            if (await blob.ExistsAsync(cancellationToken))
            {
                await Console.Error.WriteLineAsync($"{path} is there already");
                return;
            }

            await using FileStream content = batch.OpenRead();
            await blob.UploadAsync(content, new BlobUploadOptions { ProgressHandler = new UploadProgress(batch.Length) }, cancellationToken);
            await Console.Error.WriteLineAsync($"uploaded {path}, {batch.Length} bytes");
        });
        return path;
    }

    /// <inheritdoc/>
    public async Task<bool> AskAsync(EvaluationRequest request, CancellationToken cancellationToken)
    {
        string runId = request.Output!;
        RunRecord record = await Catalog.AskAsync(runId, request, TimeProvider.System, cancellationToken, anew: true);
        if (record.State != RunState.Done)
        {
            await Clients.Queues.GetQueueClient(ResourceNames.EvaluationsQueue).SendMessageAsync(EvaluationMessage.Write(request), cancellationToken);
        }

        return record.State == RunState.Done;
    }

    /// <inheritdoc/>
    public async Task<RunRecord?> GetAsync(string runId, CancellationToken cancellationToken)
    {
        RunRecord? record = null;
        await ReachAsync(Clients, async () => record = await Catalog.GetAsync(runId, cancellationToken));
        return record;
    }

    /// <inheritdoc/>
    public Task ReadAsync(string runId, string file, Func<Stream, Task> take, CancellationToken cancellationToken) => ReachAsync(Clients, async () =>
    {
        if (await Stores.OpenRun(runId).OpenReadAsync(file, cancellationToken) is { } content)
        {
            await using (content)
            {
                await take(content);
            }
        }
    });
}
