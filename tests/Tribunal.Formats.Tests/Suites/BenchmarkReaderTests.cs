using Tribunal.Benchmarks;
using Tribunal.Formats.Suites;

namespace Tribunal.Formats.Tests.Suites;

public sealed class BenchmarkReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-bench-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_folder_is_read_with_everything_below_it()
    {
        Write("LLMBar/Natural/dataset.json", """[{"input":"i","output_1":"a","output_2":"b","label":1},{"input":"i","output_1":"a","output_2":"b"}]""");
        Write("LLMBar/Adversarial/Manual/dataset.json", """[{"input":"i","output_1":"a","output_2":"b","label":2}]""");
        Write("LLMBar/Natural/evaluators/GPT-4/result.json", """[{"input":"i","output_1":"a","output_2":"b","label":2}]""");
        Write("LLMBar/README.md", "nothing");
        List<BenchmarkLine> lines = await ReadAsync("llmbar", _folder);
        Assert.Equal(["LLMBar/Adversarial/Manual/dataset.json", "LLMBar/Natural/dataset.json", "LLMBar/Natural/dataset.json"], lines.Select(static l => l.File));
        Assert.Equal(["Manual", "Natural", null], lines.Select(static l => l.Rollout?.Domain));
        Assert.Equal((2, "the record does not say which response is best"), (lines[2].Line, lines[2].Error));
    }

    [Fact]
    public async Task One_file_may_carry_its_section_in_the_folders_above()
    {
        Write("Adversarial/GPTOut/dataset.json", """[{"input":"i","output_1":"a","output_2":"b","label":1}]""");
        Assert.Equal("GPTOut", Assert.Single(await ReadAsync("llmbar", Path.Combine(_folder, "Adversarial/GPTOut/dataset.json"))).Rollout!.Domain);
        Assert.Equal("GPTOut", Assert.Single(await ReadAsync("llmbar", Path.Combine(_folder, "Adversarial/GPTOut"))).Rollout!.Domain);
    }

    [Fact]
    public async Task RMB_parts_come_from_the_records()
    {
        Write("RMB_dataset/Pairwise_set/Harmlessness/S1.json", """[{"pair_uid":"1","conversation_input":[{"content":"hi","role":"user"}],"chosen":{"answer":"a"},"reject":{"answer":"b"},"category_path":"Pairwise_set/Harmlessness/S1"}]""");
        Write("RMB_dataset/BoN_set/Helpfulness/Chat/x.json", """[{"bon_uid":"1","conversation_input":[{"content":"hi","role":"user"}],"bon_best":{"answer":"a"},"loser_list":[{"answer":"b"},{"answer":"c"}],"category_path":"BoN_set/Helpfulness/Chat/x"}]""");
        List<BenchmarkLine> lines = await ReadAsync("rmb", _folder);
        Assert.Equal(["BoN/Helpfulness/Chat/x", "Pairwise/Harmlessness/S1"], lines.Select(static l => l.Rollout!.Domain));
    }

    [Fact]
    public async Task Repeated_ids_are_reported()
    {
        const string Row = """{"pair_id":"1","source":"livebench-math","question":"q","response_A":"a","response_B":"b","label":"A>B"}""";
        Write("a.jsonl", $"{Row}\n{Row}\nnonsense\n");
        List<BenchmarkLine> lines = await ReadAsync("judgebench", Path.Combine(_folder, "a.jsonl"));
        Assert.Equal([null, "the id 1 is a duplicate"], lines.Take(2).Select(static l => l.Error));
        Assert.StartsWith("not valid JSON", lines[2].Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rewardbench", "missing", "does not exist")]
    [InlineData("rewardbench", "", "none of the files")]
    public async Task What_is_expected_is_said_where_nothing_is(string suite, string path, string message)
    {
        BenchmarkDataException exception = await Assert.ThrowsAsync<BenchmarkDataException>(() => ReadAsync(suite, Path.Combine(_folder, path)));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.Contains("huggingface.co/datasets/allenai/reward-bench", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_file_is_told_by_its_first_record()
    {
        Write("wrong.jsonl", """{"prompt":"p","chosen":"a","rejected":"b"}""");
        BenchmarkDataException exception = await Assert.ThrowsAsync<BenchmarkDataException>(() => ReadAsync("rewardbench", Path.Combine(_folder, "wrong.jsonl")));
        Assert.Contains("wrong.jsonl, record 1: (none) is not a subset of RewardBench", exception.Message, StringComparison.Ordinal);
        Write("cut.json", """[{"prompt":"p","chosen":"a",""");
        exception = await Assert.ThrowsAsync<BenchmarkDataException>(() => ReadAsync("rewardbench", Path.Combine(_folder, "cut.json")));
        Assert.Contains("ends inside record 1", exception.Message, StringComparison.Ordinal);
    }

    private static async Task<List<BenchmarkLine>> ReadAsync(string suite, string path) =>
        await BenchmarkReader.ReadAsync(BenchmarkSuites.Find(suite)!, path).ToListAsync();

    private void Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }
}
