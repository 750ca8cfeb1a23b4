using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Protocols.Declared;

/// <summary>Asks a judge what a prompt asks: in one call, or in one per response.</summary>
public static class PromptAsking
{
    /// <summary>The answer; that of several calls is one text, which the prompt's protocol takes apart again.</summary>
    /// <param name="judge">The judge.</param>
    /// <param name="prompt">The prompt.</param>
    /// <param name="question">How it is sampled; its messages are the prompt's.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="JudgeException">A call got no answer, after every try.</exception>
    public static async Task<JudgeReply> AskAsync(this IJudge judge, JudgePrompt prompt, JudgeQuestion question, CancellationToken cancellationToken)
    {
        if (prompt.Parts is not { } parts)
        {
            return Noted(prompt, await judge.AskAsync(question, cancellationToken));
        }

        // One after the other, so that what a judgement has under way is one request, as everywhere else.
        var replies = new JudgeReply[parts.Count];
        for (int i = 0; i < replies.Length; i++)
        {
            replies[i] = Noted(prompt, await judge.AskAsync(question with { Messages = parts[i] }, cancellationToken));
        }

        return PartAnswers.Join(replies, prompt.PartName);
    }

    /// <summary>What each call was answered, in the calls' order, as the judge wrote it; null where the answers can't be told apart.</summary>
    /// <param name="prompt">The prompt, as it was sent.</param>
    /// <param name="judgement">What the ledger holds of the answer.</param>
    public static IReadOnlyList<AnsweredCall>? Calls(this JudgePrompt prompt, TracedJudgement judgement)
    {
        IReadOnlyList<IReadOnlyList<Message>> asked = prompt.Parts ?? [prompt.Messages];
        if (asked is [var only])
        {
            return [new AnsweredCall(only, judgement with { Text = Own(judgement.Text) })];
        }

        IReadOnlyList<string>? thoughts = null;
        return PartAnswers.Split(judgement.Text ?? "", asked.Count) is { } texts
            && (string.IsNullOrEmpty(judgement.Reasoning) || (thoughts = PartAnswers.Split(judgement.Reasoning, asked.Count)) is not null)
            ? [.. asked.Select((messages, i) => new AnsweredCall(messages, judgement with { Text = Own(texts[i]), Reasoning = thoughts?[i] }))]
            : null;

        string? Own(string? text) => prompt.Words is null ? text : ProbabilityText.Without(text);
    }

    private static JudgeReply Noted(JudgePrompt prompt, JudgeReply reply) => prompt.Words is { } words ? ProbabilityText.Noted(reply, words) : reply;
}

/// <summary>One call of a judgement.</summary>
/// <param name="Messages">What was asked.</param>
/// <param name="Said">The judgement with what was answered to this call alone.</param>
public sealed record AnsweredCall(IReadOnlyList<Message> Messages, TracedJudgement Said);
