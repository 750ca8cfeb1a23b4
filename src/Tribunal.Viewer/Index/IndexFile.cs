using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Tribunal.Reports;
using Tribunal.Viewer.Forms;

namespace Tribunal.Viewer.Index;

/// <summary>
/// A run's index in a file: beside the run where that is a folder that can be written, else among the user's own data. A header, the
/// rows and ids, which are read whole, and the places, which are read by ranges. One that was made of other files is made anew.
/// </summary>
internal static class IndexFile
{
    /// <summary>Its name in a run's folder.</summary>
    public const string Name = "judgements.index";

    private const int PlacesAtOnce = 4096;
    private static readonly byte[] Magic = "TRIBINDEX2\n"u8.ToArray();

    /// <summary>Reads an index; null where there is none, or it is of other files or another version.</summary>
    public static RunIndex? TryRead(RunSource source, string stamp)
    {
        foreach (string path in Paths(source))
        {
            if (File.Exists(path) && TryRead(path, stamp) is { } index)
            {
                return index;
            }
        }

        return null;
    }

    /// <summary>Writes an index, and has it read its places from there; where nothing can be written it stays in memory.</summary>
    public static void Write(RunSource source, string stamp, RunIndex index, PlaceList places)
    {
        foreach (string path in Paths(source))
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                long at = Write(path, stamp, index, places);
                index.Place(File.OpenHandle(path), at);
                return;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                continue;
            }
        }
    }

    private static IEnumerable<string> Paths(RunSource source)
    {
        if (source.Folder is { } folder)
        {
            yield return Path.Combine(folder, Name);
        }

        string name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source.Place)))[..24];
        yield return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) is { Length: > 0 } own ? own : Path.GetTempPath(), "tribunal", "view", name + ".index");
    }

    private static RunIndex? TryRead(string path, string stamp)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path);
            long length = RandomAccess.GetLength(file);
            byte[] start = new byte[Magic.Length + 4];
            if (RandomAccess.Read(file, start, 0) < start.Length || !start.AsSpan(0, Magic.Length).SequenceEqual(Magic))
            {
                return Not(file);
            }

            int headerLength = BinaryPrimitives.ReadInt32LittleEndian(start.AsSpan(Magic.Length));
            if (headerLength is <= 0 or > 64 * 1024 * 1024 || headerLength > length)
            {
                return Not(file);
            }

            byte[] json = new byte[headerLength];
            RandomAccess.Read(file, json, start.Length);
            IndexHeader? header = JsonSerializer.Deserialize(json, ViewerJson.Default.IndexHeader);
            if (header is null || header.Stamp != stamp || header.Length != length || header.RowBytes != Marshal.SizeOf<IndexRow>())
            {
                return Not(file);
            }

            long at = start.Length + headerLength;
            var rows = new IndexRow[header.Rows];
            byte[] ids = new byte[header.IdBytes];
            ReadWhole(file, MemoryMarshal.AsBytes(rows.AsSpan()), at);
            at += (long)header.Rows * header.RowBytes;
            ReadWhole(file, ids, at);
            var index = new RunIndex
            {
                Domains = [.. header.Domains], Files = [.. header.Files], Bytes = header.Bytes, Judgements = header.Judgements, HasBatch = header.HasBatch,
                Rewards = Histogram.Of(header.Rewards, header.RewardSum), Progress = new IndexProgress("", 1),
            };
            index.Load(rows, ids);
            index.Place(file, at + header.IdBytes);
            return index;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return Not(file);
        }
    }

    private static RunIndex? Not(SafeFileHandle? file)
    {
        file?.Dispose();
        return null;
    }

    private static long Write(string path, string stamp, RunIndex index, PlaceList places)
    {
        ReadOnlySpan<byte> rows = MemoryMarshal.AsBytes(index.Rows);
        long ends = (long)places.Count * Marshal.SizeOf<IndexPlace>();
        var header = new IndexHeader
        {
            Stamp = stamp, Rows = index.Count, RowBytes = Marshal.SizeOf<IndexRow>(), IdBytes = index.Ids.Bytes, Domains = index.Domains, Files = index.Files,
            Bytes = index.Bytes, Judgements = index.Judgements, HasBatch = index.HasBatch, Rewards = [.. index.Rewards.Counts], RewardSum = index.Rewards.Sum,
        };

        // The length stands in the header, whose own length it changes: a number of fixed width.
        byte[] json = [];
        for (int pass = 0; pass < 3; pass++)
        {
            json = JsonSerializer.SerializeToUtf8Bytes(header, ViewerJson.Default.IndexHeader);
            header = header with { Length = Magic.Length + 4 + json.Length + rows.Length + index.Ids.Bytes + ends };
        }

        json = JsonSerializer.SerializeToUtf8Bytes(header, ViewerJson.Default.IndexHeader);
        string temporary = $"{path}.{Environment.ProcessId}.tmp~";
        try
        {
            using (FileStream file = File.Create(temporary))
            {
                Span<byte> length = stackalloc byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(length, json.Length);
                file.Write(Magic);
                file.Write(length);
                file.Write(json);
                file.Write(rows);
                file.Write(index.Ids.Text);
                Write(file, places);
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return Magic.Length + 4 + json.Length + rows.Length + index.Ids.Bytes;
    }

    private static void Write(FileStream file, PlaceList places)
    {
        var block = new IndexPlace[PlacesAtOnce];
        for (int start = 0; start < places.Count; start += block.Length)
        {
            Span<IndexPlace> part = block.AsSpan(0, Math.Min(block.Length, places.Count - start));
            for (int i = 0; i < part.Length; i++)
            {
                part[i] = places[start + i];
            }

            file.Write(MemoryMarshal.AsBytes(part));
        }
    }

    private static void ReadWhole(SafeFileHandle file, Span<byte> bytes, long at)
    {
        int done = 0;
        while (done < bytes.Length)
        {
            int read = RandomAccess.Read(file, bytes[done..], at + done);
            done += read > 0 ? read : throw new EndOfStreamException();
        }
    }
}
