using Azure.Storage.Queues.Models;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Simulator.Batches;
using Tribunal.Testing.Runs;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>
/// Two requests for one <c>output</c> while the first is under way: the second is refused where it is asked for, and a message of it
/// goes to the poison queue, with the reason in a record.
/// </summary>
public sealed class SameNameTests(OwnAzurite own) : IClassFixture<OwnAzurite>
{
    private readonly ScriptedJudge _judge = new();

    [Fact]
    public async Task A_worker_refuses_the_second_and_draws_what_the_first_asked_for()
    {
        await using WorkerHost host = await WorkerHost.StartAsync(own.Server, Parts(), 1);
        await AssertRefusedAsync(host, "worker", text => host.SendAsync(text));
    }

    [Fact]
    public async Task The_function_app_does_too()
    {
        await using DurableHost host = await DurableHost.StartAsync(own.Server, Parts(), 1);
        await AssertRefusedAsync(host, "functions", text => host.SendAsync(text));
    }

    private HostParts Parts() => new(Judge.Of(_judge, "m", "grm"), Judge.Of(new ScriptedJudge("second"), "m", "grm"), 1);

    private async Task AssertRefusedAsync(IHostUnderTest host, string name, Func<string, Task> send)
    {
        TaskCompletionSource begun = new(), asked = new();
        _judge.Before = () =>
        {
            begun.TrySetResult();
            return asked.Task;
        };
        using MemoryStream batch = new();
        await BatchGenerator.WriteAsync(batch, new BatchOptions { Rollouts = 5, Seed = 5 });
        EvaluationRequest first = new() { Batch = await host.PutBatchAsync($"{name}.jsonl", batch.ToArray()), Judge = "scripted", Protocol = "grm", Policy = new() { Samples = 2 }, Seed = 1, Output = name };
        Assert.Null(await host.AskAsync(first));
        await begun.Task;

        EvaluationRequest second = first with { Policy = new() { Samples = 7 }, Seed = 2 };
        Assert.Contains($"the name '{name}' belongs to another request (policy.samples 2, now 7)", await host.AskAsync(second), StringComparison.Ordinal);
        string message = EvaluationMessage.Write(second);
        await send(message);
        asked.SetResult();
        Assert.Contains($"the name '{name}' belongs to another request", (await RefusedAsync(name, message)).Reason, StringComparison.Ordinal);
        RunRecord? run;
        while ((run = await host.RecordAsync(name)) is not { IsOver: true })
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal((RunState.Done, 2, 1L), (run.State, run.Request!.Policy.Samples, run.Request.Seed));
        Assert.Contains("seed 1, now 3", await host.AskAsync(first with { Policy = new() { Samples = 9 }, Seed = 3 }), StringComparison.Ordinal);
        Assert.Equal(5 * 2, _judge.Asked.Count);
    }

    private async Task<RunRecord> RefusedAsync(string name, string message)
    {
        StorageClients storage = await own.Server.ConnectAsync();
        while (true)
        {
            PeekedMessage[] poison = await storage.Queues.GetQueueClient(ResourceNames.EvaluationsQueue + ResourceNames.PoisonSuffix).PeekMessagesAsync(32, TestContext.Current.CancellationToken);
            await foreach (RunRecord record in new TableRunCatalog(storage.Tables).ListAsync(TestContext.Current.CancellationToken))
            {
                if (record.State == RunState.Refused && record.Reason!.Contains($"'{name}'", StringComparison.Ordinal) && poison.Any(taken => taken.MessageText == message))
                {
                    return record;
                }
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
