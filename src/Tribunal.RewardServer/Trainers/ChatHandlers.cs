using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.RewardServer.Judging;
using Tribunal.Rollouts;
using Tribunal.Sampling;

namespace Tribunal.RewardServer.Trainers;

/// <summary>
/// A judge as an OpenAI chat endpoint: who asks it one judging question gets the vote of several answers, in the form of one. What can't be a verdict
/// is passed through, and asked once or twice only. The same question costs once, while the server remembers it.
/// </summary>
/// <param name="desk">Whom to ask, and what is counted.</param>
/// <param name="samples">Answers per vote, 1 or more.</param>
/// <param name="time">The clock.</param>
internal sealed class ChatHandlers(RewardDesk desk, int samples, TimeProvider time)
{
    private const int Remembered = 4096;
    private const int UsualTokens = 4096;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<ChatCompletion>> _answers = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = [];

    /// <summary><c>/v1/models</c>.</summary>
    public HttpAnswer Models() => Answers.Json(200, new ChatModels("list", [new ChatModel(desk.Asked.Model, "model", 0, "tribunal")]), TrainerJson.Default.ChatModels, []);

    /// <summary><c>/v1/chat/completions</c>.</summary>
    public Task<HttpAnswer> CompleteAsync(ReadOnlyMemory<byte> body, string client, CancellationToken cancellationToken) => Answers.GuardAsync(async () =>
    {
        ChatRequest request = Answers.Parse(body, TrainerJson.Default.ChatRequest);
        Refuse(request);
        Message[] messages = [.. request.Messages!.Select(RolloutForm.ReadTurn)];
        string key = Convert.ToHexStringLower(SHA256.HashData(body.Span));
        Task<ChatCompletion> vote = Vote(key, request, messages);
        ChatCompletion answer = await vote.WaitAsync(cancellationToken);
        return request.Stream ? Stream(answer) : Answers.Ok(answer, TrainerJson.Default.ChatCompletion, complete: true, desk.Simulated);
    });

    private Task<ChatCompletion> Vote(string key, ChatRequest request, Message[] messages)
    {
        lock (_lock)
        {
            if (_answers.TryGetValue(key, out Task<ChatCompletion>? known) && !known.IsFaulted && !known.IsCanceled)
            {
                desk.Counts.Remember();
                return known;
            }

            // A client that gives up ends nothing: its retry finds the answer.
            Task<ChatCompletion> vote = Task.Run(() => VoteAsync(key, request, messages));
            _answers[key] = vote;
            _order.Enqueue(key);
            while (_order.Count > Remembered)
            {
                _answers.Remove(_order.Dequeue());
            }

            return vote;
        }
    }

    private async Task<ChatCompletion> VoteAsync(string key, ChatRequest request, Message[] messages)
    {
        string? schema = request.ResponseFormat is { ValueKind: JsonValueKind.Object } format && format.TryGetProperty("json_schema", out JsonElement named) && named.TryGetProperty("schema", out JsonElement given)
            ? given.GetRawText()
            : null;
        var question = new JudgeQuestion
        {
            Messages = messages,
            Temperature = request.Temperature ?? desk.Asked.Sampling.Temperature,
            TopP = request.TopP ?? desk.Asked.Sampling.TopP,
            MaxTokens = request.MaxCompletionTokens ?? request.MaxTokens ?? UsualTokens,
            Fields = schema is null ? null : new RequestFields { Schema = schema },
        };
        long seed = request.Seed ?? 0;
        var replies = new List<JudgeReply>(samples) { await AskAsync(question, seed, key, 0) };
        if (JudgeAnswers.Read(replies[0].Text) is null && samples > 1)
        {
            replies.Add(await AskAsync(question, seed, key, 1));
        }

        if (replies.Exists(static reply => JudgeAnswers.Read(reply.Text) is not null))
        {
            replies.AddRange(await Task.WhenAll(Enumerable.Range(replies.Count, samples - replies.Count).Select(i => AskAsync(question, seed, key, i))));
        }

        var vote = ChatVote.Of(replies, schema?.Contains("\"integer\"", StringComparison.Ordinal) == true);
        Usage usage = replies.Aggregate(default(Usage), static (sum, reply) => sum + reply.Usage);
        return new ChatCompletion
        {
            Id = $"chatcmpl-{key[..24]}",
            Created = time.GetUtcNow().ToUnixTimeSeconds(),
            Model = request.Model ?? desk.Asked.Model,
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

    private Task<JudgeReply> AskAsync(JudgeQuestion question, long seed, string key, int sample) => desk.AskAsync(question with { Seed = SampleSeed.Of(seed, key, sample) }, sample);

    private static void Refuse(ChatRequest request)
    {
        if (request.Messages is not { Count: > 0 })
        {
            throw new JsonException("'messages' is missing");
        }

        if (request.N is > 1)
        {
            throw new JsonException("'n': the answers are one vote; ask with n = 1");
        }

        if (request.Tools is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0)
        {
            throw new JsonException("'tools': a judge is asked for a verdict, not for calls");
        }
    }

    private static HttpAnswer Stream(ChatCompletion answer)
    {
        var chunk = new ChatCompletion
        {
            Id = answer.Id,
            Object = "chat.completion.chunk",
            Created = answer.Created,
            Model = answer.Model,
            Choices = [new ChatChoice(0, null, answer.Choices[0].FinishReason) { Delta = answer.Choices[0].Message }],
            Usage = answer.Usage,
            Tribunal = answer.Tribunal,
        };
        string text = $"data: {JsonSerializer.Serialize(chunk, TrainerJson.Default.ChatCompletion)}\n\ndata: [DONE]\n\n";
        return new HttpAnswer(200, Encoding.UTF8.GetBytes(text), "text/event-stream", new Dictionary<string, string>(StringComparer.Ordinal));
    }
}
