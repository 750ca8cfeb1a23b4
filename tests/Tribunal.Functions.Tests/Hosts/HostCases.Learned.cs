using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;
using Tribunal.Verdicts;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>Runs that learn how their judge judges: where they stop is the same, whoever runs them and however often.</summary>
public abstract partial class HostCases
{
    [Theory]
    [InlineData("in the first wave")]
    [InlineData("after it")]
    public async Task A_run_that_learns_its_judge_stops_at_the_same_judgements_interrupted_or_not(string interrupted)
    {
        await using IHostUnderTest host = await StartAsync(instances: 2);
        string runId = $"learned-{interrupted.Replace(' ', '-')}";
        EvaluationRequest request = await RequestAsync(host, runId) with { Policy = new() { Kind = PolicyKind.Adaptive, Max = 16 } };
        int cancelAt = interrupted == "in the first wave" ? Rollouts : Rollouts * 4;
        TaskCompletionSource reached = new(), cancelled = new();
        _judge.On = static (_, question) => ScriptedJudge.Taste(question);
        _judge.Before = () =>
        {
            if (_judge.Asked.Count < cancelAt)
            {
                return Task.CompletedTask;
            }

            reached.TrySetResult();
            return cancelled.Task;
        };
        Assert.Null(await host.AskAsync(request));
        await reached.Task;
        await host.CancelAsync(runId);
        _judge.Before = null;
        cancelled.SetResult();
        Assert.Equal(RunState.Cancelled, (await UntilAsync(host, runId, static run => run.IsOver)).State);

        Assert.Equal(RunState.Done, (await RunAsync(host, request)).State);

        string verdicts = await AssertAsUndisturbedAsync(host, request, on: static (_, question) => ScriptedJudge.Taste(question));
        Verdict[] all = [.. verdicts.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!)];
        Assert.Equal(all.Sum(static verdict => verdict.Votes.Drawn), _judge.Asked.Select(static question => question.Seed).Distinct().Count());
        Assert.True((await SummaryAsync(host, runId)).Adaptivity is { Prior: "learned", Reliability: > 0.2 });
        Assert.True(all.Select(static verdict => verdict.Votes.Drawn).Distinct().Count() > 2, "rollouts differ in how many judgements they take");
    }
}
