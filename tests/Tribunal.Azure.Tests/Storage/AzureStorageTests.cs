using System.Text;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Storage;

namespace Tribunal.Azure.Tests.Storage;

public class AzureRunStoreTests(AzuriteServer azurite) : RunStoreConformance, IAsyncLifetime
{
    private StorageClients _clients = null!;

    protected virtual AzureRunStoreOptions Options => new();

    public async ValueTask InitializeAsync() => _clients = await azurite.ConnectAsync();

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_retried_append_whose_first_answer_got_lost_counts_once()
    {
        LoseAnswers lose = new();
        StorageClients lossy = await azurite.ConnectAsync(new HttpPipelineOverrides { Policy = lose, Delay = TimeSpan.FromMilliseconds(1) });
        AzureRunStore store = lossy.OpenRun(NewRunId(), Options);
        await using ILedgerPart part = await store.OpenPartAsync("part", Cancel);
        await part.AppendAsync("one\n"u8.ToArray(), Cancel);
        lose.Next = true;
        await part.AppendAsync("two\n"u8.ToArray(), Cancel);
        await part.AppendAsync("three\n"u8.ToArray(), Cancel);
        Assert.False(lose.Next);
        Assert.Equal("one\ntwo\nthree\n", await TextAsync(await store.OpenReadAsync("part", 0, Cancel)));
    }

    [Fact]
    public async Task A_creator_whose_first_answer_got_lost_has_created()
    {
        LoseAnswers lose = new() { Of = "/claim" };
        StorageClients lossy = await azurite.ConnectAsync(new HttpPipelineOverrides { Policy = lose, Delay = TimeSpan.FromMilliseconds(1) });
        AzureRunStore store = lossy.OpenRun(NewRunId(), Options);
        lose.Next = true;
        Assert.True(await store.TryCreateDocumentAsync("claim", "mine"u8.ToArray(), Cancel));
        Assert.False(lose.Next);
        Assert.False(await store.TryCreateDocumentAsync("claim", "mine"u8.ToArray(), Cancel));
    }

    [Fact]
    public async Task A_writer_whose_lease_was_broken_must_stop()
    {
        AzureRunStore store = _clients.OpenRun(NewRunId(), Options);
        await using ILedgerPart old = await store.OpenPartAsync("part", Cancel);
        await old.AppendAsync("one\n"u8.ToArray(), Cancel);
        await store.Segment("part", 0).GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancel);
        await using ILedgerPart next = await store.OpenPartAsync("part", Cancel);
        await next.AppendAsync("two\n"u8.ToArray(), Cancel);
        await Assert.ThrowsAsync<PartBusyException>(() => old.AppendAsync("late\n"u8.ToArray(), Cancel));
        Assert.Equal("one\ntwo\n", await TextAsync(await store.OpenReadAsync("part", 0, Cancel)));
    }

    [Fact]
    public async Task More_than_one_request_can_hold_is_cut_between_lines()
    {
        AzureRunStore store = _clients.OpenRun(NewRunId(), Options with { StitchBlockBytes = 1 << 20 });
        string lines = string.Concat(Enumerable.Range(0, 5).Select(static i => new string((char)('a' + i), 1_500_000) + "\n"));
        await using (ILedgerPart part = await store.OpenPartAsync("part", Cancel))
        {
            await part.AppendAsync(Encoding.ASCII.GetBytes(lines), Cancel);
        }

        Assert.Equal(lines, await TextAsync(await store.OpenReadAsync("part", 0, Cancel)));
        await store.StitchAsync("all", ["part", "part"], Cancel);
        Assert.Equal(lines + lines, await TextAsync(await store.OpenReadAsync("all", 0, Cancel)));
    }

    [Fact]
    public async Task Readers_see_the_old_stitched_file_until_the_new_one_is_committed()
    {
        AzureRunStore store = _clients.OpenRun(NewRunId(), Options);
        await using (ILedgerPart part = await store.OpenPartAsync("part", Cancel))
        {
            await part.AppendAsync("one\n"u8.ToArray(), Cancel);
        }

        await store.StitchAsync("all", ["part"], Cancel);
        BlockBlobClient target = _clients.Runs.GetBlockBlobClient($"{store.RunId}/all");
        StagedBlocks blocks = new(target, 4);
        await blocks.AppendLinesAsync(new MemoryStream("two\nthree\n"u8.ToArray()), Cancel);
        Assert.Equal("one\n", await TextAsync(await store.OpenReadAsync("all", 0, Cancel)));
        await blocks.CommitAsync(conditions: null, Cancel);

        Assert.Equal("two\nthree\n", await TextAsync(await store.OpenReadAsync("all", 0, Cancel)));
    }

    protected override IRunStore Open(string runId) => _clients.OpenRun(runId, Options);

    protected override async Task TearAsync(string runId, string name, string content)
    {
        AppendBlobClient blob = _clients.Runs.GetAppendBlobClient($"{runId}/{name}");
        await blob.CreateAsync(cancellationToken: Cancel);
        await blob.AppendBlockAsync(new MemoryStream(Encoding.UTF8.GetBytes(content)), cancellationToken: Cancel);
    }

    /// <summary>Lets one request through and makes its answer a broken connection's.</summary>
    private sealed class LoseAnswers : HttpPipelineSynchronousPolicy
    {
        public bool Next { get; set; }

        /// <summary>Part of the request's address.</summary>
        public string Of { get; init; } = "appendblock";

        public override void OnReceivedResponse(HttpMessage message)
        {
            if (Next && message.Request.Uri.ToString().Contains(Of, StringComparison.Ordinal))
            {
                Next = false;
                throw new RequestFailedException(0, "the connection was reset", new IOException());
            }
        }
    }
}

