using System.Collections.Concurrent;
using Tribunal.Judgements;
using Tribunal.Protocols;

namespace Tribunal.Testing.Runs;

/// <summary>A judge whose answer depends on the seed alone, in the GRM grammar, with faults where the test wants them.</summary>
internal sealed class ScriptedJudge(string name = "scripted") : IJudge
{
    private int _calls;

    public string Name => name;

    public ConcurrentQueue<JudgeQuestion> Asked { get; } = [];

    public bool Up { get; set; } = true;

    /// <summary>Given the number of the call, from 1, and the question: an exception to throw, a reply to give, or null for the default.</summary>
    public Func<int, JudgeQuestion, JudgeReply?>? On { get; set; }

    /// <summary>Awaited before each answer; null for nothing.</summary>
    public Func<Task>? Before { get; set; }

    public async Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
    {
        int call = Interlocked.Increment(ref _calls);
        Asked.Enqueue(question);
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        if (Before is not null)
        {
            await Before();
        }

        return On?.Invoke(call, question) ?? Answer(question);
    }

    public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => Task.FromResult(new JudgeHealth(Up, Up ? "up" : "down"));

    public static JudgeReply Answer(JudgeQuestion question)
    {
        int shown = question.Messages[^1].Content.Split("[The Begin of Response").Length - 1;
        var random = new Random((int)(question.Seed % int.MaxValue));
        string scores = string.Join(", ", Enumerable.Range(0, shown).Select(_ => random.Next(1, 11)));
        return new JudgeReply { Text = $"Analysis: …\nScores: \\boxed{{{scores}}}", Finish = "stop", Usage = new Usage(10, 5) };
    }

    /// <summary>Scores that follow what a response says, and the seed by up to three points either way: some rollouts are clear, others are not.</summary>
    public static JudgeReply Taste(JudgeQuestion question)
    {
        string[] shown = question.Messages[^1].Content.Split("[The Begin of Response")[1..];
        var random = new Random((int)(question.Seed % int.MaxValue));
        string scores = string.Join(", ", shown.Select(text => Math.Clamp(2 + (text[..text.IndexOf("[The End", StringComparison.Ordinal)].Sum(static c => c) % 7) + random.Next(-3, 4), 1, 10)));
        return Answer(question) with { Text = $"Analysis: …\nScores: \\boxed{{{scores}}}" };
    }
}
