using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>Rubrics, alone and in a panel, on every host.</summary>
public abstract partial class HostCases
{
    private static readonly byte[] RubricFile = "criteria: [{id: right, text: It is right., weight: 2, kind: required}, It is brief., {id: flaw, text: It is rude., kind: negative}]"u8.ToArray();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_grades_by_a_rubric_goes_on_where_it_stopped_and_draws_again_what_failed(bool panel)
    {
        string runId = panel ? "graded-panel" : "graded";
        await using IHostUnderTest host = await StartAsync(instances: 2);
        EvaluationRequest request = Graded(await RequestAsync(host, runId), await host.PutBatchAsync($"{runId}.yaml", RubricFile), panel);
        int failed = 0;
        _judge.On = (_, question) => question.Seed % 7 == 0 && Interlocked.Increment(ref failed) > 0 ? throw new JudgeException(JudgeFault.TimedOut, "too slow", new Tries { Requests = 1, TimedOut = 1 }) : Grades(question);
        _second.On = static (_, question) => Grades(question);
        Assert.Equal(RunState.Failed, (await RunAsync(host, request with { Limits = new SpendLimits { Tokens = 1500 } })).State);
        RunRecord ended = await RunAsync(host, request with { Limits = new SpendLimits { Tokens = 1_000_000 } });
        Assert.Equal((RunState.Done, null), (ended.State, ended.Reason));
        Assert.InRange(failed, 1, int.MaxValue);
        Assert.InRange((await SummaryAsync(host, runId)).Judgements.Failed, 1, failed);
        _judge.On = static (_, question) => Grades(question);
        Assert.Equal(RunState.Done, (await RunAsync(host, request with { RetryFailed = true })).State);

        RunSummary summary = await SummaryAsync(host, runId);
        Assert.Equal((0, panel ? 2 : 0), (summary.Judgements.Failed, summary.Members?.Count ?? 0));
        Assert.Equal(["c2", "flaw", "right"], summary.Criteria!.Select(static criterion => criterion.Id));
        await AssertAsUndisturbedAsync(host, request, static (_, question) => Grades(question), RubricFile);
    }

    private static EvaluationRequest Graded(EvaluationRequest request, string rubric, bool panel) => request with
    {
        Protocol = "rubric-together",
        RubricFile = rubric,
        Judges = panel ? new JudgePanel { Members = [new PanelMember { Judge = "second", Protocol = "grm" }, new PanelMember { Judge = "scripted", Protocol = "rubric-together" }] } : null,
    };

    // A grade for each criterion by what is asked and the seed; null, the scores of lists, where no criterion is shown.
    private static JudgeReply? Grades(JudgeQuestion question)
    {
        string asked = question.Messages[^1].Content;
        return !asked.Contains("# Criteria\n", StringComparison.Ordinal) ? null : new JudgeReply
        {
            Text = $$"""{"criteria": [{{string.Join(", ", Enumerable.Range(1, 3).Select(i => $$"""{"criterion": {{i}}, "explanation": "e", "met": {{(((StableHash.Of((ulong)i, asked) ^ (ulong)question.Seed) >> 9) % 2 == 0 ? "true" : "false")}}}"""))}}]}""",
            Finish = "stop",
            Usage = new Usage(10, 5),
        };
    }
}
