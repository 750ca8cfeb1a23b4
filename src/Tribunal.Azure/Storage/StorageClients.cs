using System.Globalization;
using System.Net;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Names;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Storage;

/// <summary>
/// The one storage account that a process works with: signed in by identity, or Azurite by connection string. Requests
/// name blobs inside it; nothing a message says can choose another.
/// </summary>
public sealed class StorageClients
{
    private const string AzuriteAccount = "devstoreaccount1";
    private const string AzuriteShorthand = "UseDevelopmentStorage=true";

    private readonly bool _creates;

    private StorageClients(string account, BlobServiceClient blobs, QueueServiceClient queues, TableServiceClient tables, bool creates) =>
        (Account, Blobs, Queues, Tables, _creates) = (account, blobs, queues, tables, creates);

    /// <summary>The account's name.</summary>
    public string Account { get; }

    /// <summary>Blobs.</summary>
    public BlobServiceClient Blobs { get; }

    /// <summary>Queues; message texts go as they are, see <see cref="Queues.MessageBody"/>.</summary>
    public QueueServiceClient Queues { get; }

    /// <summary>Tables.</summary>
    public TableServiceClient Tables { get; }

    /// <summary>Batches.</summary>
    public BlobContainerClient Rollouts => Blobs.GetBlobContainerClient(ResourceNames.RolloutsContainer);

    /// <summary>Runs.</summary>
    public BlobContainerClient Runs => Blobs.GetBlobContainerClient(ResourceNames.RunsContainer);

    /// <summary>Connects by <see cref="SettingNames.StorageConnectionString"/> (Azurite) or <see cref="SettingNames.StorageAccount"/> (identity).</summary>
    /// <exception cref="StorageConfigurationException">Neither is set, or one can't be used.</exception>
    public static StorageClients Create(IConfiguration configuration, HttpPipelineOverrides? overrides = null)
    {
        if (configuration[SettingNames.StorageConnectionString] is { Length: > 0 } connectionString)
        {
            return ForAzurite(connectionString, overrides);
        }

        return configuration[SettingNames.StorageAccount] is { Length: > 0 } account
            ? ForAccount(account, configuration[SettingNames.IdentityClientId], overrides)
            : throw new StorageConfigurationException(
                $"no storage account: set {SettingNames.ToAppSetting(SettingNames.StorageAccount)} to its name, or {SettingNames.ToAppSetting(SettingNames.StorageConnectionString)} to {AzuriteShorthand} for Azurite");
    }

    /// <summary>Connects to Azurite.</summary>
    /// <exception cref="StorageConfigurationException">The connection string is for a real account, or no connection string at all.</exception>
    public static StorageClients ForAzurite(string connectionString, HttpPipelineOverrides? overrides = null)
    {
        BlobServiceClient blobs;
        QueueServiceClient queues;
        TableServiceClient tables;
        try
        {
            blobs = new BlobServiceClient(connectionString, Apply(new BlobClientOptions(), overrides));
            queues = new QueueServiceClient(connectionString, Apply(new QueueClientOptions(), overrides));
            tables = new TableServiceClient(connectionString, Apply(new TableClientOptions(), overrides));
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException)
        {
            // The library's message may quote the string, and the string holds a key.
            throw new StorageConfigurationException("the storage connection string can't be read");
        }

        // Keys of real accounts have no business in settings; Azurite's is public.
        return blobs.AccountName == AzuriteAccount || IsLoopback(blobs.Uri.Host)
            ? new StorageClients(blobs.AccountName, blobs, queues, tables, creates: overrides is not { Deployed: true })
            : throw new StorageConfigurationException(
                $"connection strings are for Azurite only: sign in to {blobs.AccountName} by identity with {SettingNames.ToAppSetting(SettingNames.StorageAccount)}={blobs.AccountName}");
    }

