using Microsoft.Extensions.DependencyInjection;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Simulator.Batches;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Runs;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>The hosts of a deployment under the roles that it gives them.</summary>
public sealed class HostRolesTests(OwnAzurite own) : IClassFixture<OwnAzurite>
{
    private const string Upload = """{"type":"Microsoft.Storage.BlobCreated","source":"s","subject":"s","data":{"api":"PutBlob","eTag":"0x1","url":"URL"}}""";

    [Fact]
    public async Task A_worker_takes_uploads_and_requests_puts_poison_aside_and_does_nothing_that_its_identity_may_not()
    {
        RoleGate gate = new(own.Server, RoleGrants.Of("Compute/ToolApp.cs"));
        await using WorkerHost host = await WorkerHost.StartAsync(own.Server, Parts(), 1, services => services.AddSingleton(gate.Connect()));
        await AssertServedAsync(host, "worker", (queue, text) => host.SendAsync(text, queue));
        Assert.Empty(gate.Refused);
        Assert.Contains("queue evaluations-poison messages/add", gate.Allowed.Keys);
    }

    [Fact]
    public async Task The_function_app_does_nothing_that_its_identity_may_not()
    {
        RoleGate gate = new(own.Server, RoleGrants.Of("Functions/FunctionsHost.cs"));
        await using DurableHost host = await DurableHost.StartAsync(own.Server, Parts(), 1, services => services.AddSingleton(gate.Connect()));
        await AssertServedAsync(host, "functions", (queue, text) => host.SendAsync(text, queue));
        Assert.Empty(gate.Refused);
        Assert.Contains("queue evaluations-poison messages/add", gate.Allowed.Keys);
    }

    private static HostParts Parts() => new(Judge.Of(new ScriptedJudge(), "m", "grm"), Judge.Of(new ScriptedJudge("second"), "m", "grm"), 1);

    private async Task AssertServedAsync(IHostUnderTest host, string name, Func<string, string, Task> send)
    {
        using MemoryStream batch = new();
        await BatchGenerator.WriteAsync(batch, new BatchOptions { Rollouts = 4 });
        string path = await host.PutBatchAsync($"{name}.jsonl", batch.ToArray());
        StorageClients owner = await own.Server.ConnectAsync();
        await send(ResourceNames.UploadsQueue, Upload.Replace("URL", owner.Rollouts.GetBlobClient(path).Uri.ToString(), StringComparison.Ordinal));
        await send(ResourceNames.EvaluationsQueue, """{"batch":"b.jsonl","modle":"x"}""");
        await send(ResourceNames.EvaluationsQueue, $$"""{"batch":"{{path}}","judge":"scripted","protocol":"grm","policy":{"samples":2},"output":"{{name}}"}""");
        RunRecord? run;
        while ((run = await host.RecordAsync(name)) is not { IsOver: true })
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal((RunState.Done, null), (run.State, run.Reason));
        while ((await owner.Queues.GetQueueClient(ResourceNames.EvaluationsQueue + ResourceNames.PoisonSuffix).PeekMessagesAsync(32, TestContext.Current.CancellationToken)).Value.Length == 0)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
