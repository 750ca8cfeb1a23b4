using System.Globalization;
using System.Text.Json;
using Tribunal.Formats.TrainingSets;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Runs.Exports;
using Tribunal.Runs.Orchestration;
using Tribunal.Testing.Runs;
using Tribunal.Training;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>
/// Training data of judges that are asked about one response at a time held the prompts of all calls in one, and those of graded runs
/// showed no criterion, because the run's rubric file was not looked at.
/// </summary>
public sealed class GradedTrainingTests
{
    private const string RubricText = """
        criteria:
          - {id: right, text: It is right., weight: 3, kind: required}
        domains:
          odd:
            - It is odd.
            - It is brief.
        """;

    [Theory]
    [InlineData("rubric-together")]
    [InlineData("rubric-apart")]
    [InlineData("mt-bench-single")]
    public async Task Each_example_is_a_call_as_the_judge_got_it_and_what_it_answered_to_that_call(string protocol)
    {
        using var bed = new RunBed(6, responses: 2) { Protocol = protocol };
        bed.Judge.On = Answer;
        await bed.RunAsync(request: await RequestAsync(bed, protocol));
        TrainingReport report = await ExportAsync(bed, TrainingForm.Spct);
        Assert.DoesNotContain(report.Warnings, static warning => warning.Contains("prompt", StringComparison.Ordinal));
        Assert.True(report.Kept > 0, string.Join(", ", report.Dropped));
        HashSet<string> asked = [.. bed.Judge.Asked.Select(static question => string.Join('\n', question.Messages.Select(static message => $"{message.Role}: {message.Content}")))];
        int calls = 0;
        foreach (JsonElement row in Rows(bed))
        {
            JsonElement[] turns = [.. row.GetProperty("messages").EnumerateArray()];
            Assert.Equal(("assistant", 1), (turns[^1].GetProperty("role").GetString(), turns.Count(static turn => turn.GetProperty("role").GetString() == "user")));
            Assert.Contains(string.Join('\n', turns.SkipLast(1).Select(static turn => $"{turn.GetProperty("role").GetString()}: {turn.GetProperty("content").GetString()}")), asked);
            Assert.DoesNotContain("⟪", turns[^1].GetProperty("content").GetString(), StringComparison.Ordinal);
            calls++;
        }

        Assert.Equal((report.Examples, true), (calls, calls > report.Kept));
    }

