using System.Text;
using System.Text.Json;
using CsCheck;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Chat;

namespace Tribunal.Inference.Tests;

public sealed class ChatAnswerTests
{
    private const string Whole = """{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"a\n\u00fc\ud83d\ude00","reasoning":null,"tool_calls":[]},"logprobs":{"content":[{"token":"x"}]},"finish_reason":"stop"},{"index":1,"message":{"content":"other"},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":4,"completion_tokens_details":{"reasoning_tokens":2}}}""";

    [Fact]
    public void Only_the_first_choice_is_read()
    {
        using var answer = new ChatAnswer();
        answer.Add(Encoding.UTF8.GetBytes(Whole));
        Assert.Equal(new JudgeReply { Text = "a\nü😀", Finish = "stop", ThoughtApart = true, Usage = new Usage(3, 4) }, answer.ToReply() with { Tokens = null }, Same);
    }

    [Theory]
    [InlineData("""{"choices":[{"message":{"content":7,"reasoning":["x"],"refusal":{}},"finish_reason":1}],"usage":"none"}""")]
    [InlineData("""{"choices":[{"message":{"content":[1,{"type":"image","url":{"text":"b"}}]}}],"usage":{"prompt_tokens":-1,"completion_tokens":-1e99}}""")]
    public void What_has_the_wrong_type_counts_as_missing(string json)
    {
        using var answer = new ChatAnswer();
        answer.Add(Encoding.UTF8.GetBytes(json));
        Assert.Equal(new JudgeReply { Text = "", Usage = new Usage(0, 0) { Estimated = true } }, answer.ToReply(), Same);
        Assert.True(answer.HasChoice);
    }

    [Theory, InlineData("""{"\ud83d":1}"""), InlineData("""{"choices":[{"\udc00":1}]}"""), InlineData("""{} {}"""), InlineData(""), InlineData("[1]")]
    public void What_is_no_completion_is_said_in_one_way(string json) => Assert.ThrowsAny<JsonException>(() =>
    {
        using var answer = new ChatAnswer();
        answer.Add(Encoding.UTF8.GetBytes(json));
    });

    /// <summary>Bytes changed, removed or doubled anywhere: read, or refused as JSON; nothing else ever happens.</summary>
    [Fact]
    public void Any_damage_is_survived() =>
        Gen.Select(Gen.Int[0, Whole.Length - 1], Gen.Byte, Gen.Int[0, 3]).Array[1, 4].Sample(damages =>
        {
            List<byte> bytes = [.. Encoding.UTF8.GetBytes(Whole)];
            foreach ((int at, byte value, int kind) in damages)
            {
                int place = at % bytes.Count;
                switch (kind)
                {
                    case 0:
                        bytes[place] = value;
                        break;
                    case 1:
                        bytes.RemoveRange(place, Math.Min(value % 9, bytes.Count - place - 1));
                        break;
                    case 2:
                        bytes.Insert(place, value);
                        break;
                    default:
                        bytes.InsertRange(place, bytes.GetRange(place, Math.Min(value % 40, bytes.Count - place)));
                        break;
                }
            }

            using var answer = new ChatAnswer();
            try
            {
                answer.Add([.. bytes]);
                JudgeReply reply = answer.ToReply();
                Assert.Equal(reply.Text, string.Concat(reply.Text.EnumerateRunes()));
            }
            catch (JsonException)
            {
                Assert.NotEqual(Whole, Encoding.UTF8.GetString([.. bytes]));
            }
        }, iter: 20_000);

    /// <summary>However a text is cut into deltas, the same text comes out.</summary>
    [Fact]
    public void Deltas_add_up() =>
        Gen.Select(Gen.String, Gen.Int[1, 7]).Sample((text, size) =>
        {
            using var answer = new ChatAnswer();
            for (int at = 0; at < text.Length; at += size)
            {
                // Written by hand: a serializer would replace the halves of a torn pair.
                string escaped = string.Concat(text.Substring(at, Math.Min(size, text.Length - at)).Select(static c => $"\\u{(int)c:x4}"));
                answer.Add(Encoding.UTF8.GetBytes($$$"""{"choices":[{"delta":{"content":"{{{escaped}}}"}}]}"""));
            }

            Assert.Equal(string.Concat(text.EnumerateRunes()), answer.ToReply().Text);
        });

    private static bool Same(JudgeReply a, JudgeReply b) => a with { Tries = b.Tries } == b;
}
