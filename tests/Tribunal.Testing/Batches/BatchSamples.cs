using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CsCheck;
using Parquet;
using Parquet.Serialization;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using ZstdSharp;

namespace Tribunal.Testing.Batches;

/// <summary>Batches to read, made in memory.</summary>
internal static class BatchSamples
{
    // Text that upsets readers: quotes, line ends, brackets, pairs of surrogates, separators, control characters.
    public static readonly Gen<string> Text = Gen.Frequency(
        (6, Gen.String[Gen.Char.AlphaNumeric, 1, 12]),
        (2, Gen.OneOf("\"", "\\", "\n", "\r\n", "{[\"", "]}", "😀", "\u2028", "\u0000\u001f", "\uFEFF", "日本語", "\\u0041", ",", " ")
            .Array[1, 6].Select(string.Concat)),
        (1, Gen.Char.AlphaNumeric.Select(Gen.Int[1, 3_000], static (c, n) => new string(c, n))));

    private static readonly Gen<string> Id = Gen.String[Gen.Char.AlphaNumeric, 1, 20];

    public static readonly Gen<Rollout> Rollout =
        from id in Id
        from turns in Gen.Select(Gen.OneOf("user", "assistant", "system"), Text, static (r, t) => new Message(r, t)).Array[1, 4]
        from responses in Gen.Select(Text, Id.Null(0.5), static (t, i) => new Response(t, i)).Array[1, 5]
        from best in Gen.Int[0, responses.Length - 1].Array[1, responses.Length].Select(static b => b.Distinct().ToArray()).Null(0.3)
        from scores in Gen.Double[-1e6, 1e6].Array[responses.Length].Null(0.5)
        from reference in Text.Null(0.5)
        from domain in Text.Null(0.5)
        where turns.Any(static t => !string.IsNullOrWhiteSpace(t.Content))
        select new Rollout { Id = id, Prompt = turns, Responses = responses, Best = best, Scores = scores, Reference = reference, Domain = domain };

    public static string Json(Rollout rollout) => JsonSerializer.Serialize(rollout, TribunalJson.Default.Rollout);

    public static byte[] Lines(IEnumerable<Rollout> rollouts, string ending = "\n") =>
        Encoding.UTF8.GetBytes(string.Concat(rollouts.Select(r => Json(r) + ending)));

    public static byte[] Array(IEnumerable<Rollout> rollouts) => Encoding.UTF8.GetBytes($"[{string.Join(",\n ", rollouts.Select(Json))}]");

    public static byte[] Wrapped(IEnumerable<Rollout> rollouts) =>
        Encoding.UTF8.GetBytes($"{{\"version\": 1, \"data\": [{string.Join(',', rollouts.Select(Json))}], \"more\": {{}}}}");

    public static byte[] Indented(IEnumerable<Rollout> rollouts) =>
        Encoding.UTF8.GetBytes(string.Join('\n', rollouts.Select(static r => JsonSerializer.Serialize(JsonDocument.Parse(Json(r)).RootElement, Pretty))));

    public static async Task<byte[]> ParquetAsync(IReadOnlyList<Rollout> rollouts, int rowGroup)
    {
        using var stream = new MemoryStream();
        await ParquetSerializer.SerializeAsync(
            rollouts.Select(static r => new Row
            {
                id = r.Id,
                prompt = [.. r.Prompt.Select(static t => new Turn { role = t.Role, content = t.Content })],
                responses = [.. r.Responses.Select(static a => new Answer { id = a.Id, content = a.Content })],
                best = r.Best?.ToList(),
                scores = r.Scores?.ToList(),
                reference = r.Reference,
                domain = r.Domain,
            }).ToList(),
            stream,
            new ParquetOptions { RowGroupSize = rowGroup });
        return stream.ToArray();
    }

    public static byte[] Gzip(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest))
        {
            gzip.Write(content);
        }

        return stream.ToArray();
    }

    public static byte[] Zstd(byte[] content)
    {
        using var compressor = new Compressor();
        return compressor.Wrap(content).ToArray();
    }

    public static async Task<List<BatchLine>> ReadAsync(byte[] content, BatchLimits? limits = null, bool trickle = false)
    {
        using Stream stream = trickle ? new TrickleStream(content) : new MemoryStream(content);
        return await RolloutReader.ReadAsync(stream, limits).ToListAsync();
    }

    public static Task<List<BatchLine>> ReadAsync(string content, BatchLimits? limits = null) => ReadAsync(Encoding.UTF8.GetBytes(content), limits);

    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true };

#pragma warning disable IDE1006, SA1300 // Parquet columns are named after the properties.
    public sealed class Row
    {
        public string? id { get; set; }

        public List<Turn>? prompt { get; set; }

        public List<Answer>? responses { get; set; }

        public List<int>? best { get; set; }

        public List<double>? scores { get; set; }

        public string? reference { get; set; }

        public string? domain { get; set; }
    }

    public sealed class Turn
    {
        public string? role { get; set; }

        public string? content { get; set; }
    }

    public sealed class Answer
    {
        public string? id { get; set; }

        public string? content { get; set; }
    }
#pragma warning restore IDE1006, SA1300

    /// <summary>Gives its start, and never answers again once it was asked for anything else.</summary>
    public sealed class StallingStream(byte[] content) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position == 0 || Position == Length ? ValueTask.FromResult(Read(buffer.Span)) : new ValueTask<int>(new TaskCompletionSource<int>().Task);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    /// <summary>Gives a few bytes at a time and can't seek, like a network.</summary>
    private sealed class TrickleStream(byte[] content) : Stream
    {
        private int _at;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            int size = Math.Min(Math.Min(count, 1 + (_at * 31 % 613)), content.Length - _at);
            content.AsSpan(_at, size).CopyTo(buffer.AsSpan(offset));
            _at += size;
            return size;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
