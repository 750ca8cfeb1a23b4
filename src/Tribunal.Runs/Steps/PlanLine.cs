using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Tribunal.Runs.Orchestration;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>Lines of a round's plan by hand: a tournament plans one for every judgement. The form is that of <see cref="RunsJson"/>.</summary>
internal static class PlanLine
{
    private const int LongestNumber = 12;
    private const int Names = 64;

    /// <summary>Appends an ordinary draw of the run's own way to judge.</summary>
    public static void Write(IBufferWriter<byte> output, int rollout, Draw draw)
    {
        Span<byte> line = output.GetSpan(Names + (LongestNumber * (2 + draw.Order.Count + (draw.Pair?.Count ?? 0))));
        int at = Put(line, 0, "{\"rollout\":"u8);
        at = Put(line, at, rollout);
        at = Put(line, at, ",\"sample\":"u8);
        at = Put(line, at, draw.Sample);
        at = Put(line, at, ",\"order\":"u8);
        at = Put(line, at, draw.Order);
        if (draw.Pair is { } pair)
        {
            at = Put(line, at, ",\"pair\":"u8);
            at = Put(line, at, pair);
        }

        output.Advance(Put(line, at, "}\n"u8));
    }

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="before">The draw of the line before: votes of a match share what they say of its two.</param>
    /// <exception cref="JsonException">It is none.</exception>
    public static PlannedDraw Read(ReadOnlySpan<byte> line, PlannedDraw? before = null)
    {
        var reader = new Utf8JsonReader(line);
        int? rollout = null, sample = null, hint = null;
        int[]? order = null, pair = null;
        string? route = null;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("rollout"u8))
            {
                rollout = Number(ref reader);
            }
            else if (reader.ValueTextEquals("sample"u8))
            {
                sample = Number(ref reader);
            }
            else if (reader.ValueTextEquals("order"u8))
            {
                order = Numbers(ref reader, before);
            }
            else if (reader.ValueTextEquals("pair"u8))
            {
                pair = Numbers(ref reader, before);
            }
            else if (reader.ValueTextEquals("hint"u8))
            {
                hint = Number(ref reader);
            }
            else if (reader.ValueTextEquals("route"u8))
            {
                reader.Read();
                route = reader.GetString();
            }
            else
            {
                reader.Skip();
            }
        }

        return new PlannedDraw(
            rollout ?? throw new JsonException("rollout is missing"), sample ?? throw new JsonException("sample is missing"), order ?? throw new JsonException("order is missing"), pair, hint, route);
    }

    private static int Number(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.GetInt32();
    }

    private static int[] Numbers(ref Utf8JsonReader reader, PlannedDraw? before)
    {
        Span<int> few = stackalloc int[2];
        List<int>? more = null;
        int count = 0;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.Number)
        {
            if (count < few.Length)
            {
                few[count] = reader.GetInt32();
            }
            else
            {
                (more ??= [.. few]).Add(reader.GetInt32());
            }

            count++;
        }

        return more is not null ? [.. more] : Same(before?.Pair, few[..count]) ?? Same(before?.Order, few[..count]) ?? few[..count].ToArray();
    }

    private static int[]? Same(IReadOnlyList<int>? known, ReadOnlySpan<int> numbers) => known is int[] array && numbers.SequenceEqual(array) ? array : null;

    private static int Put(Span<byte> line, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(line[at..]);
        return at + text.Length;
    }

    private static int Put(Span<byte> line, int at, int number) =>
        Utf8Formatter.TryFormat(number, line[at..], out int written) ? at + written : throw new InvalidOperationException("a line of the plan is longer than thought");

    private static int Put(Span<byte> line, int at, IReadOnlyList<int> numbers)
    {
        line[at++] = (byte)'[';
        foreach (int number in numbers as int[] ?? [.. numbers])
        {
            at = Put(line, at, number);
            line[at++] = (byte)',';
        }

        line[numbers.Count > 0 ? at - 1 : at++] = (byte)']';
        return at;
    }
}
