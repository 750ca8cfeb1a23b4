using System.Buffers.Binary;
using System.Text;

namespace Tribunal.Testing.Telemetry;

/// <summary>A message of protocol buffers, read without its schema: enough of the wire's form to see what an exporter has sent.</summary>
internal sealed class ProtoMessage
{
    private readonly List<(int Number, ReadOnlyMemory<byte> Bytes)> _fields = [];

    public ProtoMessage(ReadOnlyMemory<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length)
        {
            ulong tag = Varint(bytes.Span, ref at);
            int start = at;
            int length = (tag & 7) switch
            {
                0 => Skip(bytes.Span, ref at) - start,
                1 => 8,
                2 => (int)Varint(bytes.Span, ref at),
                5 => 4,
                _ => throw new InvalidDataException($"no wire type: {tag & 7}"),
            };
            start = (tag & 7) == 2 ? at : start;
            _fields.Add(((int)(tag >> 3), bytes.Slice(start, length)));
            at = start + length;
        }
    }

    /// <summary>The messages of a field.</summary>
    public IEnumerable<ProtoMessage> Messages(int number) => Of(number).Select(static bytes => new ProtoMessage(bytes));

    /// <summary>A field's text; empty where there is none.</summary>
    public string Text(int number) => Of(number).Select(static bytes => Encoding.UTF8.GetString(bytes.Span)).FirstOrDefault("");

    /// <summary>A field's bytes in hexadecimal; empty where there are none.</summary>
    public string Hex(int number) => Of(number).Select(static bytes => Convert.ToHexStringLower(bytes.Span)).FirstOrDefault("");

    /// <summary>OTLP's attributes in a field, each value as text.</summary>
    public Dictionary<string, string> Attributes(int number) =>
        Messages(number).ToDictionary(static pair => pair.Text(1), static pair => pair.Messages(2).Select(static value => value.Value()).FirstOrDefault(""), StringComparer.Ordinal);

    // An AnyValue of OTLP.
    private string Value()
    {
        (int number, ReadOnlyMemory<byte> bytes) = _fields.FirstOrDefault();
        int at = 0;
        return number switch
        {
            1 => Encoding.UTF8.GetString(bytes.Span),
            2 or 3 => $"{Varint(bytes.Span, ref at)}",
            4 => FormattableString.Invariant($"{BinaryPrimitives.ReadDoubleLittleEndian(bytes.Span)}"),
            _ => "",
        };
    }

    private IEnumerable<ReadOnlyMemory<byte>> Of(int number) => _fields.Where(field => field.Number == number).Select(static field => field.Bytes);

    private static int Skip(ReadOnlySpan<byte> bytes, ref int at)
    {
        Varint(bytes, ref at);
        return at;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }
    }
}
