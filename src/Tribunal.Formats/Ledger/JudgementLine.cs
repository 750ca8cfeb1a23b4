using System.Buffers;
using System.Text;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;

namespace Tribunal.Formats.Ledger;

/// <summary>
/// Ledger lines by hand: voting reads millions of them and needs neither their texts nor a string per name.
/// The form is that of <see cref="TribunalJson"/>.
/// </summary>
public static class JudgementLine
{
    /// <summary>Reads a line.</summary>
    /// <param name="line">UTF-8, without its line feed.</param>
    /// <param name="withText">Whether to read <c>text</c> and <c>reasoning</c>; voting needs neither.</param>
    /// <exception cref="JsonException">It is not a judgement; the message says why.</exception>
    public static Judgement Read(ReadOnlySpan<byte> line, bool withText)
    {
        try
        {
            return ReadObject(line, withText);
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException("a field of the judgement has the wrong type", exception);
        }
        catch (FormatException exception)
        {
            throw new JsonException("a number of the judgement is out of range", exception);
        }
    }

    /// <summary>Appends a judgement as a line with its line feed.</summary>
    public static void Write(IBufferWriter<byte> output, Judgement judgement)
    {
        using (Utf8JsonWriter writer = new(output, new JsonWriterOptions { SkipValidation = true, Encoder = LedgerEncoding.Encoder }))
        {
            JsonSerializer.Serialize(writer, judgement, TribunalJson.Default.Judgement);
        }

        output.Write("\n"u8);
    }

    private static Judgement ReadObject(ReadOnlySpan<byte> line, bool withText)
    {
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("a judgement is an object");
        }

