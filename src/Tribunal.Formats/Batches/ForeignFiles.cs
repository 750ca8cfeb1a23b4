using System.Text;

namespace Tribunal.Formats.Batches;

/// <summary>Names files that are whole but are no batches, so that nobody looks for what is broken in them.</summary>
internal static class ForeignFiles
{
    private const string Compressions = "decompress it, or compress with gzip or zstd";
    private const string Formats = "write JSON Lines, JSON or Parquet";

    private static readonly (byte[] Magic, string Name, string Advice)[] Known =
    [
        ([0xFD, .. "7zXZ"u8, 0], "xz", Compressions),
        ([.. "BZh"u8], "bzip2", Compressions),
        ([0x04, 0x22, 0x4D, 0x18], "LZ4", Compressions),
        ([0xFF, 0x06, 0x00, 0x00, .. "sNaPpY"u8], "Snappy", Compressions),
        ([0x1F, 0x9D], "compress (.Z)", Compressions),
        ([.. "LZIP"u8], "lzip", Compressions),
        ([.. "7z"u8, 0xBC, 0xAF, 0x27, 0x1C], "7-Zip", "unpack it"),
        ([.. "PK"u8, 3, 4], "ZIP (or a spreadsheet)", "unpack it, or export what is inside as JSON Lines or Parquet; a log of Inspect (.eval) is written as JSON by inspect log dump FILE"),
        ([.. "ARROW1"u8], "Arrow IPC (Feather)", Formats),
        ([0xFF, 0xFF, 0xFF, 0xFF], "an Arrow IPC stream", Formats),
        ([.. "PARE"u8], "encrypted Parquet", "decrypt it"),
        ([.. "ORC"u8], "ORC", Formats),
        ([.. "Obj"u8, 1], "Avro", Formats),
        ([0x89, .. "HDF"u8], "HDF5", Formats),
        ([.. "SQLite format 3"u8], "SQLite", Formats),
        ([.. "version https://git-lfs"u8], "a Git LFS pointer, in the place of the file that it names", "git lfs pull brings that"),
        ([.. "<!DOCTYPE"u8], "a web page", "download the file itself, signed in where it asks for that"),
        ([.. "<!doctype"u8], "a web page", "download the file itself, signed in where it asks for that"),
        ([.. "<html"u8], "a web page", "download the file itself, signed in where it asks for that"),
        ([0x80, 0x02], "a Python pickle", Formats),
        ([0x80, 0x03], "a Python pickle", Formats),
        ([0x80, 0x04], "a Python pickle", Formats),
        ([0x80, 0x05], "a Python pickle", Formats),
    ];

    /// <summary>Refuses what is recognised as something else.</summary>
    /// <param name="head">The file's first bytes, compression aside.</param>
    /// <param name="whole">Whether these are all of it.</param>
    /// <exception cref="BatchFormatException">It is something else; the message names it and what to do.</exception>
    public static void Refuse(ReadOnlySpan<byte> head, bool whole)
    {
        if (head is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..])
        {
            throw new BatchFormatException("the file is UTF-16; convert it to UTF-8");
        }

        if (head is [not 0, 0, not 0, 0, not 0, 0, ..] or [0, not 0, 0, not 0, 0, not 0, ..])
        {
            throw new BatchFormatException("the file looks like UTF-16 without a byte order mark; convert it to UTF-8");
        }

        foreach ((byte[] magic, string name, string advice) in Known)
        {
            if (head.StartsWith(magic))
            {
                throw new BatchFormatException($"the file is {name}, which is not read: {advice}");
            }
        }

        if (head.Length > 262 && head[257..].StartsWith("ustar"u8))
        {
            throw new BatchFormatException("the file is a tar archive, which is not read: unpack it");
        }

        if (TableOf(head, whole) is { } first)
        {
            throw new BatchFormatException($"the file looks like a CSV table, whose first line is \"{first}\"; write JSON Lines, an object a line: {Example(first)}");
        }
    }

    // Lines of text with as many separators each, and no JSON among them.
    private static string? TableOf(ReadOnlySpan<byte> head, bool whole)
    {
        ReadOnlySpan<byte> text = head.StartsWith("\uFEFF"u8) ? head[3..] : head;
        if (text.IndexOfAny("\0"u8) >= 0)
        {
            return null;
        }

        string[] lines = Encoding.UTF8.GetString(text).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        bool any = lines.Length > 1 || (lines.Length == 1 && whole);
        if (!any || lines.Take(2).Any(static line => line[0] is '{' or '['))
        {
            return null;
        }

        string header = lines[0];
        char separator = header.Contains('\t', StringComparison.Ordinal) ? '\t' : header.Contains(';', StringComparison.Ordinal) && !header.Contains(',', StringComparison.Ordinal) ? ';' : ',';
        string[] names = header.Split(separator);
        bool isHeader = names.Length > 1 && names.Skip(names[0].Length == 0 ? 1 : 0).All(static name => name.Trim().Trim('"') is { Length: > 0 and <= 64 } word && word.All(static c => char.IsLetterOrDigit(c) || c is '_' or '-' or ' ' or '.'));
        return isHeader ? (header.Length > 120 ? header[..120] + "…" : header) : null;
    }

    private static string Example(string header) =>
        $$"""{"{{Array.Find(header.Split('\t', ',', ';'), static name => name.Length > 0)!.Trim().Trim('"')}}": …}; in Python: pandas.read_csv(FILE{{(header.Contains('\t', StringComparison.Ordinal) ? ", sep=\"\\t\"" : header.Contains(',', StringComparison.Ordinal) ? "" : ", sep=\";\"")}}).to_json("batch.jsonl", orient="records", lines=True)""";
}
