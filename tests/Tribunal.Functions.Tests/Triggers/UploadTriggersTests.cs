using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Tribunal.Azure;
using Tribunal.Azure.Storage;
using Tribunal.Functions.Tests.Hosting;
using Tribunal.Functions.Triggers;
using Tribunal.Testing.Azurite;

namespace Tribunal.Functions.Tests.Triggers;

public sealed class UploadTriggersTests(AzuriteServer azurite)
{
    [Fact]
    public async Task A_batch_that_came_through_the_app_is_judged_like_any_other()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "through");
        UploadTriggers uploads = ActivatorUtilities.CreateInstance<UploadTriggers>(bed.App.Services);
        string hash = Convert.ToHexStringLower(SHA256.HashData(bed.Batch));

        Answer granted = await AppBed.AnswerAsync(uploads.GrantUpload(AppBed.Request(), hash, "mine.jsonl", default));
        Assert.Equal((StatusCodes.Status200OK, "application/json"), (granted.Status, granted.ContentType));
        Assert.NotNull(JsonSerializer.Deserialize(granted.Body, AzureJson.Default.UploadGrant)!.Address);

        Answer taken = await AppBed.AnswerAsync(uploads.TakeUpload(AppBed.Request(Encoding.UTF8.GetString(bed.Batch)), hash, "mine.jsonl", default));
        UploadGrant batch = JsonSerializer.Deserialize(taken.Body, AzureJson.Default.UploadGrant)!;
        Assert.Equal(bed.Batch, (await bed.Storage.Rollouts.GetBlobClient(batch.Batch).DownloadContentAsync(TestContext.Current.CancellationToken)).Value.Content.ToArray());

        Answer started = await AppBed.AnswerAsync(bed.Http.StartEvaluation(
            AppBed.Request($$"""{"batch":"{{batch.Batch}}","judge":"simulated","policy":{"samples":1},"output":"through-{{hash[..8]}}"}"""), bed.App.Client, default));
        Assert.Equal(StatusCodes.Status202Accepted, started.Status);
        Assert.Equal("done", (await bed.RecordAsync($"through-{hash[..8]}", static record => record.IsOver)).State.ToString().ToLowerInvariant());
    }

    [Fact]
    public async Task What_is_no_hash_or_not_the_content_is_refused_in_words()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "refused");
        UploadTriggers uploads = ActivatorUtilities.CreateInstance<UploadTriggers>(bed.App.Services);

        Answer hash = await AppBed.AnswerAsync(uploads.GrantUpload(AppBed.Request(), "no-hash", "b.jsonl", default));
        Answer content = await AppBed.AnswerAsync(uploads.TakeUpload(AppBed.Request("other"), Convert.ToHexStringLower(SHA256.HashData("said"u8)), "b.jsonl", default));

        Assert.Equal(StatusCodes.Status400BadRequest, hash.Status);
        Assert.Contains("hexadecimal", hash.Body, StringComparison.Ordinal);
        Assert.Equal(StatusCodes.Status400BadRequest, content.Status);
        Assert.Contains("cut or changed", content.Body, StringComparison.Ordinal);
    }
}