    /// <summary>Connects to an account by identity.</summary>
    /// <param name="account">The account's name: 3 to 24 lower-case letters and digits.</param>
    /// <param name="clientId">Client id of a user-assigned identity; null lets <see cref="DefaultAzureCredential"/> decide.</param>
    /// <param name="overrides">Changes for tests.</param>
    /// <exception cref="StorageConfigurationException">The name is no account's name.</exception>
    public static StorageClients ForAccount(string account, string? clientId, HttpPipelineOverrides? overrides = null)
    {
        if (account.Length is < 3 or > 24 || !account.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)))
        {
            throw new StorageConfigurationException("a storage account is named by 3 to 24 lower-case letters and digits, not by its address");
        }

        TokenCredential credential = string.IsNullOrEmpty(clientId)
            ? new DefaultAzureCredential()
            : new ManagedIdentityCredential(ManagedIdentityId.FromUserAssignedClientId(clientId));
        return new StorageClients(
            account,
            new BlobServiceClient(Endpoint(account, "blob"), credential, Apply(new BlobClientOptions(), overrides)),
            new QueueServiceClient(Endpoint(account, "queue"), credential, Apply(new QueueClientOptions(), overrides)),
            new TableServiceClient(Endpoint(account, "table"), credential, Apply(new TableClientOptions(), overrides)),
            creates: false);
    }

    /// <summary>A run's store.</summary>
    /// <exception cref="ArgumentException">The id breaks the rule of run ids.</exception>
    public AzureRunStore OpenRun(string runId, AzureRunStoreOptions? options = null, TimeProvider? time = null) => new(Runs, runId, options, time);

    /// <summary>A batch in the rollouts container.</summary>
    /// <exception cref="ProblemsException">The path is no path inside the container.</exception>
    public AzureBatchFile OpenBatch(string path) =>
        BatchPath.Fault(path) is { } fault ? throw new ProblemsException([new Problem("batch", fault)]) : new AzureBatchFile(Rollouts.GetBlobClient(path));

    /// <summary>
    /// Creates the containers, queues and tables that are missing in Azurite. In Azure the deployment makes them, and those who
    /// submit batches have no roles that create: asking would be refused even where everything is there.
    /// </summary>
    /// <exception cref="global::Azure.RequestFailedException">Azurite can't be reached.</exception>
    public async Task EnsureCreatedAsync(CancellationToken cancellationToken)
    {
        if (!_creates)
        {
            return;
        }

        await Rollouts.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        await Runs.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        foreach (string queue in (string[])[ResourceNames.EvaluationsQueue, ResourceNames.UploadsQueue])
        {
            await Queues.GetQueueClient(queue).CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await Queues.GetQueueClient(queue + ResourceNames.PoisonSuffix).CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        }

        await Tables.CreateTableIfNotExistsAsync(ResourceNames.RunsTable, cancellationToken);
        await Tables.CreateTableIfNotExistsAsync(ResourceNames.UploadsTable, cancellationToken);
    }

    private static Uri Endpoint(string account, string service) => new($"https://{account}.{service}.core.windows.net");

    private static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));

    private static T Apply<T>(T options, HttpPipelineOverrides? overrides)
        where T : ClientOptions
    {
        // Storage that is away for a moment is waited for; a longer absence ends the work, and the run is resumed.
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = overrides?.MaxRetries ?? 6;
        options.Retry.Delay = overrides?.Delay ?? TimeSpan.FromSeconds(0.4);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(10);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(60);
        options.Diagnostics.ApplicationId = "tribunal";
        if (overrides?.Policy is { } policy)
        {
            options.AddPolicy(policy, HttpPipelinePosition.PerRetry);
        }

        return options;
    }
}

/// <summary>Changes to the clients' HTTP pipeline: for measuring what goes over the wire, and for tests that can't wait.</summary>
public sealed record HttpPipelineOverrides
{
    /// <summary>Retries after the first try; null keeps the default of 6.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>The first pause between tries; null keeps the default of 0.4 s.</summary>
    public TimeSpan? Delay { get; init; }

    /// <summary>Whether what the account holds was made by a deployment, as in Azure, even where it is Azurite.</summary>
    public bool Deployed { get; init; }

    /// <summary>Sees every request.</summary>
    public global::Azure.Core.Pipeline.HttpPipelinePolicy? Policy { get; init; }
}

/// <summary>The settings name no storage that can be used. The message says which, and never holds a key.</summary>
public sealed class StorageConfigurationException(string message) : Exception(message);
