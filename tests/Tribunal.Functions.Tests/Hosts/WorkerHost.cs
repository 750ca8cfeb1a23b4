using Microsoft.Extensions.DependencyInjection;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Runs;
using Tribunal.Worker.Hosting;
using Tribunal.Worker.Queues;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>Queue workers of one account, each a host of its own, and an asker like <c>tribunal submit</c>.</summary>
internal sealed class WorkerHost : IHostUnderTest
{
    private readonly StorageClients _storage;
    private readonly TableRunCatalog _catalog;
    private readonly List<RunWorker> _workers = [];

    private WorkerHost(StorageClients storage)
    {
        _storage = storage;
        _catalog = new TableRunCatalog(storage.Tables);
    }

    public int Instances => _workers.Count;

    public static async Task<WorkerHost> StartAsync(AzuriteServer azurite, HostParts parts, int instances, Action<IServiceCollection>? configure = null)
    {
        WorkerHost host = new(await azurite.ConnectAsync());
        for (int i = 0; i < instances; i++)
        {
            host._workers.Add(await StartAsync(azurite.ConnectionString, parts, $"worker-{i}", configure));
        }

        return host;
    }

    public async Task<string> PutBatchAsync(string name, byte[] content)
    {
        await _storage.Rollouts.GetBlobClient(name).UploadAsync(new BinaryData(content), overwrite: true);
        return name;
    }

    public async Task<string?> AskAsync(EvaluationRequest request)
    {
        if (EvaluationMessage.Problems(request) is { Count: > 0 } problems)
        {
            return Problem.Join(problems);
        }

        try
        {
            RunRecord record = await _catalog.AskAsync(request.Output!, request, TimeProvider.System, default, anew: true);
            if (record.State == RunState.Queued)
            {
                await SendAsync(EvaluationMessage.Write(request));
            }

            return null;
        }
        catch (MessageRefusedException refusal)
        {
            return refusal.Message;
        }
    }

    /// <summary>Puts a message into a queue.</summary>
    public Task SendAsync(string message, string queue = ResourceNames.EvaluationsQueue) => _storage.Queues.GetQueueClient(queue).SendMessageAsync(message);

    public Task CancelAsync(string runId) => _catalog.UpdateAsync(runId, static run => run with { CancelRequested = true }, default);

    public Task<RunRecord?> RecordAsync(string runId) => _catalog.GetAsync(runId, default);

    public IRunStore Open(string runId) => _storage.OpenRun(runId);

    public async ValueTask DisposeAsync() => await Task.WhenAll(_workers.Select(static worker => worker.DisposeAsync().AsTask()));

    private static Task<RunWorker> StartAsync(string storage, HostParts parts, string name, Action<IServiceCollection>? configure) => RunWorker.StartAsync(
        new RunWorkerOptions
        {
            Settings = [new(SettingNames.StorageConnectionString, storage)],
            Name = name,
            Join = TimeSpan.FromMilliseconds(200),
            Queues = new QueueWorkerOptions { Visibility = TimeSpan.FromMinutes(2), ComeBack = TimeSpan.FromSeconds(1), IdlePause = TimeSpan.FromMilliseconds(200), UploadPause = TimeSpan.FromMilliseconds(200) },
        },
        services =>
        {
            services.AddSingleton(HostCases.Sizes);
            services.AddSingleton(KnownJudges.Of(parts.Judge, parts.Second));
            services.AddSingleton(new RunExecutorOptions { WorkerName = name, PatienceMinutes = parts.PatienceMinutes, ProgressPause = TimeSpan.FromMilliseconds(20) });
            configure?.Invoke(services);
        });
}
