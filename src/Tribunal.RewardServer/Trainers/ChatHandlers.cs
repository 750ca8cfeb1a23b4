using System.Text;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.RewardServer.Judging;
using Tribunal.Sampling;

namespace Tribunal.RewardServer.Trainers;

/// <summary>
/// A judge as an OpenAI chat endpoint: who asks it one judging question gets the vote of several answers, in the form of one. An answer that
/// can't be a verdict is asked for once or twice only; a request that can't be voted on (tools, several answers, another model) goes to the
/// judge as it is. The same question costs once: the record knows its answers.
/// </summary>
/// <param name="desk">Whom to ask, and what is counted.</param>
/// <param name="samples">Answers per vote, 1 or more.</param>
public sealed class ChatHandlers(RewardDesk desk, int samples)
{
    private const int Remembered = 4096;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<ChatCompletion>> _answers = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = [];
    private readonly ChatPassing _passing = new(desk);

    /// <summary><c>/v1/models</c>.</summary>
    public HttpAnswer Models() => Answers.Json(
        200, new ChatModels("list", [.. ((string[])[desk.Asked.Model, "tribunal"]).Distinct(StringComparer.Ordinal).Select(static name => new ChatModel(name, "model", 0, "tribunal"))]), TrainerJson.Default.ChatModels, []);

    /// <summary><c>/v1/chat/completions</c>.</summary>
    public Task<HttpAnswer> CompleteAsync(ReadOnlyMemory<byte> body, string client, CancellationToken cancellationToken) => Answers.GuardAsync(async () =>
    {
        ChatRequest request = Answers.Parse(body, TrainerJson.Default.ChatRequest);
        string? why = string.IsNullOrEmpty(request.Model) || desk.VoteNames.Contains(request.Model, StringComparer.Ordinal)
            ? ChatQuestion.WhyNot(request)
            : $"model '{request.Model}' is none of {string.Join(", ", desk.VoteNames.Distinct(StringComparer.Ordinal))}";
        if (why is not null)
        {
            return await _passing.PassAsync(body, request, why, cancellationToken);
        }

        if (request.Messages is not { Count: > 0 })
        {
            throw new JsonException("'messages' is missing");
        }

        JudgeQuestion question = ChatQuestion.Of(request, desk.Asked.Sampling);
        ChatCompletion answer = await Vote(ChatQuestion.KeyOf(body), request, question).WaitAsync(cancellationToken);
        return request.Stream == true ? Stream(answer, request.StreamOptions?.IncludeUsage == true) : Answers.Ok(answer, TrainerJson.Default.ChatCompletion, complete: true, desk.Simulated);
    });

    private Task<ChatCompletion> Vote(string key, ChatRequest request, JudgeQuestion question)
    {
        lock (_lock)
        {
            if (_answers.TryGetValue(key, out Task<ChatCompletion>? known) && !known.IsFaulted && !known.IsCanceled)
            {
                desk.Counts.Remember();
                return known;
            }

            // A client that gives up ends nothing: its retry finds the answer.
            Task<ChatCompletion> vote = Task.Run(() => VoteAsync(key, request, question));
            _answers[key] = vote;
            _order.Enqueue(key);
            while (_order.Count > Remembered)
            {
                _answers.Remove(_order.Dequeue());
            }

            return vote;
        }
    }

    private async Task<ChatCompletion> VoteAsync(string key, ChatRequest request, JudgeQuestion question)
    {
        long seed = request.Seed ?? 0;
        (IReadOnlyList<JudgeReply> replies, DateTimeOffset at) = await desk.Chats.AnswersAsync(
            key, Next, sample => desk.AskAsync(question with { Seed = SampleSeed.Of(seed, key, sample) }, sample), CancellationToken.None);
        var vote = ChatVote.Of(replies, ChatQuestion.SchemaOf(request)?.Contains("\"integer\"", StringComparison.Ordinal) == true);
        Usage usage = replies.Aggregate(default(Usage), static (sum, reply) => sum + reply.Usage);
        return new ChatCompletion
        {
            Id = $"chatcmpl-{key[..24]}",
            Created = at.ToUnixTimeSeconds(),
            Model = request.Model is { Length: > 0 } model ? model : desk.Asked.Model,
            Choices = [new ChatChoice(0, new ChatMessage("assistant", vote.Answer.Text, vote.Answer.Reasoning), vote.Answer.Finish ?? "stop")],
            Usage = new ChatUsage(usage.Input, usage.Output, usage.Input + usage.Output),
            Tribunal = new ChatTribunal
            {
                Verdict = vote.Verdict,
                Votes = vote.Votes,
                Confidence = vote.Confidence,
                Judgements = replies.Count,
                PassedThrough = vote.Verdict is null,
                Simulated = desk.Simulated ? true : null,
            },
        };
    }

    // One; where it can't be a verdict another; and where one of them can, all.
    private IReadOnlyList<int> Next(IReadOnlyDictionary<int, JudgeReply> replies)
    {
        int most = replies.Count == 0 ? 1 : replies.Values.Any(static reply => JudgeAnswers.Read(reply.Text) is not null) ? samples : Math.Min(2, samples);
        return [.. Enumerable.Range(0, most).Where(sample => !replies.ContainsKey(sample))];
    }

    private static HttpAnswer Stream(ChatCompletion answer, bool usage)
    {
        ChatMessage message = answer.Choices[0].Message;
        ChatChunk[] chunks =
        [
            new(answer.Id, answer.Created, answer.Model, [new ChatDelta(0, new ChatPiece(message.Role, message.Content, message.ReasoningContent), null)]),
            new(answer.Id, answer.Created, answer.Model, [new ChatDelta(0, new ChatPiece(), answer.Choices[0].FinishReason)], Tribunal: answer.Tribunal),
            .. usage ? (ChatChunk[])[new(answer.Id, answer.Created, answer.Model, [], answer.Usage)] : [],
        ];
        string text = string.Concat(chunks.Select(static chunk => $"data: {JsonSerializer.Serialize(chunk, TrainerJson.Default.ChatChunk)}\n\n")) + "data: [DONE]\n\n";
        return new HttpAnswer(200, Encoding.UTF8.GetBytes(text), "text/event-stream", new Dictionary<string, string>(StringComparer.Ordinal));
    }
}
