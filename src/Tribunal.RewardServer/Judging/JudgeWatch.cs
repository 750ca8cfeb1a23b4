using Tribunal.Protocols;

namespace Tribunal.RewardServer.Judging;

/// <summary>Whether the judge answers; asked anew when the last answer is older than two seconds, so that whoever looks at the server's health costs the judge little.</summary>
internal sealed class JudgeWatch(IJudge judge, TimeProvider time)
{
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(2);
    private Known? _last;

    public async Task<JudgeHealth> AskAsync(CancellationToken cancellationToken)
    {
        if (_last is { } known && time.GetElapsedTime(known.At) < Lasts)
        {
            return known.Health;
        }

        JudgeHealth health = await judge.CheckHealthAsync(cancellationToken);
        _last = new Known(health, time.GetTimestamp());
        return health;
    }

    private sealed record Known(JudgeHealth Health, long At);
}
