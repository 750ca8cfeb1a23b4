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
    private readonly HttpPipelineOverrides? _overrides;

    private StorageClients(
        string account,
        Func<BlobClientOptions, BlobServiceClient> blobs,
        Func<QueueClientOptions, QueueServiceClient> queues,
        Func<TableClientOptions, TableServiceClient> tables,
        bool creates,
        HttpPipelineOverrides? overrides)
    {
        (Account, OpenBlobs, OpenQueues, OpenTables, _creates, _overrides) = (account, blobs, queues, tables, creates, overrides);
        (Blobs, Queues, Tables) = (blobs(Configure(new BlobClientOptions())), queues(Configure(new QueueClientOptions())), tables(Configure(new TableClientOptions())));
    }

    /// <summary>The account's name.</summary>
    public string Account { get; }

    /// <summary>Blobs.</summary>
    public BlobServiceClient Blobs { get; }

    /// <summary>Queues; message texts go as they are, see <see cref="Queues.MessageBody"/>.</summary>
    public QueueServiceClient Queues { get; }

    /// <summary>Tables.</summary>
    public TableServiceClient Tables { get; }

    /// <summary>Opens a further client of the account's blobs, with options of its own.</summary>
    public Func<BlobClientOptions, BlobServiceClient> OpenBlobs { get; }

    /// <summary>Opens a further client of its queues.</summary>
    public Func<QueueClientOptions, QueueServiceClient> OpenQueues { get; }

    /// <summary>Opens a further client of its tables.</summary>
    public Func<TableClientOptions, TableServiceClient> OpenTables { get; }

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
        StorageClients clients;
        try
        {
            clients = new StorageClients(
                new BlobServiceClient(connectionString).AccountName,
                options => new BlobServiceClient(connectionString, options),
                options => new QueueServiceClient(connectionString, options),
                options => new TableServiceClient(connectionString, options),
                creates: overrides is not { Deployed: true },
                overrides);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException)
        {
            // The library's message may quote the string, and the string holds a key.
            throw new StorageConfigurationException("the storage connection string can't be read");
        }

        // Keys of real accounts have no business in settings; Azurite's is public.
        return clients.Account == AzuriteAccount || IsLoopback(clients.Blobs.Uri.Host)
            ? clients
            : throw new StorageConfigurationException(
                $"connection strings are for Azurite only: sign in to {clients.Account} by identity with {SettingNames.ToAppSetting(SettingNames.StorageAccount)}={clients.Account}");
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
            options => new BlobServiceClient(Endpoint(account, "blob"), credential, options),
            options => new QueueServiceClient(Endpoint(account, "queue"), credential, options),
            options => new TableServiceClient(Endpoint(account, "table"), credential, options),
            creates: false,
            overrides);
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

    /// <summary>Gives options how this process's clients wait and try again.</summary>
    /// <returns>The same options.</returns>
    public T Configure<T>(T options)
        where T : ClientOptions
    {
        // Storage that is away for a moment is waited for; a longer absence ends the work, and the run is resumed.
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = _overrides?.MaxRetries ?? 6;
        options.Retry.Delay = _overrides?.Delay ?? TimeSpan.FromSeconds(0.4);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(10);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(60);
        options.Diagnostics.ApplicationId = "tribunal";
        if (_overrides?.Policy is { } policy)
        {
            options.AddPolicy(policy, HttpPipelinePosition.PerRetry);
        }

        return options;
    }

    private static Uri Endpoint(string account, string service) => new($"https://{account}.{service}.core.windows.net");

    private static bool IsLoopback(string host) => host == "localhost" || (IPAddress.TryParse(host, out IPAddress? address) && IPAddress.IsLoopback(address));
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
