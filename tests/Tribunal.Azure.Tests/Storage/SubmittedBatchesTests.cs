using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Azure.Storage.Blobs.Models;
using Tribunal.Azure.Storage;
using Tribunal.Testing.Azurite;

namespace Tribunal.Azure.Tests.Storage;

public sealed class SubmittedBatchesTests(AzuriteServer azurite)
{
    private static readonly CancellationToken Cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_grant_lets_one_blob_be_written_and_nothing_else_be_read_or_written()
    {
        StorageClients clients = await azurite.ConnectAsync();
        SubmittedBatches batches = new(clients, TimeProvider.System);
        byte[] content = Unique();

        UploadGrant grant = await batches.GrantAsync("my batch.jsonl", Hash(content), Cancel);

        Assert.Equal($"submitted/{Hash(content)[..16]}/my batch.jsonl", grant.Batch);
        using HttpClient http = new();
        Assert.Equal(HttpStatusCode.Forbidden, (await http.GetAsync(grant.Address, Cancel)).StatusCode);
        UriBuilder other = new(grant.Address!);
        other.Path = other.Path.Replace("my", "your", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, await PutAsync(http, other.Uri, content));
        Assert.Equal(HttpStatusCode.Created, await PutAsync(http, grant.Address!, content));
        Assert.Equal(content, (await clients.Rollouts.GetBlobClient(grant.Batch).DownloadContentAsync(Cancel)).Value.Content.ToArray());

        UploadGrant again = await batches.GrantAsync("my batch.jsonl", Hash(content), Cancel);
        Assert.Null(again.Address);
    }

    [Fact]
    public void An_identity_signs_for_one_blob_for_a_quarter_of_an_hour_over_https()
    {
        DateTimeOffset now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);
        UserDelegationKey key = BlobsModelFactory.UserDelegationKey("object-id", "tenant-id", now, now.AddHours(1), "b", "2025-01-05", Convert.ToBase64String(new byte[32]));

        Uri address = SubmittedBatches.Signed(
            new Uri("https://account.blob.core.windows.net/rollouts/submitted/0123456789abcdef/b.jsonl"),
            SubmittedBatches.Signature("submitted/0123456789abcdef/b.jsonl", now.AddMinutes(-5), now + SubmittedBatches.GrantTime, isHttps: true),
            key,
            "account");

        Dictionary<string, string> query = address.Query.TrimStart('?').Split('&').Select(static part => part.Split('=', 2)).ToDictionary(static part => part[0], static part => Uri.UnescapeDataString(part[1]));
        Assert.Equal(("cw", "b", "https", "object-id"), (query["sp"], query["sr"], query["spr"], query["skoid"]));
        Assert.Equal(now.AddMinutes(15), DateTimeOffset.Parse(query["se"], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Content_that_comes_through_the_app_appears_whole_and_only_as_what_its_name_says()
    {
        StorageClients clients = await azurite.ConnectAsync();
        SubmittedBatches batches = new(clients, TimeProvider.System);
        byte[] content = [.. Unique(), .. new byte[9 * 1024 * 1024]];
        string path = SubmittedBatches.PathOf("b.jsonl", Hash(content));

        ProblemsException cut = await Assert.ThrowsAsync<ProblemsException>(() => batches.TakeAsync("b.jsonl", Hash(content), new MemoryStream(content, 0, content.Length - 1), Cancel));
        Assert.Contains("cut or changed", cut.Message, StringComparison.Ordinal);
        Assert.False(await clients.Rollouts.GetBlobClient(path).ExistsAsync(Cancel));

        Assert.Equal(path, await batches.TakeAsync("b.jsonl", Hash(content), new MemoryStream(content), Cancel));
        BlobProperties first = await clients.Rollouts.GetBlobClient(path).GetPropertiesAsync(cancellationToken: Cancel);
        Assert.Equal(content.Length, first.ContentLength);

        // A run may be reading it: the same batch once more changes nothing.
        await batches.TakeAsync("b.jsonl", Hash(content), new MemoryStream(content), Cancel);
        Assert.Equal(first.ETag, (await clients.Rollouts.GetBlobClient(path).GetPropertiesAsync(cancellationToken: Cancel)).Value.ETag);
    }

    [Theory]
    [InlineData("b.jsonl", "0123")]
    [InlineData("b.jsonl", "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF")]
    [InlineData("..", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    public void What_is_no_hash_or_no_name_is_refused(string name, string hash) =>
        Assert.Throws<ProblemsException>(() => SubmittedBatches.PathOf(name, hash));

    [Theory]
    [InlineData("../../runs/x", "submitted/0123456789abcdef/..-..-runs-x")]
    [InlineData("a/b.jsonl", "submitted/0123456789abcdef/a-b.jsonl")]
    public void A_name_can_not_leave_its_folder(string name, string path) =>
        Assert.Equal(path, SubmittedBatches.PathOf(name, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));

    private static byte[] Unique() => Encoding.UTF8.GetBytes($$"""{"id":"{{Guid.NewGuid()}}","prompt":"p","responses":["a","b"]}""" + "\n");

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static async Task<HttpStatusCode> PutAsync(HttpClient http, Uri address, byte[] content)
    {
        using HttpRequestMessage put = new(HttpMethod.Put, address) { Content = new ByteArrayContent(content) };
        put.Headers.Add("x-ms-blob-type", "BlockBlob");
        using HttpResponseMessage answer = await http.SendAsync(put, Cancel);
        return answer.StatusCode;
    }
}
