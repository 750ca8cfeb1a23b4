using System.Text;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Protocols.Chat;

/// <summary>
/// Collects a chat completion from its body or from the chunks of its stream, straight from the bytes: the one reader of live
/// answers, streams and answers of batch APIs. Only the first choice is read. Of content parts only texts are the answer;
/// thinking that is kept apart in any form (parts of type <c>thinking</c> or <c>reasoning</c>, <c>reasoning</c>,
/// <c>reasoning_content</c>, <c>reasoning_details</c>, <c>thinking</c>, <c>thinking_blocks</c>, encrypted or only counted) is
/// thinking. What a server leaves out (usage, finish reason, content) stays empty; what it adds is passed over.
/// </summary>
/// <param name="mostCharacters">The most characters of answer and thinking that are kept.</param>
public sealed class ChatAnswer(int mostCharacters = int.MaxValue) : IDisposable
{
    private JsonTextBuffer _content;
    private JsonTextBuffer _reasoning;
    private JsonTextBuffer _reasoningContent;
    private JsonTextBuffer _thinking;
    private JsonTextBuffer _details;
    private JsonTextBuffer _refusal;
    private readonly List<TokenChoice> _tokens = [];
    private bool _thoughtApart;
    private ReportedUsage _usage;

    /// <summary>Whether a choice came at all: without one it is no chat completion.</summary>
    public bool HasChoice { get; private set; }

    /// <summary>The finish reason.</summary>
    public string? Finish { get; private set; }

    /// <summary>The model that answers, as the server names it; null where it names none.</summary>
    public string? Model { get; private set; }

    /// <summary>The error that came instead, or on the choice, as JSON.</summary>
    public byte[]? Error { get; private set; }

    /// <summary>The tokens that the server reported; none where it reported no usable ones.</summary>
    public Usage Reported => _usage.Of(null, 0) is { Estimated: false } reported ? reported : default;

    /// <summary>Whether more text came than is kept.</summary>
    public bool TooLong => (long)_content.Length + _reasoning.Length + _reasoningContent.Length + _thinking.Length + _details.Length > mostCharacters;

    /// <summary>Adds a body or a chunk.</summary>
    /// <exception cref="JsonException">It is no JSON, or no object.</exception>
    public void Add(ReadOnlySpan<byte> json)
    {
        try
        {
            Read(json);
        }
        catch (InvalidOperationException exception)
        {
            // A name with half a surrogate pair, which is well-formed JSON and no text.
            throw new JsonException("broken text in a name", exception);
        }
    }

    /// <summary>Takes an event that is an error and no JSON.</summary>
    public void AddError(ReadOnlySpan<byte> words) => Error ??= words[..Math.Min(words.Length, ErrorForms.MostBytes)].ToArray();

    /// <summary>The reply, without what only the sender knows: tries and latency.</summary>
    /// <param name="asked">The prompt, where it is at hand: what usage is estimated and checked by.</param>
    public JudgeReply ToReply(IReadOnlyList<Message>? asked = null)
    {
        string text = _content.ToString();
        // Servers in transition send the same thinking under several names; parts of the content come as details.
        string? reasoning = !_reasoning.IsEmpty ? _reasoning.ToString()
            : !_reasoningContent.IsEmpty ? _reasoningContent.ToString()
            : !_thinking.IsEmpty ? _thinking.ToString()
            : !_details.IsEmpty ? _details.ToString()
            : null;
        return new JudgeReply
        {
            Text = text,
            Reasoning = reasoning,
            ThoughtApart = _thoughtApart || _usage.ThoughtApart,
            Refusal = _refusal.IsEmpty ? null : _refusal.ToString(),
            Finish = Finish,
            Model = Model,
            Tokens = _tokens.Count > 0 ? _tokens : null,
            Usage = _usage.Of(asked, text.Length + (reasoning?.Length ?? 0)),
            PromptCut = asked is not null && _usage.CutsPrompt(asked),
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _content.Dispose();
        _reasoning.Dispose();
        _reasoningContent.Dispose();
        _thinking.Dispose();
        _details.Dispose();
        _refusal.Dispose();
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json.StartsWith("\uFEFF"u8) ? json[3..] : json);
        // One service puts the object of an error into a list.
        if (reader.Read() && reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("no JSON object");
        }

        bool complaint = false;
        bool choices = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (At(ref reader, "choices"u8))
            {
                choices |= ReadChoices(ref reader);
            }
            else if (At(ref reader, "usage"u8) || At(ref reader, "x_groq"u8))
            {
                _usage.Read(ref reader);
            }
            else if (At(ref reader, "error"u8))
            {
                complaint |= ReadError(ref reader);
            }
            else if (Model is null && At(ref reader, "model"u8))
            {
                Model = FinishWord.Read(ref reader);
            }
            else
            {
                complaint |= ErrorForms.Complains(ref reader);
            }
        }

