using System.Text;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Testing.Batches;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>Files that are whole but no batch were called broken; broken characters and numbers were not named.</summary>
public sealed class UnsupportedFileTests
{
    public static TheoryData<byte[], string> Foreign() => new()
    {
        { [0xFD, .. "7zXZ"u8, 0, 0, 1], "the file is xz" },
        { [.. "BZh91AY&SY"u8], "the file is bzip2" },
        { [.. "PK"u8, 3, 4, 20, 0], "ZIP" },
        { [.. "ARROW1"u8, 0, 0], "Arrow IPC" },
        { [0x04, 0x22, 0x4D, 0x18, 0x64], "LZ4" },
        { Encoding.UTF8.GetBytes("id,prompt,response\n1,What?,x\n"), "CSV table" },
        { Encoding.UTF8.GetBytes("\uFEFFid;prompt\r\n1;What?\r\n"), "CSV table" },
        { Encoding.UTF8.GetBytes("prompt\tresponse\nWhat?\tx\n"), "CSV table" },
        { BatchSamples.Gzip([0xFD, .. "7zXZ"u8, 0]), "the file is xz" },
    };

    [Theory]
    [MemberData(nameof(Foreign))]
    public async Task What_is_whole_and_no_batch_is_named(byte[] content, string name)
    {
        BatchFormatException exception = await Assert.ThrowsAsync<BatchFormatException>(() => BatchSamples.ReadAsync(content));
        Assert.Contains(name, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("cut off", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("what is this\nit has no records, really\n")]
    [InlineData("id,prompt\n{\"id\":\"a\",\"prompt\":\"p\",\"responses\":[\"x\"]}\n")]
    public async Task Lines_that_are_no_table_are_refused_one_by_one(string content) => Assert.StartsWith("not valid JSON", (await BatchSamples.ReadAsync(content))[0].Error, StringComparison.Ordinal);

    [Fact]
    public async Task A_zstd_file_of_the_largest_window_is_read()
    {
        // What zstd --ultra --long=31 writes of an input from a pipe: a frame without its size, with a window of 2 GiB.
        byte[] record = """{"id":"a","prompt":"p","responses":["x"]}"""u8.ToArray();
        byte[] frame = [0x28, 0xB5, 0x2F, 0xFD, 0x00, (31 - 10) << 3, (byte)((record.Length << 3) | 1), (byte)(record.Length >> 5), 0, .. record];
        Assert.Equal("a", Assert.Single(await BatchSamples.ReadAsync(frame)).Rollout?.Id);
    }

    [Theory]
    [InlineData("""{"id":"a","prompt":"p","responses":["x"],"scores":[NaN]}""", "NaN at byte 52")]
    [InlineData("""{"id":"a","prompt":"p","responses":["x"],"scores":[-Infinity]}""", "Infinity at byte")]
    public async Task A_number_that_JSON_does_not_have_is_named(string line, string reason)
    {
        string error = Assert.Single(await BatchSamples.ReadAsync(line)).Error!;
        Assert.Contains(reason, error, StringComparison.Ordinal);
        Assert.Contains("JSON doesn't have", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cut \\ud83d", "cut \uFFFD")]
    [InlineData("\\udc00\\ud83d\\ude00\\ud83dx", "\uFFFD😀\uFFFDx")]
    [InlineData("\\\\ud83d \\ud83d", "\\ud83d \uFFFD")]
    public async Task Half_a_character_costs_itself_and_not_the_record(string json, string read) =>
        Assert.Equal(read, Assert.Single(await BatchSamples.ReadAsync("""{"id":"a","prompt":"p","responses":["RESPONSE"]}""".Replace("RESPONSE", json, StringComparison.Ordinal))).Rollout!.Responses[0].Content);

    [Fact]
    public async Task No_message_names_a_type_of_the_runtime()
    {
        byte[] parquet = await BatchSamples.ParquetAsync([new Rollout { Id = "a", Prompt = [new Message("user", "p")], Responses = [new Response("x")] }], 10);
        for (int at = 4; at < parquet.Length; at += 7)
        {
            byte[] damaged = [.. parquet];
            damaged[at] ^= 0x5A;
            try
            {
                await BatchSamples.ReadAsync(damaged, new BatchLimits { ParquetTime = TimeSpan.FromSeconds(20) });
            }
            catch (BatchFormatException exception)
            {
                Assert.DoesNotContain("System.", exception.Message, StringComparison.Ordinal);
                Assert.DoesNotContain("Object reference", exception.Message, StringComparison.Ordinal);
                Assert.DoesNotContain("Parameter", exception.Message, StringComparison.Ordinal);
            }
        }
    }
}
