using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tribunal.Azure;
using Tribunal.Azure.Storage;
using Tribunal.Functions.Tests.Hosting;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Azurite;

namespace Tribunal.Functions.Tests.Triggers;

public sealed class RunRecordAnswerTests(AzuriteServer azurite)
{
    [Fact]
    public async Task Start_status_and_cancel_answer_with_one_shape_of_the_record()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "shape");
        await bed.RunAsync(new EvaluationRequest { Batch = bed.BatchPath, Judge = "simulated", Policy = new() { Samples = 1 }, Output = "shape" });
        string body = $$"""{"batch":"{{bed.BatchPath}}","judge":"simulated","policy":{"samples":1},"output":"shape"}""";

        Answer started = await AppBed.AnswerAsync(bed.Http.StartEvaluation(AppBed.Request(body), bed.App.Client, default));
        Answer status = await AppBed.AnswerAsync(bed.Http.EvaluationStatus(AppBed.Request(), bed.App.Client, "shape", default));
        Answer cancelled = await AppBed.AnswerAsync(bed.Http.CancelEvaluation(AppBed.Request(), bed.App.Client, "shape", default));

        string expected = JsonSerializer.Serialize((await bed.Catalog.GetAsync("shape", default))!, AzureJson.Default.RunRecord);
        Assert.Equal(new Answer(StatusCodes.Status202Accepted, "application/json", "/api/evaluations/shape", expected), started);
        Assert.Equal(new Answer(StatusCodes.Status200OK, "application/json", null, expected), status);
        Assert.Equal(new Answer(StatusCodes.Status409Conflict, "application/json", null, expected), cancelled);
        Assert.Contains("\"state\":\"done\"", expected, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nobody-asked")]
    [InlineData("../runs")]
    public async Task A_run_that_is_not_there_is_not_found(string runId)
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "none");
        Assert.Equal(StatusCodes.Status404NotFound, (await AppBed.AnswerAsync(bed.Http.EvaluationStatus(AppBed.Request(), bed.App.Client, runId, default))).Status);
        Assert.Equal(StatusCodes.Status404NotFound, (await AppBed.AnswerAsync(bed.Http.CancelEvaluation(AppBed.Request(), bed.App.Client, runId, default))).Status);
        Assert.Equal(StatusCodes.Status404NotFound, (await AppBed.AnswerAsync(bed.Http.EvaluationResults(AppBed.Request(), runId, default))).Status);
    }

    [Fact]
    public async Task Results_are_downloads_of_the_runs_own_files_and_of_nothing_else()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "files");
        await bed.RunAsync(new EvaluationRequest { Batch = bed.BatchPath, Judge = "simulated", Policy = new() { Samples = 1 }, Output = "files" });

        HttpRequest other = AppBed.Request();
        other.QueryString = new QueryString("?file=../../rollouts/files.jsonl");
        Answer verdicts = await AppBed.AnswerAsync(bed.Http.EvaluationResults(AppBed.Request(), "files", default));
        Answer refused = await AppBed.AnswerAsync(bed.Http.EvaluationResults(other, "files", default));

        Assert.Equal((StatusCodes.Status200OK, "application/octet-stream"), (verdicts.Status, verdicts.ContentType));
        Assert.Equal(System.Text.Encoding.UTF8.GetString(await bed.ReadAsync("files", RunFiles.Verdicts)), verdicts.Body);
        Assert.Equal(StatusCodes.Status404NotFound, refused.Status);
    }

    [Fact]
    public async Task Asking_again_while_a_run_is_under_way_is_one_run()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "twice");
        EvaluationRequest request = new() { Batch = bed.BatchPath, Judge = "simulated", Policy = new() { Samples = 2 }, Output = "twice" };

        // One after the other: the test host's backend lets a second start of a name replace the first, and then works on neither.
        await bed.AskAsync(request);
        await bed.AskAsync(request);
        await bed.AskAsync(request);
        RunRecord record = await bed.RecordAsync("twice", static record => record.IsOver);

        Assert.Equal(RunState.Done, record.State);
        Assert.Equal(20, (await bed.ReadAsync("twice", RunFiles.Verdicts)).Count(static b => b == '\n'));
        Assert.Equal(40, (await bed.ReadAsync("twice", RunFiles.Judgements)).Count(static b => b == '\n'));
    }
}
