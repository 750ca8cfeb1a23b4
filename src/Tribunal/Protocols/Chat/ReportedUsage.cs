using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Protocols.Chat;

/// <summary>The tokens that a server reports, whatever form it gives them.</summary>
public struct ReportedUsage
{
    // A server counts at least one token for each word that it reads; these are so many words that templates don't matter.
    private const int LeastWords = 1500;

    private long? _input;
    private long? _output;
    private long? _total;

    /// <summary>Whether tokens of thinking are counted.</summary>
    public bool ThoughtApart { get; private set; }

    /// <summary>Whether the count of prompt tokens is far below what the prompt has: the server must have cut it.</summary>
    public readonly bool CutsPrompt(IReadOnlyList<Message> asked) => _input is long counted && Cuts(counted, asked);

    /// <summary>The prompt tokens that were counted; null where none were.</summary>
    public readonly long? Input => _input;

    /// <summary>Whether a count of prompt tokens is far below what a prompt has.</summary>
    public static bool Cuts(long counted, IReadOnlyList<Message> asked) =>
        counted > 0 && Characters(asked) / 8 > counted && WordsOf(asked) is >= LeastWords and int words && counted < words / 2;

    /// <summary>The usage; what is missing is estimated by the texts.</summary>
    /// <param name="asked">The prompt, where it is at hand.</param>
    /// <param name="written">Characters of answer and thinking.</param>
    public readonly Usage Of(IReadOnlyList<Message>? asked, int written)
    {
        // Nobody reads or writes a text for nothing: a count of zero is one that is missing.
        long shown = asked is null ? 0 : Characters(asked);
        bool inputMissing = _input is null || (_input == 0 && shown > 0);
        // xAI and Gemini count the thinking, which is paid for, in the total alone.
        long? output = _input is > 0 and { } read && _total - read is { } rest && rest > (_output ?? 0) ? rest : _output;
        bool outputMissing = output is null || (output == 0 && written > 0);
        return new Usage(inputMissing ? Usage.Estimate(shown) : _input!.Value, outputMissing ? Usage.Estimate(written) : output!.Value)
        {
            Estimated = inputMissing || outputMissing,
        };
    }

    /// <summary>Characters of all messages.</summary>
    public static long Characters(IReadOnlyList<Message> messages) => messages.Sum(static message => (long)message.Content.Length);

    /// <summary>Runs of ASCII letters: tokenisers cut between words, so that there are no fewer tokens.</summary>
    public static int WordsOf(IReadOnlyList<Message> messages)
    {
        int words = 0;
        foreach (Message message in messages)
        {
            bool inside = false;
            foreach (char c in message.Content)
            {
                bool letter = char.IsAsciiLetter(c);
                words += letter && !inside ? 1 : 0;
                inside = letter;
            }
        }

        return words;
    }

    /// <summary>Reads the object that the reader stands on (Gemini's batch files have its names without underscores), or the <c>usage</c> inside it, as Groq's streams wrap it; counts of an earlier one are replaced.</summary>
    public void Read(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool prompt = reader.ValueTextEquals("prompt_tokens"u8) || reader.ValueTextEquals("input_tokens"u8) || reader.ValueTextEquals("promptTokens"u8);
            bool completion = reader.ValueTextEquals("completion_tokens"u8) || reader.ValueTextEquals("output_tokens"u8) || reader.ValueTextEquals("completionTokens"u8);
            bool total = reader.ValueTextEquals("total_tokens"u8) || reader.ValueTextEquals("totalTokens"u8);
            bool inside = reader.ValueTextEquals("usage"u8);
            bool details = reader.ValueTextEquals("completion_tokens_details"u8) || reader.ValueTextEquals("output_tokens_details"u8);
            reader.Read();
            if (prompt)
            {
                _input = Count(ref reader) ?? _input;
            }
            else if (completion)
            {
                _output = Count(ref reader) ?? _output;
            }
            else if (total)
            {
                _total = Count(ref reader) ?? _total;
            }
            else if (inside)
            {
                Read(ref reader);
            }
            else if (details && reader.TokenType == JsonTokenType.StartObject)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    bool thought = reader.ValueTextEquals("reasoning_tokens"u8);
                    reader.Read();
                    ThoughtApart |= Count(ref reader) is > 0 && thought;
                }
            }
            else
            {
                reader.Skip();
            }
        }
    }

    // Whole, fractional or as text; null for what is none, or below zero.
    private static long? Count(ref Utf8JsonReader reader)
    {
        double number = -1;
        if (reader.TokenType == JsonTokenType.Number)
        {
            _ = reader.TryGetDouble(out number);
        }
        else if (reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= 32)
        {
            number = System.Buffers.Text.Utf8Parser.TryParse(reader.ValueSpan, out double read, out int length) && length == reader.ValueSpan.Length ? read : -1;
        }
        else
        {
            reader.Skip();
        }

        return number >= 0 ? (long)Math.Min(Math.Ceiling(number), Usage.Most) : null;
    }
}
