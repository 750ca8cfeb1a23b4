using System.Text;
using CsCheck;
using Tribunal.Azure.Queues;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Tests.Queues;

public sealed class UploadEventsTests
{
    private const string Account = "store1";

    [Theory]
    [InlineData("PutBlob")]
    [InlineData("PutBlockList")]
    [InlineData("CopyBlob")]
    [InlineData("FlushWithClose")]
    public void Every_call_that_completes_a_blob_is_an_upload_in_both_schemas(string api)
    {
        UploadEvent expected = new("in/a.jsonl", "https://store1.blob.core.windows.net/rollouts/in/a.jsonl", "0x8D1");
        Assert.Equal([expected], UploadEvents.Parse(Cloud(api), Account));
        Assert.Equal([expected], UploadEvents.Parse(Grid(api), Account));
        Assert.Equal([expected], UploadEvents.Parse(Convert.ToBase64String(Encoding.UTF8.GetBytes(Grid(api))), Account));
    }

    [Fact]
    public void An_array_is_read_whole_and_repetitions_fold() =>
        Assert.Equal(["in/a.jsonl", "in/b.jsonl"], UploadEvents.Parse($"[{Cloud()},{Grid()},{Cloud(path: "in/b.jsonl")}]", Account).Select(static upload => upload.Path));

    [Fact]
    public void Another_content_is_another_upload() =>
        Assert.Equal(2, UploadEvents.Parse($"[{Cloud()},{Cloud(eTag: "0x8D2")}]", Account).Count);

    [Fact]
    public void What_is_none_of_our_business_is_passed_over()
    {
        Assert.Empty(UploadEvents.Parse(Cloud("CreateFile"), Account));
        Assert.Empty(UploadEvents.Parse(Cloud("AppendFile"), Account));
        Assert.Empty(UploadEvents.Parse(Cloud(type: "Microsoft.Storage.BlobDeleted"), Account));
        Assert.Empty(UploadEvents.Parse("""{"eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"x"}}""", Account));
        Assert.Empty(UploadEvents.Parse(Cloud(host: "other.blob.core.windows.net"), Account));
        Assert.Empty(UploadEvents.Parse(Cloud(host: "store12.blob.core.windows.net"), Account));
        Assert.Empty(UploadEvents.Parse(Cloud(container: "runs"), Account));
        Assert.Empty(UploadEvents.Parse(Cloud(container: "rollouts2"), Account));
        Assert.Empty(UploadEvents.Parse(Cloud(path: "submitted/a.jsonl"), Account));
        Assert.Empty(UploadEvents.Parse("[]", Account));
    }

    [Fact]
    public void Escaped_paths_are_unescaped_once() =>
        Assert.Equal("in/my batch.jsonl", UploadEvents.Parse(Cloud(path: "in/my%20batch.jsonl"), Account).Single().Path);

    [Fact]
    public void Azurite_names_its_account_in_the_path() =>
        Assert.Equal(
            "in/a.jsonl",
            UploadEvents.Parse(Cloud().Replace("https://store1.blob.core.windows.net/", "http://127.0.0.1:10000/devstoreaccount1/", StringComparison.Ordinal), "devstoreaccount1").Single().Path);

    [Theory]
    [InlineData("{}")]
    [InlineData("1")]
    [InlineData("[1]")]
    [InlineData("""{"type":1}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated"}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated","data":{}}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated","data":{"api":"PutBlob"}}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated","data":{"api":"PutBlob","url":"x","eTag":"y"}}""")]
    [InlineData("""{"type":"Microsoft.Storage.BlobCreated","data":{"api":"PutBlob","url":"file:///etc/passwd","eTag":"y"}}""")]
    public void What_is_no_event_is_refused(string text) => Assert.Throws<MessageRefusedException>(() => UploadEvents.Parse(text, Account));

    [Fact]
    public void A_blob_whose_name_can_not_be_a_batch_is_refused() =>
        Assert.Throws<MessageRefusedException>(() => UploadEvents.Parse(Cloud(path: "in/a%2525b"), Account));

    [Fact]
    public void No_message_whatever_makes_the_parser_throw_anything_but_a_refusal()
    {
        string whole = $"[{Cloud()},{Grid()}]";
        Gen<string> mutated = Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Char, Gen.Int[0, 5]).Select((at, c, cut) => whole[..at] + c + whole[Math.Min(at + cut, whole.Length)..]);
        Gen<string> paths = Gen.String.Select(static s => Cloud(path: System.Text.Json.JsonEncodedText.Encode(s).ToString()));
        Gen<string> hosts = Gen.String.Select(static s => Cloud(host: System.Text.Json.JsonEncodedText.Encode(s).ToString()));
        Gen.OneOf(mutated, paths, hosts, Gen.String).Sample(
            static text =>
            {
                try
                {
                    Assert.All(UploadEvents.Parse(text, Account), static upload => Assert.Null(BatchPath.Fault(upload.Path)));
                }
                catch (MessageRefusedException refusal)
                {
                    Assert.InRange(refusal.Message.Length, 1, 400);
                    Assert.DoesNotContain(refusal.Message, char.IsControl);
                }
            },
            iter: 4000);
    }

    private static string Data(string api, string host, string container, string path, string eTag) =>
        $$"""{"api":"{{api}}","clientRequestId":"c","requestId":"r","eTag":"{{eTag}}","contentType":"application/json","contentLength":12,"blobType":"BlockBlob","url":"https://{{host}}/{{container}}/{{path}}","sequencer":"0","storageDiagnostics":{"batchId":"b"} }""";

    private static string Cloud(
        string api = "PutBlob", string type = "Microsoft.Storage.BlobCreated", string host = "store1.blob.core.windows.net", string container = "rollouts", string path = "in/a.jsonl", string eTag = "0x8D1") =>
        $$"""{"source":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/store1","subject":"/blobServices/default/containers/{{container}}/blobs/{{path}}","type":"{{type}}","time":"2026-08-01T10:00:00Z","id":"1","specversion":"1.0","data":{{Data(api, host, container, path, eTag)}} }""";

    private static string Grid(string api = "PutBlob") =>
        $$"""{"topic":"/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/store1","subject":"/blobServices/default/containers/rollouts/blobs/in/a.jsonl","eventType":"Microsoft.Storage.BlobCreated","eventTime":"2026-08-01T10:00:00Z","id":"1","dataVersion":"","metadataVersion":"1","data":{{Data(api, "store1.blob.core.windows.net", "rollouts", "in/a.jsonl", "0x8D1")}} }""";
}
