using Azure;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tribunal.Azure.Storage;

namespace Tribunal.Functions;

/// <summary>Creates what is missing in the storage account, so that a fresh Azurite serves at once.</summary>
internal sealed partial class StoragePreparation(StorageClients clients, ILogger<StoragePreparation> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await clients.EnsureCreatedAsync(stoppingToken);
        }
        catch (Exception exception) when (exception is RequestFailedException or AggregateException or OperationCanceledException)
        {
            LogAway(clients.Account, exception);
        }
    }

    [LoggerMessage(200, LogLevel.Warning, "Storage account {Account} can't be prepared; a deployment has prepared it")]
    private partial void LogAway(string account, Exception exception);
}
