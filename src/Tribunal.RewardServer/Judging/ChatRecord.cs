using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Runs.Storage;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// Chat questions and the judge's answers to them, a file per question: what was answered is not asked again, after a restart and by another
/// server neither. Who holds a question's file is the one who asks.
/// </summary>
/// <param name="store">Where the files lie.</param>
/// <param name="time">The clock.</param>
internal sealed class ChatRecord(IRunStore store, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(0.25);

    /// <summary>The answers to a question: those that are recorded, and those that have to be asked for.</summary>
    /// <param name="key">The question's name, 64 hexadecimal digits.</param>
    /// <param name="next">Which samples to ask for after these; none where it is enough.</param>
    /// <param name="ask">Asks for one.</param>
    /// <param name="closing">Gives up waiting for another server that asks.</param>
    /// <returns>By sample, and when the first was there.</returns>
    public async Task<(IReadOnlyList<JudgeReply> Replies, DateTimeOffset At)> AnswersAsync(
        string key, Func<IReadOnlyDictionary<int, JudgeReply>, IReadOnlyList<int>> next, Func<int, Task<JudgeReply>> ask, CancellationToken closing)
    {
        string name = $"{key[..2]}/{key}.jsonl";
        while (true)
        {
            Answered answered = await ReadAsync(name, closing);
            if (next(answered.Replies).Count == 0)
            {
                return answered.InOrder();
            }

            try
            {
                await using ILedgerPart part = await store.OpenPartAsync(name, closing);
                return await AskAsync(part, await ReadAsync(name, closing), next, ask);
            }
            catch (PartBusyException)
            {
                // Another server asks, or did until it died.
                await Task.Delay(Pause, time, closing);
            }
        }
    }

    private async Task<(IReadOnlyList<JudgeReply>, DateTimeOffset)> AskAsync(
        ILedgerPart part, Answered answered, Func<IReadOnlyDictionary<int, JudgeReply>, IReadOnlyList<int>> next, Func<int, Task<JudgeReply>> ask)
    {
        await using var writer = new PartLineWriter<ChatLine>(part, static (output, line) => Parts.Write(output, line, ServeLines.Default.ChatLine));
        while (next(answered.Replies) is { Count: > 0 } wanted)
        {
            ChatLine[] lines = await Task.WhenAll(wanted.Select(async sample =>
            {
                JudgeReply reply = await ask(sample);
                var line = new ChatLine(sample, reply.Text, reply.Reasoning, reply.Finish, reply.Usage.Input, reply.Usage.Output, time.GetUtcNow());
                await writer.AppendAsync(line);
                return line;
            }));
            Array.ForEach(lines, answered.Add);
        }

        return answered.InOrder();
    }

    private async Task<Answered> ReadAsync(string name, CancellationToken cancellationToken)
    {
        var answered = new Answered();
        if (await store.OpenReadAsync(name, cancellationToken) is not { } stream)
        {
            return answered;
        }

        await using (stream)
        {
            using var lines = new LineReader(stream);
            while (await lines.FillAsync(cancellationToken))
            {
                while (lines.TryNext(out ReadOnlySpan<byte> line))
                {
                    answered.Add(JsonSerializer.Deserialize(line, ServeLines.Default.ChatLine)!);
                }
            }
        }

        return answered;
    }

    private sealed class Answered
    {
        private readonly SortedDictionary<int, JudgeReply> _replies = [];
        private DateTimeOffset? _first;

        public IReadOnlyDictionary<int, JudgeReply> Replies => _replies;

        public void Add(ChatLine line)
        {
            _first = _first is { } first && first <= line.At ? first : line.At;
            _replies.TryAdd(line.Sample, new JudgeReply { Text = line.Text, Reasoning = line.Reasoning, Finish = line.Finish, Usage = new Usage(line.Input, line.Output) });
        }

        public (IReadOnlyList<JudgeReply>, DateTimeOffset) InOrder() => ([.. _replies.Values], _first ?? default);
    }
}

/// <summary>An answer to a chat question.</summary>
/// <param name="Sample">Which.</param>
/// <param name="Text">What was said.</param>
/// <param name="Reasoning">Thinking beside it.</param>
/// <param name="Finish">How it ended.</param>
/// <param name="Input">Tokens read.</param>
/// <param name="Output">Tokens written.</param>
/// <param name="At">When.</param>
internal sealed record ChatLine(int Sample, string Text, string? Reasoning, string? Finish, long Input, long Output, DateTimeOffset At);