        string? rolloutId = null, protocol = null, judge = null, why = null, finish = null, text = null, reasoning = null, task = null, route = null;
        int? sample = null, winner = null, neutralised = null;
        int[]? order = null, pair = null;
        double[]? scores = null;
        long seed = 0;
        double? meta = null, logProb = null;
        double latency = 0;
        Usage usage = default;
        JudgementOutcome? outcome = null;
        bool hinted = false;
        bool promptCut = false;
        Tries? tries = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("rolloutId"u8))
            {
                reader.Read();
                rolloutId = reader.GetString();
            }
            else if (reader.ValueTextEquals("sample"u8))
            {
                reader.Read();
                sample = reader.GetInt32();
            }
            else if (reader.ValueTextEquals("protocol"u8))
            {
                reader.Read();
                protocol = Name(ref reader);
            }
            else if (reader.ValueTextEquals("judge"u8))
            {
                reader.Read();
                judge = Name(ref reader);
            }
            else if (reader.ValueTextEquals("order"u8))
            {
                reader.Read();
                order = Indexes(ref reader);
            }
            else if (reader.ValueTextEquals("pair"u8))
            {
                reader.Read();
                pair = Indexes(ref reader);
            }
            else if (reader.ValueTextEquals("seed"u8))
            {
                reader.Read();
                seed = reader.GetInt64();
            }
            else if (reader.ValueTextEquals("outcome"u8))
            {
                reader.Read();
                outcome = Outcome(ref reader);
            }
            else if (reader.ValueTextEquals("why"u8))
            {
                reader.Read();
                why = reader.GetString();
            }
            else if (reader.ValueTextEquals("finish"u8))
            {
                reader.Read();
                finish = Name(ref reader);
            }
            else if (reader.ValueTextEquals("scores"u8))
            {
                reader.Read();
                scores = Numbers(ref reader);
            }
            else if (reader.ValueTextEquals("winner"u8))
            {
                reader.Read();
                winner = reader.TokenType == JsonTokenType.Null ? null : reader.GetInt32();
            }
            else if (reader.ValueTextEquals("meta"u8))
            {
                reader.Read();
                meta = reader.TokenType == JsonTokenType.Null ? null : reader.GetDouble();
            }
            else if (reader.ValueTextEquals("logProb"u8))
            {
                reader.Read();
                logProb = reader.TokenType == JsonTokenType.Null ? null : reader.GetDouble();
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                usage = JsonSerializer.Deserialize(ref reader, TribunalJson.Default.Usage);
            }
            else if (reader.ValueTextEquals("latencyMs"u8))
            {
                reader.Read();
                latency = reader.GetDouble();
            }
            else if (reader.ValueTextEquals("task"u8))
            {
                reader.Read();
                task = Name(ref reader);
            }
            else if (reader.ValueTextEquals("route"u8))
            {
                reader.Read();
                route = Name(ref reader);
            }
            else if (reader.ValueTextEquals("tries"u8))
            {
                reader.Read();
                tries = JsonSerializer.Deserialize(ref reader, TribunalJson.Default.Tries);
            }
            else if (reader.ValueTextEquals("neutralised"u8))
            {
                reader.Read();
                neutralised = reader.GetInt32();
            }
            else if (reader.ValueTextEquals("hinted"u8))
            {
                reader.Read();
                hinted = reader.GetBoolean();
            }
            else if (reader.ValueTextEquals("promptCut"u8))
            {
                reader.Read();
                promptCut = reader.GetBoolean();
            }
            else if (withText && reader.ValueTextEquals("text"u8))
            {
                reader.Read();
                text = reader.GetString();
            }
            else if (withText && reader.ValueTextEquals("reasoning"u8))
            {
                reader.Read();
                reasoning = reader.GetString();
            }
            else
            {
                reader.Skip();
            }
        }

        return new Judgement
        {
            RolloutId = rolloutId ?? throw Missing("rolloutId"),
            Sample = sample ?? throw Missing("sample"),
            Protocol = protocol ?? throw Missing("protocol"),
            Judge = judge ?? throw Missing("judge"),
            Order = order ?? throw Missing("order"),
            Pair = pair,
            Seed = seed,
            Outcome = outcome ?? throw Missing("outcome"),
            Why = why,
            Finish = finish,
            Scores = scores,
            Winner = winner,
            Meta = meta,
            LogProb = logProb,
            Usage = usage,
            LatencyMs = latency,
            Text = text,
            Reasoning = reasoning,
            Task = task,
            Route = route,
            Tries = tries,
            Neutralised = neutralised,
            Hinted = hinted,
            PromptCut = promptCut,
        };
    }

    private static JsonException Missing(string name) => new($"{name} is missing");

    // Judges, protocols and finish reasons repeat on every line.
    private static string? Name(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Null ? null : reader.HasValueSequence || reader.ValueIsEscaped ? reader.GetString() : NamePool.Get(reader.ValueSpan);

    private static JudgementOutcome Outcome(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("valid"u8) ? JudgementOutcome.Valid
        : reader.ValueTextEquals("unparsable"u8) ? JudgementOutcome.Unparsable
        : reader.ValueTextEquals("truncated"u8) ? JudgementOutcome.Truncated
        : reader.ValueTextEquals("refused"u8) ? JudgementOutcome.Refused
        : reader.ValueTextEquals("failed"u8) ? JudgementOutcome.Failed
        : throw new JsonException("outcome is none of valid, unparsable, truncated, refused, failed");

    private delegate T Element<T>(ref Utf8JsonReader reader);

    private static int[]? Indexes(ref Utf8JsonReader reader) => List(ref reader, stackalloc int[16], static (ref Utf8JsonReader at) => at.GetInt32());

    private static double[]? Numbers(ref Utf8JsonReader reader) => List(ref reader, stackalloc double[16], static (ref Utf8JsonReader at) => at.GetDouble());

    // Most lists are short: they are read on the stack, and allocated once.
    private static T[]? List<T>(ref Utf8JsonReader reader, scoped Span<T> few, Element<T> read)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        List<T>? many = null;
        int count = 0;
        Expect(ref reader, JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            T value = read(ref reader);
            if (count < few.Length)
            {
                few[count] = value;
            }
            else
            {
                many ??= [.. few];
                many.Add(value);
            }

            count++;
        }

        return many is null ? few[..count].ToArray() : [.. many];
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (reader.TokenType != type)
        {
            throw new JsonException("a list is expected");
        }
    }

    /// <summary>A small direct-mapped table of names seen lately.</summary>
    private static class NamePool
    {
        private static readonly string?[] Slots = new string?[256];

        public static string Get(ReadOnlySpan<byte> utf8)
        {
            uint hash = 2166136261;
            foreach (byte b in utf8)
            {
                hash = (hash ^ b) * 16777619;
            }

            ref string? slot = ref Slots[hash % (uint)Slots.Length];
            string? known = slot;
            if (known is not null && known.Length == utf8.Length && Ascii.Equals(utf8, known))
            {
                return known;
            }

            string name = Encoding.UTF8.GetString(utf8);
            slot = name;
            return name;
        }
    }
}
