using Tribunal.Protocols;

namespace Tribunal.RewardServer.Judging;

/// <summary>Whether the judge, or every member of a panel, answers; asked anew when the last answer is older than two seconds, so that whoever looks at the server's health costs the judge little.</summary>
internal sealed class JudgeWatch(IReadOnlyList<IJudge> judges, TimeProvider time)
{
    private static readonly TimeSpan Lasts = TimeSpan.FromSeconds(2);
    private Known? _last;

    public async Task<JudgeHealth> AskAsync(CancellationToken cancellationToken)
    {
        if (_last is { } known && time.GetElapsedTime(known.At) < Lasts)
        {
            return known.Health;
        }

        JudgeHealth[] each = await Task.WhenAll(judges.Select(judge => judge.CheckHealthAsync(cancellationToken)));
        JudgeHealth health = each is [var only] ? only
            : new JudgeHealth(Array.TrueForAll(each, static one => one.Ready), string.Join("; ", judges.Zip(each, static (judge, one) => $"{judge.Name}: {one.Detail}")));
        _last = new Known(health, time.GetTimestamp());
        return health;
    }

    private sealed record Known(JudgeHealth Health, long At);
}
