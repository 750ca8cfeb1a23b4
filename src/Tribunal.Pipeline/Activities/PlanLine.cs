using System.Buffers;
using System.Buffers.Text;
using Tribunal.Pipeline.Orchestration;
using Tribunal.Pipeline.Runs;
using Tribunal.Verdicts;

namespace Tribunal.Pipeline.Activities;

/// <summary>Lines of a round's plan by hand: a tournament plans one for every judgement. The form is that of <see cref="PipelineJson"/>.</summary>
internal static class PlanLine
{
    private const int LongestNumber = 12;
    private const int Names = 64;

    /// <summary>Appends an ordinary draw of the run's own way to judge.</summary>
    public static void Write(ArrayBufferWriter<byte> output, int rollout, Draw draw)
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