    [Fact]
    public async Task Criteria_in_the_examples_are_those_of_the_runs_rubric_file()
    {
        using var bed = new RunBed(6, responses: 2) { Protocol = "rubric-together" };
        bed.Judge.On = Answer;
        EvaluationRequest request = await RequestAsync(bed, "rubric-together");
        await bed.RunAsync(request: request);
        File.Delete(request.RubricFile!);
        await ExportAsync(bed, TrainingForm.Spct);
        string[] prompts = [.. Rows(bed).Select(static row => $"{row.GetProperty("domain").GetString()}: {row.GetProperty("messages")[1].GetProperty("content").GetString()}")];
        Assert.Contains(prompts, static prompt => prompt.StartsWith("even", StringComparison.Ordinal));
        Assert.All(prompts, static prompt => Assert.Equal(
            prompt.StartsWith("odd", StringComparison.Ordinal) ? (false, true) : (true, false),
            (prompt.Contains("1. It is right.", StringComparison.Ordinal), prompt.Contains("1. It is odd.\n2. It is brief.", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData("rubric-together", TrainingForm.Rlvr)]
    [InlineData("rubric-apart", TrainingForm.Meta)]
    public async Task What_a_label_does_not_say_of_criteria_is_refused(string protocol, TrainingForm form)
    {
        using var bed = new RunBed(2, responses: 2) { Protocol = protocol };
        bed.Judge.On = Answer;
        await bed.RunAsync(request: await RequestAsync(bed, protocol));
        TrainingExportException refused = await Assert.ThrowsAsync<TrainingExportException>(() => ExportAsync(bed, form));
        Assert.Contains("grades criteria", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_label_of_several_responses_is_about_none_of_several_answers()
    {
        using var bed = new RunBed(3, responses: 2) { Protocol = "mt-bench-single" };
        bed.Judge.On = Answer;
        await bed.RunAsync(request: await RequestAsync(bed, "mt-bench-single"));
        TrainingReport report = await ExportAsync(bed, TrainingForm.Meta);
        Assert.Equal((0L, report.Judgements), (report.Examples, report.Dropped["several-calls"]));
    }

    [Fact]
    public async Task A_reward_model_has_written_nothing_to_learn_from()
    {
        using var bed = new RunBed(2, responses: 2) { Protocol = "skywork-reward" };
        bed.Judge.On = static (_, question) => new JudgeReply { Text = $"{question.Messages[^1].Content.Length}", Finish = "stop" };
        await bed.RunAsync(request: new EvaluationRequest { Batch = bed.Batch, Protocol = "skywork-reward", Policy = new() { Samples = 1 } });
        TrainingExportException refused = await Assert.ThrowsAsync<TrainingExportException>(() => ExportAsync(bed, TrainingForm.Spct));
        Assert.Contains("classic reward model", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 5, Grade.Correct)]
    [InlineData(1, 1, Grade.Incorrect)]
    [InlineData(0, 1, Grade.Correct)]
    public void A_response_alone_is_graded_by_the_ends_of_the_judges_own_scale(int truth, double score, Grade expected)
    {
        var rollout = new Rollout { Id = "r", Prompt = [new Message("user", "q")], Responses = [new Response("a")], Scores = [truth] };
        var judgement = new TracedJudgement { RolloutId = "r", Sample = 0, Protocol = "prometheus-absolute", Judge = "j", Order = [0], Outcome = JudgementOutcome.Valid, Scores = [score], Scale = [1, 5], Text = "t" };
        Trajectory trajectory = Assert.Single(new TrainingSelection(new TrainingOptions { Form = TrainingForm.Meta, Protocol = "prometheus-absolute", OneByOne = true }).Select(rollout, [judgement]));
        Assert.Equal((expected, null), (trajectory.Grade, trajectory.Dropped));
    }

    [Fact]
    public void The_line_that_keeps_probabilities_is_no_part_of_what_the_judge_wrote()
    {
        var rollout = new Rollout { Id = "r", Prompt = [new Message("user", "q")], Responses = [new Response("a"), new Response("b")] };
        JudgePrompt prompt = DeclaredCatalog.Of("general-pair-tokens").Compose(rollout, [0, 1]);
        var judgement = new TracedJudgement { RolloutId = "r", Sample = 0, Protocol = "general-pair-tokens", Judge = "j", Order = [0, 1], Pair = [0, 1], Outcome = JudgementOutcome.Valid, Winner = 0, Text = "A\n⟪probabilities A=0.8 B=0.2⟫" };
        Assert.Equal("A", Assert.Single(Tribunal.Protocols.Declared.PromptAsking.Calls(prompt, judgement)!).Said.Text);
    }

    // Every call gets an answer of its own, by what it was asked: right of some responses and wrong of others.
    private static JudgeReply Answer(int call, JudgeQuestion question)
    {
        string asked = question.Messages[^1].Content;
        ulong drawn = StableHash.Of(3, [asked, question.Seed.ToString(CultureInfo.InvariantCulture)]) >> 7;
        bool met = drawn % 2 == 0;
        string text = asked.Contains("# Criteria\n", StringComparison.Ordinal)
            ? $$"""{"criteria": [{{string.Join(", ", Enumerable.Range(1, asked.Split("\n2. ", StringSplitOptions.None).Length).Select(i => $$"""{"criterion": {{i}}, "explanation": "{{call}}", "met": {{(met ? "true" : "false")}}}"""))}}]}"""
            : asked.Contains("# Criterion\n", StringComparison.Ordinal) ? $$"""{"explanation": "{{call}}", "met": {{(met ? "true" : "false")}}}"""
            : $"Reason {call}.\nRating: [[{1 + (drawn % 10)}]]";
        return new JudgeReply { Text = text, Finish = "stop", Usage = new Usage(10, 5) };
    }

    private static async Task<EvaluationRequest> RequestAsync(RunBed bed, string protocol)
    {
        var request = new EvaluationRequest { Batch = bed.Batch, Protocol = protocol, Policy = new() { Samples = 4 } };
        if (!protocol.StartsWith("rubric", StringComparison.Ordinal))
        {
            return request;
        }

        string path = Path.Combine(bed.Folder, "rubric.yaml");
        await File.WriteAllTextAsync(path, RubricText);
        return request with { RubricFile = path };
    }

    private static Task<TrainingReport> ExportAsync(RunBed bed, TrainingForm form) =>
        TrainingExport.WriteAsync(new TrainingExportOptions { Run = bed.PathOf(""), Output = Path.Combine(bed.Folder, "out"), Form = form, Trajectories = 4 });

    private static JsonElement[] Rows(RunBed bed) => [.. File.ReadLines(Path.Combine(bed.Folder, "out", "train.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement)];
}
