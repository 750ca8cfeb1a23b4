using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Recorded;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.BatchApi;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Testing.Batches;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>
/// Reported of other batch services than OpenAI's: their envelopes and errors. What a service refused for what the request holds was asked for
/// again for ever, and what nobody's request could pass was written down as judged.
/// </summary>
public sealed class BatchServicesTests : IDisposable
{
    private const string Name = "0|0.1|a";
    private const string Completion = """{"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Scores: \\boxed{8, 3}"},"finish_reason":"stop"}],"usage":{"prompt_tokens":400,"completion_tokens":30,"total_tokens":430}}""";

    private const string Answered = """{"status_code":200,"body":""" + Completion + "}";

    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-services-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("""{"custom_id":"0|0.1|a","response":COMPLETION}""")]
    [InlineData("""{"custom_id":"0|0.1|a","response":{"body":COMPLETION,"request_id":"r","status_code":200},"error":null}""")]
    [InlineData("""{"custom_id":"0|0.1|a","response":{"status_code":"200","body":COMPLETION}}""")]
    [InlineData("""{"custom_id":"0|0.1|a","response":{"body":COMPLETION}}""")]
    [InlineData("""{"custom_id":"0|0.1|a","response":{"status_code":200,"body":COMPLETION},"error":{}}""")]
    [InlineData("""{"custom_id":"0|0.1|a","response":{"status_code":200,"body":COMPLETION},"error":{"code":"","message":null}}""")]
    [InlineData("""{"custom_id":"0|0.1|a","response":{"status_code":200,"body":COMPLETION},"error":""}""")]
    [InlineData("""{"custom_id":"0|0.1|a","response":{"status_code":200,"body":{"choices":[{"message":{"content":"Scores: \\boxed{8, 3}"},"finish_reason":"stop"}],"usage":{"promptTokens":400,"completionTokens":30,"totalTokens":430}}}}""")]
    public async Task A_completion_is_one_in_every_services_envelope(string line)
    {
        RecordedLine read = Assert.Single(await ReadAsync(line.Replace("COMPLETION", Completion, StringComparison.Ordinal)));
        Judgement judgement = Assert.Single(read.Judgements);
        Assert.Equal((JudgementOutcome.Valid, new Usage(400, 30)), (judgement.Outcome, judgement.Usage));
    }

    [Theory]
    [InlineData("""{"status_code":400,"request_id":"v","body":null}""", """{"error":{"message":"maximum context length is 4096 tokens","type":"BadRequestError","param":null,"code":400}}""", "maximum context length")]
    [InlineData("""{"status_code":400,"request_id":"v","body":null}""", """{"object":"error","message":"maximum context length is 4096 tokens","type":"BadRequestError","code":400}""", "maximum context length")]
    [InlineData("""{"status_code":400,"request_id":"v","body":null}""", "\"maximum context length is 4096 tokens\"", "maximum context length")]
    [InlineData("""{"status_code":400,"request_id":"v","body":null}""", """{"message":"no such role"}""", "no such role")]
    [InlineData("null", """{"message":"Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193","code":"invalid_request"}""", "must be <= 8193")]
    [InlineData("""{"status_code":400,"body":{"error":{"message":"too long","code":"context_length_exceeded"}}}""", """{"code":"context_length_exceeded","message":"too long"}""", "too long")]
    [InlineData("""{"status_code":429,"body":{"error":{"message":"Request too large for m on tokens per min (TPM): Limit 30000, Requested 40000.","code":"rate_limit_exceeded"}}}""", "null", "Request too large")]
    [InlineData("""{"status_code":500,"body":{"error":{"message":"Input length (5000 tokens) exceeds the maximum allowed length (4096 tokens)."}}}""", "null", "exceeds the maximum")]
    [InlineData("null", """{"code":"DataInspectionFailed","message":"Input data may contain inappropriate content."}""", "inappropriate", JudgementOutcome.Refused)]
    public async Task What_a_request_holds_is_not_asked_again(string response, string error, string words, JudgementOutcome outcome = JudgementOutcome.Failed)
    {
        RecordedLine read = Assert.Single(await ReadAsync(Line(response, error)));
        Judgement judgement = Assert.Single(read.Judgements);
        Assert.Equal((outcome, false), (judgement.Outcome, read.MayAskAgain));
        Assert.Contains(words, judgement.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null", """{"code":"batch_expired","message":"not executed before the completion window expired"}""", "window expired")]
    [InlineData("null", """{"code":"batch_cancelled","message":"the batch was cancelled"}""", "cancelled")]
    [InlineData("""{"status_code":400,"request_id":"v","body":null}""", "\"EngineCore encountered an issue\"", "EngineCore")]
    [InlineData("""{"status_code":500,"body":null}""", "null", "answered 500")]
    [InlineData("""{"status_code":502,"body":"<html><head><title>502 Bad Gateway</title></head></html>"}""", "null", "502 Bad Gateway")]
    [InlineData("""{"status_code":401,"body":{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}}""", "null", "Incorrect API key")]
    [InlineData("""{"status_code":403,"body":{"error":{"message":"no access to the model"}}}""", "null", "no access")]
    [InlineData("""{"status_code":404,"request_id":"v","body":null}""", """{"error":{"message":"The model `m` does not exist.","type":"NotFoundError","code":404}}""", "does not exist")]
    [InlineData("null", """{"message":"Invalid model specified","code":"invalid_model"}""", "Invalid model")]
    [InlineData("""{"status_code":400,"body":{"error":{"message":"'temperature' does not support 0.5","code":"unsupported_value"}}}""", "null", "'temperature'")]
    [InlineData("""{"status_code":422,"body":{"message":{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"no"}]}}}""", "null", "extra_forbidden")]
    [InlineData("""{"status_code":429,"body":{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}}""", "null", "current quota")]
    public async Task What_passes_or_can_be_put_right_is_asked_again(string response, string error, string words)
    {
        RecordedLine read = Assert.Single(await ReadAsync(Line(response, error)));
        Assert.True(read.MayAskAgain);
        Assert.Contains(words, read.Judgements[0].Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"id":"batch_1","object":"batch","status":"failed","errors":{"object":"list","data":[{"code":"token_limit_exceeded","message":"Enqueued token limit reached","line":null}]}}""", "custom_id is missing: this is the state of a batch, and no answer: Enqueued token limit reached")]
    [InlineData("""{"id":"batch_1","object":"batch","status":"in_progress","errors":null}""", "custom_id is missing: this is the state of a batch, and no answer")]
    [InlineData("""{"error":{"message":"No such File object: file-abc","type":"invalid_request_error"}}""", "custom_id is missing: this is no answer: No such File object: file-abc")]
    [InlineData("""{"custom_id":"0|0.1|a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[]}}""", "response is missing: this is a request, and no answer to it")]
    public async Task What_lies_among_the_answers_and_is_none_is_called_what_it_is(string line, string words) => Assert.Equal(words, Assert.Single(await ReadAsync(line)).Error);

    [Fact]
    public async Task An_answer_behind_an_error_of_the_same_name_stands()
    {
        var requests = new OpenAiBatchRequests();
        using var asked = new MemoryStream("""{"custom_id":"0|0.1|a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[]}}"""u8.ToArray());
        await requests.AddAsync(asked, TestContext.Current.CancellationToken);
        List<RecordedLine> lines = await ReadAsync(Line("null", """{"code":"batch_expired","message":"expired"}""") + "\n" + Line(Answered, "null"), requests);
        Assert.True(lines[0].MayAskAgain);
        Assert.Equal((null, JudgementOutcome.Valid), (lines[1].Error, lines[1].Judgements[0].Outcome));
        Assert.Empty(requests.Unanswered);
    }

    [Fact]
    public async Task A_run_that_the_service_turned_away_as_a_whole_goes_on_once_that_is_put_right()
    {
        OpenAiBatchState first = await Run().AdvanceAsync(TestContext.Current.CancellationToken);
        string[] names = [.. File.ReadLines(Assert.Single(first.RequestFiles)).Select(static line => line.Split('"')[3])];
        Write("errors.jsonl", names.Select(static name => Line("""{"status_code":401,"body":{"error":{"message":"Incorrect API key provided"}}}""", "null", name)));
        OpenAiBatchState refused = await Run().AdvanceAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0L, first.Requests, first.Requests), (refused.Answers, refused.Unusable, refused.Requests));
        Assert.Null(refused.Summary);

        Write("output.jsonl", names.Select(static name => Line(Answered, "null", name)));
        OpenAiBatchState complete = await Run().AdvanceAsync(TestContext.Current.CancellationToken);
        Assert.Equal((RunStatus.Complete, 2L), (complete.Summary!.Status, complete.Summary.Judgements.Valid));
    }

    [Fact]
    public async Task A_file_that_is_none_of_answers_is_named()
    {
        await Run().AdvanceAsync(TestContext.Current.CancellationToken);
        Write("page.jsonl", ["<!DOCTYPE html><html><head><title>Sign in</title></head></html>"]);
        BatchFormatException exception = await Assert.ThrowsAsync<BatchFormatException>(() => Run().AdvanceAsync(TestContext.Current.CancellationToken));
        Assert.Contains("page.jsonl: the file is a web page", exception.Message, StringComparison.Ordinal);
    }

    private static string Line(string response, string error, string name = Name) => $$"""{"id":"x","custom_id":"{{name}}","response":{{response}},"error":{{error}}}""";

    private static async Task<List<RecordedLine>> ReadAsync(string lines, OpenAiBatchRequests? requests = null)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(lines));
        return await LedgerImport.ReadAsync(stream, new ImportOptions { Format = RecordedFormat.OpenAiBatch, Protocol = "grm", Requests = requests }, TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);
    }

    private void Write(string name, IEnumerable<string> lines) => File.WriteAllLines(Path.Combine(_folder, "run", OpenAiBatchRun.AnswersFolder, name), lines);

    // A batch that is written again is another one.
    private OpenAiBatchRun Run()
    {
        string batch = Path.Combine(_folder, "batch.jsonl");
        if (!File.Exists(batch))
        {
            File.WriteAllBytes(batch, [.. BatchSamples.Lines([new Rollout { Id = "a", Prompt = [new Message("user", "Which?")], Responses = [new Response("x"), new Response("y")] }])]);
        }

        var request = new EvaluationRequest { Batch = batch, Seed = 5, Policy = new PolicyOptions { Samples = 2 } };
        return new OpenAiBatchRun(Path.Combine(_folder, "run"), request, Judge.Of(new ScriptedJudge(), "grm-27b", "grm"), new FakeTimeProvider());
    }
}
