using System.Text;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Runs;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>Names that people give their batches, and the forms in which messages name them.</summary>
public sealed class OddNamesTests(OwnAzurite own) : IClassFixture<OwnAzurite>
{
    private static readonly string[] Batches = ["plain.jsonl", "my batch (1).jsonl", "50%25 off.jsonl", "a#b+c&d=e.jsonl", "prüfung 数据.jsonl", "smile 🙂.jsonl", "it's;here.jsonl"];
    private static readonly byte[] Two = Encoding.UTF8.GetBytes("{\"id\":\"r 1/é%\",\"prompt\":\"p\",\"responses\":[\"x\",\"y\"]}\n{\"id\":\"r\\u00a02\",\"prompt\":\"p\",\"responses\":[\"x\",\"y\"]}\n");

    [Fact]
    public async Task A_worker_scores_batches_of_whatever_name_and_takes_messages_in_whatever_form()
    {
        await using WorkerHost host = await WorkerHost.StartAsync(own.Server, Parts(), 1);
        await AssertScoredAsync(host, "worker", text => host.SendAsync(text));
    }

    [Fact]
    public async Task The_function_app_does_too()
    {
        await using DurableHost host = await DurableHost.StartAsync(own.Server, Parts(), 1);
        await AssertScoredAsync(host, "functions", text => host.SendAsync(text));
    }

    [Fact]
    public async Task The_loop_of_one_process_scores_them_under_the_names_that_they_have()
    {
        await using LoopHost host = new(Parts());
        await AssertScoredAsync(host, "loop", send: null);
    }

    private static HostParts Parts() => new(Judge.Of(new ScriptedJudge(), "m", "grm"), Judge.Of(new ScriptedJudge("second"), "m", "grm"), 1);

    private static async Task AssertScoredAsync(IHostUnderTest host, string name, Func<string, Task>? send)
    {
        List<string> runs = [];
        foreach (string batch in Batches)
        {
            string runId = $"{name}-{runs.Count}";
            runs.Add(runId);
            EvaluationRequest request = new() { Batch = batch, Judge = "scripted", Protocol = "grm", Policy = new() { Samples = 1 }, Output = runId };
            if (send is not null && BatchPath.Fault(batch) is { } fault)
            {
                Assert.Contains("batch: a batch path can", await host.AskAsync(request), StringComparison.Ordinal);
                Assert.StartsWith("a batch path can't hold", fault, StringComparison.Ordinal);
            }

            Assert.Null(await host.AskAsync(request with { Batch = await host.PutBatchAsync(send is null ? batch : BatchPath.Cleaned(batch), Two) }));
        }

        foreach ((string form, Func<string, string> write) in send is null ? [] : ((string, Func<string, string>)[])[
            ("plain", static json => json),
            ("base64", static json => Convert.ToBase64String(Encoding.UTF8.GetBytes(json))),
            ("bom", static json => Convert.ToBase64String(Encoding.UTF8.GetBytes("\uFEFF" + json)))])
        {
            string runId = $"{name}-{form}";
            runs.Add(runId);
            string batch = await host.PutBatchAsync($"by hand/{form} a+b é.jsonl", Two);
            await send!(write($$"""{"batch":"{{batch}}","judge":"scripted","protocol":"grm","policy":{"samples":1},"output":"{{runId}}"}"""));
        }

        foreach (string runId in runs)
        {
            RunRecord? run;
            while ((run = await host.RecordAsync(runId)) is not { IsOver: true })
            {
                await Task.Delay(20, TestContext.Current.CancellationToken);
            }

            Assert.Equal((RunState.Done, null), (run.State, run.Reason));
            string verdicts = Encoding.UTF8.GetString((await host.Open(runId).ReadDocumentAsync(RunFiles.Verdicts, TestContext.Current.CancellationToken))!);
            Assert.Equal(2, verdicts.Count(static c => c == '\n'));
        }
    }
}
