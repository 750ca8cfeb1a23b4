using System.Text;
using System.Text.Json;
using Azure.Storage.Queues.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Azure;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;
using Tribunal.Functions.Tests.Hosting;
using Tribunal.Functions.Triggers;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Durable;
using Tribunal.Testing.Runs;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>The function app on the test host, asked over HTTP. Its activities go to several instances in turn: each has steps of its own.</summary>
internal sealed class DurableHost : IHostUnderTest
{
    private readonly DurableApp _app;
    private readonly StorageClients _storage;
    private int _messages;

    private DurableHost(DurableApp app, StorageClients storage, int instances) => (_app, _storage, Instances) = (app, storage, instances);

    public int Instances { get; }

    private IRunCatalog Catalog => _app.Services.GetRequiredService<IRunCatalog>();

    private HttpTriggers Http => ActivatorUtilities.CreateInstance<HttpTriggers>(_app.Services);

    public static async Task<DurableHost> StartAsync(AzuriteServer azurite, HostParts parts, int instances, Action<IServiceCollection>? configure = null)
    {
        StorageClients storage = await azurite.ConnectAsync();
        RunSteps[]? all = null;
        int calls = 0;
        DurableApp app = await DurableApp.StartAsync(
            azurite.ConnectionString,
            services =>
            {
                services.AddSingleton(HostCases.Sizes);
                JudgeRegistry judges = KnownJudges.Of(parts.Judge, parts.Second);
                services.AddSingleton(judges);
                configure?.Invoke(services);
                services.AddTransient(provider =>
                {
                    RunSteps[] known = LazyInitializer.EnsureInitialized(ref all, () => [.. Enumerable.Range(0, instances).Select(_ => new RunSteps(
                        provider.GetRequiredService<IRunStores>(), judges, new RunMonitors(), HostCases.Sizes, TimeProvider.System, NullLogger<RunSteps>.Instance))]);
                    return known[(int)((uint)Interlocked.Increment(ref calls) % known.Length)];
                });
            },
            new KeyValuePair<string, string?>(SettingNames.JudgeStartLimit, TimeSpan.FromMinutes(parts.PatienceMinutes).ToString()));
        return new DurableHost(app, storage, instances);
    }

    public async Task<string> PutBatchAsync(string name, byte[] content)
    {
        await _storage.Rollouts.GetBlobClient(name).UploadAsync(new BinaryData(content), overwrite: true);
        return name;
    }

    public async Task<string?> AskAsync(EvaluationRequest request)
    {
        await ReleasedAsync(request.Output!);
        string body = Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(request, AzureJson.Default.EvaluationRequest));
        Answer answer = await AppBed.AnswerAsync(Http.StartEvaluation(AppBed.Request(body), _app.Client, default));
        return answer.Status == StatusCodes.Status202Accepted ? null : answer.Body;
    }

    /// <summary>Has the app take a message of a queue, as the Functions host would.</summary>
    public Task SendAsync(string message, string queue = ResourceNames.EvaluationsQueue)
    {
        QueueTriggers triggers = ActivatorUtilities.CreateInstance<QueueTriggers>(_app.Services);
        QueueMessage taken = QueuesModelFactory.QueueMessage($"message-{Interlocked.Increment(ref _messages)}", "receipt", message, 1);
        return queue == ResourceNames.UploadsQueue ? triggers.BatchUploaded(taken, default) : triggers.EvaluationRequested(taken, _app.Client, default);
    }

    public Task CancelAsync(string runId) => AppBed.AnswerAsync(Http.CancelEvaluation(AppBed.Request(), _app.Client, runId, default));

    public async Task<RunRecord?> RecordAsync(string runId)
    {
        if (!StoreNames.IsValidRunId(runId))
        {
            return null;
        }

        Answer answer = await AppBed.AnswerAsync(Http.EvaluationStatus(AppBed.Request(), _app.Client, runId, default));
        return answer.Status == StatusCodes.Status200OK ? JsonSerializer.Deserialize(answer.Body, AzureJson.Default.RunRecord) : null;
    }

    public IRunStore Open(string runId) => _storage.OpenRun(runId);

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReleasedAsync(string runId)
    {
        if (await Catalog.GetAsync(runId, default) is not { IsOver: true })
        {
            return;
        }

        // The record is over a moment before the orchestration is.
        if (await _app.Client.GetInstanceAsync(runId) is not null)
        {
            await _app.Client.WaitForInstanceCompletionAsync(runId);
        }

        while (_app.Meter.IsHeld(runId))
        {
            await Task.Delay(5);
        }
    }
}
