using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Formats.Recorded;
using Tribunal.Rollouts;
using Tribunal.Runs.BatchApi;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Testing.Batches;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>
/// Reported: a batch API's answers to another run's requests, which name the same rollouts, take the place of this run's samples, and
/// these are never asked for.
/// </summary>
public sealed class AnswersOfAnotherRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-batch-").FullName;
    private readonly string _batch;

    public AnswersOfAnotherRunTests()
    {
        _batch = Path.Combine(_folder, "batch.jsonl");
        File.WriteAllBytes(_batch, BatchSamples.Lines([new Rollout { Id = "a", Prompt = [new Message("user", "Which?")], Responses = [new Response("one"), new Response("two")] }]));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("grm", "Scores: \\boxed{8, 3}"), InlineData("rrm", "</think>\\boxed{Assistant 1}")]
    public async Task Only_answers_to_what_the_run_asks_are_taken(string protocol, string text)
    {
        OpenAiBatchState first = await Run(protocol).AdvanceAsync(TestContext.Current.CancellationToken);
        using var request = JsonDocument.Parse(File.ReadLines(Assert.Single(first.RequestFiles)).First());
        string name = request.RootElement.GetProperty("custom_id").GetString()!;
        string turned = name.Contains("|0.1|", StringComparison.Ordinal) ? "0|1.0|a" : "0|0.1|a";
        string[] foreign = ["0|0.1.2|a", turned, "0|0|a"];
        string answers = Path.Combine(_folder, "run", OpenAiBatchRun.AnswersFolder, "a.jsonl");
        File.WriteAllLines(answers, foreign.Select(other => Answer(other, text)));
        OpenAiBatchState second = await Run(protocol).AdvanceAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0L, 3L, first.Requests), (second.Answers, second.Unusable, second.Requests));

        File.WriteAllLines(answers, [Answer(name, text)]);
        OpenAiBatchState third = await Run(protocol).AdvanceAsync(TestContext.Current.CancellationToken);
        Assert.Equal((1L, 0L, 0L), (third.Answers, third.Unusable, third.Requests));
        Assert.Equal(RunStatus.Complete, third.Summary!.Status);
    }

    [Theory]
    [InlineData("another model"), InlineData("another text"), InlineData("another temperature"), InlineData("another seed")]
    public async Task Answers_under_the_same_name_to_another_question_are_not_taken(string what)
    {
        string batch = Path.Combine(_folder, "other.jsonl");
        await File.WriteAllTextAsync(batch, (await File.ReadAllTextAsync(_batch)).Replace("one", what == "another text" ? "another" : "one", StringComparison.Ordinal));
        Judge judge = Judge.Of(new ScriptedJudge(), what == "another model" ? "other" : "m", "grm");
        judge = what == "another temperature" ? judge with { Sampling = judge.Sampling with { Temperature = 0.1 } } : judge;
        var request = new EvaluationRequest { Batch = batch, Seed = what == "another seed" ? 6 : 5, Policy = new PolicyOptions { Samples = 1 } };
        string foreign = await NameOf(new OpenAiBatchRun(Path.Combine(_folder, "other"), request, judge, new FakeTimeProvider()));
        string own = await NameOf(Run("grm"));
        Assert.NotEqual(own, foreign);
        string answers = Path.Combine(_folder, "run", OpenAiBatchRun.AnswersFolder, "a.jsonl");
        await File.WriteAllLinesAsync(answers, [Answer(foreign, "Scores: \\boxed{8, 3}")]);
        OpenAiBatchState refused = await Run("grm").AdvanceAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0L, 1L, 1L), (refused.Answers, refused.Unusable, refused.Requests));

        // Requests of earlier versions carry no tag, and their answers may still come.
        await File.WriteAllLinesAsync(answers, [Answer(own[..own.IndexOf('.', StringComparison.Ordinal)] + own[own.IndexOf('|', StringComparison.Ordinal)..], "Scores: \\boxed{8, 3}")]);
        Assert.Equal(1L, (await Run("grm").AdvanceAsync(TestContext.Current.CancellationToken)).Answers);
    }

    private static async Task<string> NameOf(OpenAiBatchRun run)
    {
        OpenAiBatchState state = await run.AdvanceAsync(TestContext.Current.CancellationToken);
        using var request = JsonDocument.Parse(File.ReadLines(Assert.Single(state.RequestFiles)).First());
        return request.RootElement.GetProperty("custom_id").GetString()!;
    }

    private OpenAiBatchRun Run(string protocol)
    {
        var request = new EvaluationRequest { Batch = _batch, Seed = 5, Policy = new PolicyOptions { Samples = 1 } };
        return new OpenAiBatchRun(Path.Combine(_folder, "run"), request, Judge.Of(new ScriptedJudge(), "m", protocol), new FakeTimeProvider());
    }

    private static string Answer(string name, string text) =>
        $$$"""{"id":"b","custom_id":"{{{name}}}","response":{"status_code":200,"body":{"choices":[{"index":0,"message":{"role":"assistant","content":{{{JsonSerializer.Serialize(text)}}}},"finish_reason":"stop"}]}},"error":null}""";
}
