using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>Reported: nothing says that rewards were voted without the meta rewards that were asked for.</summary>
public sealed class MetaRewardsTests
{
    [Fact]
    public async Task Judgements_that_vote_without_a_meta_reward_are_counted()
    {
        await using Bed bed = await Bed.StartAsync(meta: new EverySecond());
        JsonElement answer = await bed.AskAsync("/v1/rewards", new { rollouts = new[] { new { prompt = "Q?", responses = new[] { "one", "two" } } } });
        Assert.Equal(2, answer.GetProperty("results")[0].GetProperty("rewards").GetArrayLength());
        Assert.Equal((4L, 2L), (bed.Desk.Counts.Judgements, bed.Desk.Counts.WithoutMeta));
    }

    private sealed class EverySecond : IMetaRewardModel
    {
        public string Name => "meta";

        public Task<MetaReading> ScoreAsync(Rollout rollout, TracedJudgement judgement, CancellationToken cancellationToken) =>
            Task.FromResult(new MetaReading(judgement.Sample % 2 == 0 ? 0.5 : null));
    }
}