/// <summary>The same promises when a part goes on in another blob after every second append.</summary>
public sealed class AzureRunStoreOfSmallBlobsTests(AzuriteServer azurite) : AzureRunStoreTests(azurite)
{
    protected override AzureRunStoreOptions Options => new() { AppendsPerBlob = 2, StitchBlockBytes = 16 };
}

public sealed class AzureBatchFileTests(AzuriteServer azurite) : BatchFileConformance, IAsyncLifetime
{
    private StorageClients _clients = null!;

    public async ValueTask InitializeAsync() => _clients = await azurite.ConnectAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override async Task<IBatchFile> WriteAsync(string name, byte[] content)
    {
        await _clients.Rollouts.GetBlobClient("azure/" + name).UploadAsync(new BinaryData(content), overwrite: true, Cancel);
        return _clients.OpenBatch("azure/" + name);
    }

    protected override Task DeleteAsync(string name) => _clients.Rollouts.GetBlobClient("azure/" + name).DeleteAsync(cancellationToken: Cancel);

    protected override IBatchFile Missing() => _clients.OpenBatch("azure/missing");
}

public sealed class TableRunCatalogTests(AzuriteServer azurite) : RunCatalogConformance
{
    protected override async Task<IRunCatalog> OpenAsync() => new TableRunCatalog((await azurite.ConnectAsync()).Tables);
}

public sealed class StorageClientsTests
{
    [Fact]
    public void Without_settings_it_says_which_are_missing()
    {
        string message = Refusal([]);
        Assert.Contains("Tribunal__Storage__Account", message, StringComparison.Ordinal);
        Assert.Contains("Tribunal__Storage__ConnectionString", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_connection_string_of_a_real_account_is_refused_without_its_key()
    {
        string message = Refusal(new() { [SettingNames.StorageConnectionString] = "DefaultEndpointsProtocol=https;AccountName=prod;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net" });
        Assert.Contains("identity", message, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_connection_string_is_not_repeated() =>
        Assert.DoesNotContain("c2VjcmV0", Refusal(new() { [SettingNames.StorageConnectionString] = "AccountKey=c2VjcmV0" }), StringComparison.Ordinal);

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("evil.example/")]
    [InlineData("UPPER")]
    [InlineData("ab")]
    public void An_account_is_a_name_never_an_address(string account) =>
        Assert.Contains("named by", Refusal(new() { [SettingNames.StorageAccount] = account }), StringComparison.Ordinal);

    [Theory]
    [InlineData(null)]
    [InlineData("11111111-2222-3333-4444-555555555555")]
    public void An_account_is_used_by_identity_over_https(string? clientId)
    {
        StorageClients clients = StorageClients.Create(Settings(new() { [SettingNames.StorageAccount] = "tribunalstore1", [SettingNames.IdentityClientId] = clientId }));
        Assert.Equal("https://tribunalstore1.blob.core.windows.net/", clients.Blobs.Uri.ToString());
        Assert.Equal("https://tribunalstore1.queue.core.windows.net/", clients.Queues.Uri.ToString());
        Assert.Equal("https://tribunalstore1.table.core.windows.net/", clients.Tables.Uri.ToString());
        Assert.False(clients.Blobs.CanGenerateAccountSasUri);
    }

    private static string Refusal(Dictionary<string, string?> settings) =>
        Assert.Throws<StorageConfigurationException>(() => StorageClients.Create(Settings(settings))).Message;

    private static IConfigurationRoot Settings(Dictionary<string, string?> settings) => new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
}
