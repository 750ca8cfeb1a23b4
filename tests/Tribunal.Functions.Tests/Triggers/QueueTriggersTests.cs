using System.Text;
using System.Text.Json;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Tribunal.Azure;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Functions.Tests.Hosting;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Azurite;

namespace Tribunal.Functions.Tests.Triggers;

public sealed class QueueTriggersTests(AzuriteServer azurite)
{
    [Theory]
    [InlineData("plain")]
    [InlineData("base64")]
    public async Task A_message_starts_its_run_plain_and_as_base64(string form)
    {
        string runId = $"queued-{form}";
        await using AppBed bed = await AppBed.StartAsync(azurite, runId);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(
            new EvaluationRequest { Batch = bed.BatchPath, Judge = "simulated", Policy = new() { Samples = 1 }, Output = runId }, AzureJson.Default.EvaluationRequest);
        string text = form == "plain" ? Encoding.UTF8.GetString(json) : Convert.ToBase64String(json);

        await bed.Queues.EvaluationRequested(Message("m", text), bed.App.Client, default);

        Assert.Equal(RunState.Done, (await bed.RecordAsync(runId, static record => record.IsOver)).State);
    }

    [Fact]
    public async Task What_can_not_be_understood_goes_to_the_poison_queue_as_it_came_with_the_reason_in_its_record()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "refused");
        string text = """{"batch":"b.jsonl","modle":"x"}""";

        await bed.Queues.EvaluationRequested(Message("poisoned", text), bed.App.Client, default);

        RunRecord record = (await bed.Catalog.GetAsync("refused-poisoned", default))!;
        Assert.Equal((RunState.Refused, "unknown field 'modle'"), (record.State, record.Reason));
        QueueClient poison = bed.Storage.Queues.GetQueueClient(ResourceNames.EvaluationsQueue + ResourceNames.PoisonSuffix);
        Assert.Contains((await poison.PeekMessagesAsync(32)).Value, message => message.MessageText == text);
    }

    [Theory]
    [InlineData("cloud")]
    [InlineData("grid")]
    public async Task An_upload_told_of_twice_in_either_schema_asks_for_one_run(string schema)
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, $"uploaded-{schema}");
        string data = $$"""{"api":"PutBlob","url":"{{bed.Storage.Rollouts.GetBlobClient(bed.BatchPath).Uri}}","eTag":"0x{{schema}}"}""";
        string text = schema == "cloud"
            ? $$"""{"specversion":"1.0","type":"Microsoft.Storage.BlobCreated","source":"s","subject":"s","time":"2026-01-01T00:00:00Z","data":{{data}}}"""
            : $$"""[{"eventType":"Microsoft.Storage.BlobCreated","topic":"t","subject":"s","eventTime":"2026-01-01T00:00:00Z","data":{{data}}}]""";

        await bed.Queues.BatchUploaded(Message("u1", text), default);
        await bed.Queues.BatchUploaded(Message("u2", text), default);

        string runId = RunIds.ForUpload(bed.BatchPath, bed.Storage.Rollouts.GetBlobClient(bed.BatchPath).Uri.ToString(), $"0x{schema}");
        Assert.Equal(RunState.Queued, (await bed.Catalog.GetAsync(runId, default))!.State);
        IEnumerable<PeekedMessage> asked = (await bed.Storage.Queues.GetQueueClient(ResourceNames.EvaluationsQueue).PeekMessagesAsync(32)).Value;
        Assert.Single(asked, message => EvaluationMessage.Parse(message.MessageText, RequestDefaults.None).Output == runId);
    }

    private static QueueMessage Message(string id, string text) => QueuesModelFactory.QueueMessage(id, "receipt", text, 1);
}
