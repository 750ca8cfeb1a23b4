using System.Reflection;
using Tribunal.Pipeline.Batches;

namespace Tribunal.Pipeline.Tests.Batches;

/// <summary>
/// Parquet as others write it: the fixtures come from arrow-rs (through parquet-wasm), with lists of structs and of lists,
/// nulls, several row groups, and Snappy, Zstandard, gzip and no compression.
/// </summary>
public sealed class ForeignParquetTests
{
    [Theory]
    [InlineData("own.parquet",
        """{"id":"a","prompt":"hi","responses":["x","y"],"best":1}""",
        """{"id":"b","prompt":[{"role":"system","content":"s"},{"role":"user","content":"hi"}],"responses":["x"],"scores":[0.5],"domain":"d"}""")]
    [InlineData("ppe.parquet",
        """{"id":"q/m","prompt":"p","responses":["a","b","c"],"best":[0,2],"scores":[1,0,1],"metadata":{"model_name":"m","sampled_conflict_pairs":[[0,1],[2,1]]}}""",
        """{"id":"q2/m","prompt":"p","responses":["a","b","c"],"best":2,"scores":[0,0,1],"metadata":{"model_name":"m","sampled_conflict_pairs":[[0,2]]}}""")]
    [InlineData("rewardbench2.parquet",
        """{"id":"Ties/ref:1","prompt":"p","responses":["a","b","c"],"best":0,"domain":"Ties","metadata":{"num_correct":1,"total_completions":3,"subset":"Ties"}}""",
        """{"id":"Ties/tied:1","prompt":"p","responses":["a","aa","b"],"best":[0,1],"domain":"Ties","metadata":{"num_correct":2,"total_completions":3,"subset":"Ties"}}""")]
    [InlineData("ultrafeedback_binarized.parquet",
        """{"id":"id0","prompt":"p0","responses":["good \uD83D\uDE00","bad"],"best":0,"scores":[8.5,3],"metadata":{"score_chosen":8.5,"score_rejected":3}}""",
        """{"id":"id1","prompt":"p1","responses":["good \uD83D\uDE00",""],"best":0,"scores":[8.5,4],"metadata":{"score_chosen":8.5,"score_rejected":4}}""",
        """{"id":"id2","prompt":"p2","responses":["good \uD83D\uDE00","bad"],"best":0,"scores":[8.5,5],"metadata":{"score_chosen":8.5,"score_rejected":5}}""")]
    public async Task Rows_are_read_whole(string name, params string[] expected)
    {
        await using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        List<BatchLine> lines = await RolloutReader.ReadAsync(stream).ToListAsync();
        Assert.Equal(expected, lines.Select(static l => l.Error ?? BatchSamples.Json(l.Rollout!)));
    }
}
