using System.Reflection;
using System.Text;
using Tribunal.Formats.Batches;
using Tribunal.Testing.Batches;

namespace Tribunal.Formats.Tests.Batches;

/// <summary>
/// Parquet as others write it: the fixtures come from arrow-rs (through parquet-wasm), with lists of structs and of lists,
/// nulls, several row groups, and Snappy, Zstandard, gzip and no compression; <c>nested.parquet</c> comes from DuckDB, and what
/// is expected of it is DuckDB's own JSON of the same table, without fields that are null.
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

    [Fact]
    public async Task Nulls_and_empty_lists_keep_their_places_at_any_depth()
    {
        string[] expected =
        [
            """{"i":0,"ml":{"0":["x",null]},"mst":{"k":{"a":0}},"lmp":[{"q":1.5}],"deep":[[{"z":[["deep",null],[],null]}]],"lst_":true}""",
            """{"i":1,"li":[],"ls":[],"st":{"a":1,"b":{"c":"x1","d":[1,2]}},"lst":[],"ll":[],"mp":{},"ml":{"1":["x",null]},"mst":{"k":{"a":1}},"lmp":[{"q":1.5}],"deep":[[{"z":[["deep",null],[],null]}]],"lst_":true}""",
            """{"i":2,"li":[null],"ls":["a2",null,""],"st":{"a":2,"b":{"c":"x2","d":[2,3]}},"lst":[{"role":"user","content":"c2","n":[1,null]},null,{"content":"d","n":[]}],"ll":[[2],[],null,[null,2]],"mp":{"a":2,"b2":null},"ml":{"2":["x",null]},"mst":{"k":{"a":2}},"lmp":[{"q":1.5}],"deep":[[{"z":[["deep",null],[],null]}]],"lst_":true}""",
            """{"i":3,"li":[3,null,4],"ls":["a3",null,""],"st":{"a":3},"lst":[{"role":"user","content":"c3","n":[1,null]},null,{"content":"d","n":[]}],"ll":[[3],[],null,[null,2]],"mp":{"a":3,"b3":null},"ml":{"3":["x",null]},"mst":{"k":{"a":3}},"lmp":[{"q":1.5}],"deep":[[{"z":[["deep",null],[],null]}]],"lst_":true}""",
        ];
        await using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("nested.parquet")!;
        var rows = new List<string>();
        await foreach (RawRecord record in ParquetRows.ReadAsync(stream, new BatchLimits(), static _ => true, CancellationToken.None))
        {
            rows.Add(Encoding.UTF8.GetString(record.Bytes.Span));
        }

        Assert.Equal(50, rows.Count);
        Assert.Equal(expected, rows.Take(expected.Length));
    }
}
