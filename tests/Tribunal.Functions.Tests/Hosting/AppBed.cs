using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Tribunal.Azure;
using Tribunal.Azure.Hosting;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Functions.Triggers;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Durable;

namespace Tribunal.Functions.Tests.Hosting;

/// <summary>The app over Azurite with a batch of its own, and the functions as a host would call them.</summary>
internal sealed class AppBed : IAsyncDisposable
{
    private AppBed(DurableApp app, StorageClients storage, byte[] batch, string batchPath) =>
        (App, Storage, Batch, BatchPath) = (app, storage, batch, batchPath);

    public DurableApp App { get; }

    public StorageClients Storage { get; }

    /// <summary>The batch's content.</summary>
    public byte[] Batch { get; }

    /// <summary>Its path in the rollouts container.</summary>
    public string BatchPath { get; }

    public IRunCatalog Catalog => App.Services.GetRequiredService<IRunCatalog>();

    public HttpTriggers Http => ActivatorUtilities.CreateInstance<HttpTriggers>(App.Services);

    public QueueTriggers Queues => ActivatorUtilities.CreateInstance<QueueTriggers>(App.Services);

    /// <param name="azurite">The shared Azurite.</param>
    /// <param name="name">Names the batch; runs are named by the test.</param>
    /// <param name="batch">What to judge; default 20 rollouts.</param>
    /// <param name="options">How runs are cut; null keeps the app's own.</param>
    /// <param name="judge">Stands before the simulated judge.</param>
    public static async Task<AppBed> StartAsync(
        AzuriteServer azurite, string name, BatchOptions? batch = null, ActivityOptions? options = null, Func<IJudge, IJudge>? judge = null)
    {
        StorageClients storage = await azurite.ConnectAsync();
        using MemoryStream content = new();
        await BatchGenerator.WriteAsync(content, batch ?? new BatchOptions { Rollouts = 20 });
        string path = $"{name}.jsonl";
        content.Position = 0;
        await storage.Rollouts.GetBlobClient(path).UploadAsync(content, overwrite: true);
        DurableApp app = await DurableApp.StartAsync(azurite.ConnectionString, services =>
        {
            if (options is not null)
            {
                services.AddSingleton(options);
            }

            if (judge is not null)
            {
                // One engine for judge and meta rewards, as in the app's own registry.
                JudgeEngine engine = new();
                Judge simulated = Judge.Of(judge(new SimulatedJudge(engine)), JudgeSettings.SimulatedName) with { Simulated = true };
                services.AddSingleton(new JudgeRegistry(_ => simulated, (_, _) => new SimulatedMetaRewardModel(engine)));
            }
        });
        return new AppBed(app, storage, content.ToArray(), path);
    }

    /// <summary>Asks for a run as the HTTP function does, and gives its id.</summary>
    public async Task<string> AskAsync(EvaluationRequest request)
    {
        Answer answer = await AnswerAsync(Http.StartEvaluation(Request(Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(request, AzureJson.Default.EvaluationRequest))), App.Client, default));
        Assert.Equal(StatusCodes.Status202Accepted, answer.Status);
        return request.Output!;
    }

    /// <summary>Asks for a run and waits for its orchestration's end.</summary>
    public async Task<OrchestrationMetadata> RunAsync(EvaluationRequest request)
    {
        string runId = await AskAsync(request);
        return await App.Client.WaitForInstanceCompletionAsync(runId, getInputsAndOutputs: true);
    }

    /// <summary>A run's record once it is as a test waits for.</summary>
    public async Task<RunRecord> RecordAsync(string runId, Func<RunRecord, bool> awaited)
    {
        while (true)
        {
            if (await Catalog.GetAsync(runId, default) is { } record && awaited(record))
            {
                return record;
            }

            await Task.Delay(20);
        }
    }

    public async Task<byte[]> ReadAsync(string runId, string file) => (await Storage.OpenRun(runId).ReadDocumentAsync(file, default))!;

    public static HttpRequest Request(string body = "")
    {
        DefaultHttpContext context = new();
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        return context.Request;
    }

    public static async Task<Answer> AnswerAsync(Task<IActionResult> asked)
    {
        IActionResult result = await asked;
        ServiceCollection services = new();
        services.AddLogging();
        services.AddMvcCore();
        await using ServiceProvider provider = services.BuildServiceProvider();
        DefaultHttpContext context = new() { RequestServices = provider };
        using MemoryStream body = new();
        context.Response.Body = body;
        await result.ExecuteResultAsync(new ActionContext(context, new RouteData(), new ActionDescriptor()));
        return new Answer(context.Response.StatusCode, context.Response.ContentType, context.Response.Headers.Location, Encoding.UTF8.GetString(body.ToArray()));
    }

    public ValueTask DisposeAsync() => App.DisposeAsync();
}

/// <summary>What an HTTP function answered.</summary>
internal sealed record Answer(int Status, string? ContentType, string? Location, string Body);
