using Tribunal.RewardServer.Judging;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>
/// Of a group over two servers, one of which died, a client that came just after the other's first try had failed got no reward, as if its
/// time had run out.
/// </summary>
public sealed class FailedJudgingTests
{
    [Fact]
    public async Task Who_comes_when_the_judging_has_just_failed_is_told_so_as_those_are_who_waited()
    {
        var rollout = new JudgedRollout("r", [], "") { Failure = new IOException("the storage is away") };
        await Assert.ThrowsAsync<IOException>(() => rollout.WaitAsync(TimeSpan.FromDays(1), TimeProvider.System, TestContext.Current.CancellationToken));

        // One whose judging goes on is waited for.
        rollout.Work = Task.CompletedTask;
        await rollout.WaitAsync(TimeSpan.FromDays(1), TimeProvider.System, TestContext.Current.CancellationToken);
    }
}
