using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
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
        try
        {
            using FileStream file = File.OpenRead(path);
            using var reader = new BinaryReader(file);
            if (!reader.ReadBytes(Magic.Length).AsSpan().SequenceEqual(Magic) || reader.ReadInt32() is not (> 0 and <= 64 * 1024 * 1024 and var headerLength))
            {
                return null;
            }

            IndexHeader? header = JsonSerializer.Deserialize(reader.ReadBytes(headerLength), ViewerJson.Default.IndexHeader);
            if (header is null || header.Stamp != stamp || header.RowBytes != Marshal.SizeOf<IndexRow>()
                || file.Position + ((long)header.Rows * header.RowBytes) + header.IdBytes + (header.Judgements * Marshal.SizeOf<IndexPlace>()) != file.Length)
            {
                return null;
            }

            var rows = new IndexRow[header.Rows];
            file.ReadExactly(MemoryMarshal.AsBytes(rows.AsSpan()));
            var index = new RunIndex
            {
                Domains = [.. header.Domains], Files = [.. header.Files], Bytes = header.Bytes, Judgements = header.Judgements, HasBatch = header.HasBatch,
                Rewards = Histogram.Of(header.Rewards, header.RewardSum), Progress = new ProgressForm("", 1),
            };
            index.Load(rows, reader.ReadBytes(header.IdBytes));
            index.Place(File.OpenHandle(path), file.Position);
            return index;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    private static long Write(string path, string stamp, RunIndex index, PlaceList places)
    {
        ReadOnlySpan<byte> rows = MemoryMarshal.AsBytes(index.Rows);
        byte[] ids = Encoding.UTF8.GetBytes(string.Concat(index.Ids));
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(
            new IndexHeader
            {
                Stamp = stamp, Rows = index.Count, RowBytes = Marshal.SizeOf<IndexRow>(), IdBytes = ids.Length, Domains = index.Domains, Files = index.Files,
                Bytes = index.Bytes, Judgements = index.Judgements, HasBatch = index.HasBatch, Rewards = [.. index.Rewards.Counts], RewardSum = index.Rewards.Sum,
            },
            ViewerJson.Default.IndexHeader);
        string temporary = $"{path}.{Environment.ProcessId}.tmp~";
        try
        {
            using (var file = new BinaryWriter(File.Create(temporary)))
            {
                file.Write(Magic);
                file.Write(json.Length);
                file.Write(json);
                file.Write(rows);
                file.Write(ids);
                for (int i = 0; i < places.Count; i++)
                {
                    IndexPlace place = places[i];
                    file.Write(MemoryMarshal.AsBytes(new ReadOnlySpan<IndexPlace>(in place)));
                }
            }

            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }

        return Magic.Length + 4 + json.Length + rows.Length + ids.Length;
    }
}