        // What follows the object would be an error of the sender's; the reader throws for it.
        while (reader.Read())
        {
        }

        if (complaint && !choices)
        {
            Error ??= json[..Math.Min(json.Length, ErrorForms.MostBytes)].ToArray();
        }
    }

    // Whether it stands in words alone; then whatever stands beside it belongs to it.
    private bool ReadError(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.ValueSpan.Length > 0;
        }

        Error = ErrorForms.Read(ref reader) ?? Error;
        return false;
    }

    private bool ReadChoices(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return false;
        }

        bool first = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (first && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadChoice(ref reader);
            }
            else
            {
                reader.Skip();
            }

            first = false;
        }

        return !first;
    }

    private void ReadChoice(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (At(ref reader, "message"u8) || At(ref reader, "delta"u8))
            {
                HasChoice = true;
                ReadMessage(ref reader);
            }
            else if (At(ref reader, "finish_reason"u8))
            {
                Finish = FinishWord.Read(ref reader) ?? Finish;
                // Gemini leaves the message out where the budget or a filter left nothing of it.
                HasChoice |= Finish is not null;
            }
            else if (At(ref reader, "usage"u8))
            {
                // Moonshot's streams report it on the choice.
                _usage.Read(ref reader);
            }
            else if (At(ref reader, "logprobs"u8))
            {
                TokenProbabilities.Read(ref reader, _tokens);
            }
            else if (At(ref reader, "error"u8))
            {
                Error = ErrorForms.Read(ref reader) ?? Error;
            }
            else
            {
                Pass(ref reader);
            }
        }
    }

    private void ReadMessage(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (At(ref reader, "content"u8))
            {
                ReadContent(ref reader);
            }
            else if (At(ref reader, "reasoning"u8))
            {
                Think(ref reader, ref _reasoning);
            }
            else if (At(ref reader, "reasoning_content"u8))
            {
                Think(ref reader, ref _reasoningContent);
            }
            else if (At(ref reader, "thinking"u8) || At(ref reader, "thinking_blocks"u8))
            {
                Think(ref reader, ref _thinking);
            }
            else if (At(ref reader, "reasoning_details"u8))
            {
                Think(ref reader, ref _details);
            }
            else if (At(ref reader, "refusal"u8))
            {
                Append(ref reader, ref _refusal);
            }
            else
            {
                Pass(ref reader);
            }
        }
    }

    // A string, a part, or a list of either.
    private void ReadContent(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            ReadPart(ref reader);
            return;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            Append(ref reader, ref _content);
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                ReadPart(ref reader);
            }
            else
            {
                Append(ref reader, ref _content);
            }
        }
    }

    private void ReadPart(ref Utf8JsonReader reader)
    {
        // A part's type may follow its text.
        ContentPart part = ContentParts.Of(reader);
        if (part == ContentPart.Thinking)
        {
            Think(ref reader, ref _details);
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool text = part == ContentPart.Text && reader.ValueTextEquals("text"u8);
            bool refusal = part == ContentPart.Refusal && reader.ValueTextEquals("refusal"u8);
            reader.Read();
            if (text || refusal)
            {
                Append(ref reader, ref text ? ref _content : ref _refusal);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    // A text, or texts however deep in parts; what is encrypted only tells that there was thinking.
    private void Think(ref Utf8JsonReader reader, ref JsonTextBuffer to)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            Append(ref reader, ref to);
        }
        else if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                {
                    Think(ref reader, ref to);
                }
            }
        }
        else if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool text = reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) || reader.ValueTextEquals("summary"u8)
                    || reader.ValueTextEquals("reasoning"u8) || reader.ValueTextEquals("content"u8);
                bool hidden = reader.ValueTextEquals("data"u8) || reader.ValueTextEquals("encrypted_content"u8);
                reader.Read();
                _thoughtApart |= hidden && reader.TokenType == JsonTokenType.String;
                if (text)
                {
                    Think(ref reader, ref to);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    private void Append(ref Utf8JsonReader reader, ref JsonTextBuffer to)
    {
        if (reader.TokenType == JsonTokenType.String && !TooLong)
        {
            to.Append(ref reader);
        }
        else
        {
            reader.Skip();
        }
    }

    // Moves on to the value of a member where the reader stands on its name.
    private static bool At(ref Utf8JsonReader reader, ReadOnlySpan<byte> name) => reader.ValueTextEquals(name) && reader.Read();

    private static void Pass(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }
}
