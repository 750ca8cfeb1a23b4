using System.Text;
using CsCheck;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Testing.Batches;

namespace Tribunal.Formats.Tests.Batches;

public sealed class RolloutReaderTests
{
    public static TheoryData<string, string> Formats()
    {
        var data = new TheoryData<string, string>();
        foreach (string layout in (string[])["lines", "crlf", "bom", "array", "wrapped", "indented", "parquet"])
        {
            foreach (string compression in (string[])["none", "gzip", "zstd"])
            {
                data.Add(layout, compression);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Any_rollout_round_trips(string layout, string compression) =>
        await BatchSamples.Rollout.Array[1, 12].Select(Gen.Bool).SampleAsync(
            async (rollouts, trickle) =>
            {
                byte[] content = layout switch
                {
                    "lines" => BatchSamples.Lines(rollouts),
                    "crlf" => BatchSamples.Lines(rollouts, "\r\n"),
                    "bom" => [.. "\uFEFF"u8, .. BatchSamples.Lines(rollouts)],
                    "array" => BatchSamples.Array(rollouts),
                    "wrapped" => BatchSamples.Wrapped(rollouts),
                    "indented" => BatchSamples.Indented(rollouts),
                    _ => await BatchSamples.ParquetAsync(rollouts, 3),
                };
                content = compression switch
                {
                    "gzip" => BatchSamples.Gzip(content),
                    "zstd" => BatchSamples.Zstd(content),
                    _ => content,
                };
                List<BatchLine> read = await BatchSamples.ReadAsync(content, trickle: trickle);
                Assert.Equal(rollouts.Select(BatchSamples.Json), read.Select(static l => l.Error ?? BatchSamples.Json(l.Rollout!)));
                Assert.Equal(Enumerable.Range(1, rollouts.Length).Select(static n => (long)n), read.Select(static l => l.Line));
            },
            iter: layout == "parquet" ? 20 : 60);

    [Fact]
    public async Task Offsets_of_lines_are_exact_and_ranges_read_the_same() =>
        await Gen.Select(BatchSamples.Rollout.Array[1, 10], Gen.OneOf("\n", "\r\n", "\n\n \n"), Gen.Bool, Gen.Int[0, 9]).SampleAsync(
            async (rollouts, ending, mark, from) =>
            {
                byte[] content = [.. mark ? "\uFEFF"u8 : [], .. BatchSamples.Lines(rollouts, ending)];
                List<BatchLine> lines = await BatchSamples.ReadAsync(content);
                foreach ((BatchLine line, Rollout rollout) in lines.Zip(rollouts))
                {
                    Assert.Equal(BatchSamples.Json(rollout), Encoding.UTF8.GetString(content.AsSpan((int)line.Offset, (int)line.Length)));
                }

                BatchLine first = lines[from % lines.Count];
                using var range = new MemoryStream(content, (int)first.Offset, content.Length - (int)first.Offset);
                List<BatchLine> part = await RolloutReader.ReadRangeAsync(range, first.Line, first.Offset).ToListAsync();
                Assert.Equal(
                    lines.Skip(from % lines.Count).Select(static l => (l.Line, l.Offset, l.Length, l.Rollout!.Id)),
                    part.Select(static l => (l.Line, l.Offset, l.Length, l.Rollout!.Id)));
            },
            iter: 100);

    [Fact]
    public async Task Arbitrary_bytes_never_throw_but_for_the_container() =>
        await Gen.Select(Gen.OneOf("", "[", "{\"data\":[", "{", "\uFEFF", "[{},"), Gen.Byte.Array[0, 400], Gen.Bool).SampleAsync(
            async (start, bytes, trickle) => await ReadTolerantlyAsync([.. Encoding.UTF8.GetBytes(start), .. bytes], trickle),
            iter: 2_000);

    [Fact]
    public async Task Damaged_batches_never_throw_but_for_the_container() =>
        await Gen.Select(BatchSamples.Rollout.Array[1, 4], Gen.Int[0, 5], Gen.Int[0, 1_000_000], Gen.Byte, Gen.Bool).SampleAsync(
            async (rollouts, layout, at, value, cut) =>
            {
                byte[] content = layout switch
                {
                    0 => BatchSamples.Lines(rollouts),
                    1 => BatchSamples.Array(rollouts),
                    2 => BatchSamples.Gzip(BatchSamples.Lines(rollouts)),
                    3 => BatchSamples.Zstd(BatchSamples.Lines(rollouts)),
                    4 => BatchSamples.Gzip(BatchSamples.Array(rollouts)),
                    _ => await BatchSamples.ParquetAsync(rollouts, 2),
                };
                content[at % content.Length] = value;
                await ReadTolerantlyAsync(cut ? content[..(at % content.Length)] : content, trickle: false);
            },
            iter: 300);

    [Fact]
    public async Task Bad_lines_are_reported_and_the_rest_goes_on()
    {
        byte[] content =
        [
            .. """{"id":"a","prompt":"p","responses":["x"]}"""u8, (byte)'\n',
            .. """{"id":"b","prompt":"p","responses":["x"]"""u8, (byte)'\n',
            (byte)'\n',
            .. "{\"id\":\"c\",\"prompt\":\"p\",\"responses\":[\""u8, 0xC3, 0x28, .. "\"]}\n"u8,
            .. """{"id":"d","prompt":"p","responses":["\ud83d"]}"""u8, (byte)'\n',
            .. """{"id":"e","prompt":"p","responses":["x"],"metadata":{"k":"\udc00"}}"""u8, (byte)'\n',
            .. """[1,2]"""u8, (byte)'\n',
            .. """{"id":"f","prompt":"p","responses":["\ud83d\ude00 \\ud83d"]}"""u8,
        ];
        List<BatchLine> lines = await BatchSamples.ReadAsync(content);
        Assert.Equal([1, 2, 4, 5, 6, 7, 8], lines.Select(static l => l.Line));
        Assert.Equal(["a", null, null, "d", "e", null, "f"], lines.Select(static l => l.Rollout?.Id));
        Assert.Equal("😀 \\ud83d", lines[^1].Rollout!.Responses[0].Content);
        Assert.StartsWith("not valid JSON at byte 41 of the record", lines[1].Error, StringComparison.Ordinal);
        Assert.Equal("not valid UTF-8 at byte 38 of the record", lines[2].Error);
        Assert.Equal("\uFFFD", lines[3].Rollout!.Responses[0].Content);
        Assert.Equal("the record is not a JSON object", lines[5].Error);
    }

    [Theory]
    [InlineData("lines")]
    [InlineData("array")]
    public async Task A_record_above_the_limit_is_refused_and_the_rest_goes_on(string layout)
    {
        Rollout[] rollouts =
        [
            Small("a"),
            Small("b") with { Responses = [new Response(new string('y', 300_000))] },
            Small("c") with { Responses = [new Response(new string('z', 60_000))] },
        ];
        byte[] content = layout == "lines" ? BatchSamples.Lines(rollouts) : BatchSamples.Array(rollouts);
        List<BatchLine> lines = await BatchSamples.ReadAsync(content, new BatchLimits { RecordBytes = 100_000 });
        int size = BatchSamples.Json(rollouts[1]).Length;
        Assert.Equal([null, $"the record has {size} bytes, more than 100000", null], lines.Select(static l => l.Error));
        Assert.Equal("c", lines[2].Rollout!.Id);
        if (layout == "lines")
        {
            Assert.Equal(size, lines[1].Length);
            Assert.Equal((byte)'\n', content[lines[1].Offset + size]);
        }
    }

    [Fact]
    public async Task A_broken_array_says_where()
    {
        BatchFormatException cut = await Assert.ThrowsAsync<BatchFormatException>(static () => BatchSamples.ReadAsync("""[{"id":"a","prompt":"p","responses":["x"]}, {"id":"""));
        Assert.Contains("record 2", cut.Message, StringComparison.Ordinal);
        BatchFormatException wrong = await Assert.ThrowsAsync<BatchFormatException>(static () => BatchSamples.ReadAsync("""[{"id":"a"} {"id":"b"}]"""));
        Assert.Contains("after record 1", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Truncated_compression_is_one_clear_exception()
    {
        byte[] content = BatchSamples.Lines(Enumerable.Range(0, 500).Select(static i => Small($"r{i}")));
        foreach (byte[] whole in (byte[][])[BatchSamples.Gzip(content), BatchSamples.Zstd(content)])
        {
            BatchFormatException exception = await Assert.ThrowsAsync<BatchFormatException>(() => BatchSamples.ReadAsync(whole[..(whole.Length / 2)]));
            Assert.Contains("broken or cut off", exception.Message, StringComparison.Ordinal);
        }

        byte[] parquet = await BatchSamples.ParquetAsync([Small("a")], 10);
        await Assert.ThrowsAsync<BatchFormatException>(() => BatchSamples.ReadAsync(parquet[..(parquet.Length / 2)]));
    }

    [Fact]
    public async Task Decompression_bombs_are_refused()
    {
        byte[] content = BatchSamples.Lines([Small("a") with { Reference = new string('x', 4_000_000) }]);
        foreach (byte[] bomb in (byte[][])[BatchSamples.Gzip(content), BatchSamples.Zstd(content)])
        {
            BatchFormatException large = await Assert.ThrowsAsync<BatchFormatException>(
                () => BatchSamples.ReadAsync(bomb, new BatchLimits { DecompressedBytes = 1_000_000 }));
            Assert.Contains("more than 1000000", large.Message, StringComparison.Ordinal);
            BatchFormatException ratio = await Assert.ThrowsAsync<BatchFormatException>(
                () => BatchSamples.ReadAsync(bomb, new BatchLimits { DecompressionRatio = 20, RatioFreeBytes = 1_000_000 }));
            Assert.Contains("20-fold", ratio.Message, StringComparison.Ordinal);
        }

        await Assert.ThrowsAsync<BatchFormatException>(() => BatchSamples.ReadAsync(BatchSamples.Gzip(BatchSamples.Gzip(content))));
    }

    [Fact]
    public async Task A_row_group_above_the_limit_is_refused()
    {
        byte[] parquet = await BatchSamples.ParquetAsync([Small("a"), Small("b")], 10);
        BatchFormatException exception = await Assert.ThrowsAsync<BatchFormatException>(() => BatchSamples.ReadAsync(parquet, new BatchLimits { RowGroupBytes = 10 }));
        Assert.Contains("smaller row groups", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Parquet_file_that_is_never_decoded_is_given_up()
    {
        using var stream = new BatchSamples.StallingStream(await BatchSamples.ParquetAsync([Small("a")], 10));
        BatchFormatException exception = await Assert.ThrowsAsync<BatchFormatException>(
            async () => await RolloutReader.ReadAsync(stream, new BatchLimits { ParquetTime = TimeSpan.FromMilliseconds(100) }).ToListAsync());
        Assert.Contains("broken or forged", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", BatchLayout.JsonLines)]
    [InlineData("  \n ", BatchLayout.JsonLines)]
    [InlineData("{\"id\":\"a\",\n\"prompt\":\"p\"}", BatchLayout.JsonValues)]
    [InlineData("{\"id\":\"a\"}\n{\"id\":\"b\"}", BatchLayout.JsonLines)]
    [InlineData("{\"id\":\"a\",\n{\"id\":\"b\"}", BatchLayout.JsonLines)]
    [InlineData("{\"data\":[{\"id\":1}]}", BatchLayout.JsonArray)]
    [InlineData("{\"id\":\"a\",\"data\":[1,2]}", BatchLayout.JsonLines)]
    [InlineData("\n [ ]", BatchLayout.JsonArray)]
    public async Task The_layout_is_told_by_content(string content, BatchLayout layout)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(content));
        await using OpenedBatch batch = await OpenedBatch.OpenAsync(stream, BatchLimits.Default, TestContext.Current.CancellationToken);
        Assert.Equal(layout, batch.Layout);
        Assert.Equal(layout == BatchLayout.JsonLines, batch.IsAddressable);
    }

    [Fact]
    public async Task Sixteen_bit_text_is_refused() =>
        await Assert.ThrowsAsync<BatchFormatException>(static () => BatchSamples.ReadAsync(Encoding.Unicode.GetPreamble()));

    private static Rollout Small(string id) => new() { Id = id, Prompt = [new Message("user", "p")], Responses = [new Response("x")] };

    private static async Task ReadTolerantlyAsync(byte[] content, bool trickle)
    {
        try
        {
            // A damaged Parquet file may send its decoder round in circles.
            foreach (BatchLine line in await BatchSamples.ReadAsync(content, new BatchLimits { ParquetTime = TimeSpan.FromSeconds(2) }, trickle))
            {
                Assert.True(line.Rollout is null != line.Error is null);
            }
        }
        catch (BatchFormatException exception)
        {
            Assert.NotEmpty(exception.Message);
        }
    }
}
