using Tribunal.Protocols;

namespace Tribunal.Functions.Tests.Hosting;

/// <summary>A judge that does as another one, unless the test says otherwise.</summary>
internal sealed class InterposedJudge(IJudge inner) : IJudge
{
    public string Name => inner.Name;

    /// <summary>Called before each question.</summary>
    public Func<Task>? Before { get; init; }

    /// <summary>Given the number of the check, from 1: whether the judge is up.</summary>
    public Func<int, bool> Up { get; init; } = static _ => true;

    private int _checks;

    public async Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
    {
        if (Before is not null)
        {
            await Before();
        }

        return await inner.AskAsync(question, cancellationToken);
    }

    public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken)
    {
        bool up = Up(Interlocked.Increment(ref _checks));
        return Task.FromResult(new JudgeHealth(up, up ? "up" : "still loading"));
    }
}
