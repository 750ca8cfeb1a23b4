using Tribunal.Judgements;

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
        ArgumentNullException.ThrowIfNull(judge);
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(question);
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

    private static JudgeReply Noted(JudgePrompt prompt, JudgeReply reply) => prompt.Words is { } words ? ProbabilityText.Noted(reply, words) : reply;
}
