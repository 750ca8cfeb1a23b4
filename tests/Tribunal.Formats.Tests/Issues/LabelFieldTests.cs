using System.Text;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>Labels in codings of other tools were dropped, and no accuracy told.</summary>
public sealed class LabelFieldTests
{
    [Theory]
    [InlineData("""{"prompt":"q","response_1":"x","response_2":"y","l":2}""", null, "1")]
    [InlineData("""{"prompt":"q","response_1":"x","response_2":"y","l":"1"}""", null, "0")]
    [InlineData("""{"prompt":"q","response_0":"x","response_1":"y","l":1}""", null, "1")]
    [InlineData("""{"instruction":"q","output_1":"x","output_2":"y","l":2.0}""", null, "1")]
    [InlineData("""{"prompt":"q","response_a":"x","response_b":"y","l":"b"}""", null, "1")]
    [InlineData("""{"prompt":"q","response_a":"x","response_b":"y","l":"model_a"}""", null, "0")]
    [InlineData("""{"prompt":"q","response_a":"x","response_b":"y","l":"A>>B"}""", null, "0")]
    [InlineData("""{"prompt":"q","response_a":"x","response_b":"y","l":"tie"}""", null, "0,1")]
    [InlineData("""{"prompt":"q","responses":["x","y"],"l":1}""", 1, "0")]
    [InlineData("""{"prompt":"q","responses":["x","y"],"l":1}""", 0, "1")]
    [InlineData("""{"prompt":"q","responses":[{"id":"gpt","content":"x"},{"id":"llama","content":"y"}],"l":"llama"}""", null, "1")]
    [InlineData("""{"prompt":"q","responses":["x","y","z"],"l":[0.2,0.9,0.9]}""", null, "1,2")]
    [InlineData("""{"prompt":"q","responses":["x","y","z"],"l":["C","A"]}""", null, "0,2")]
    [InlineData("""{"prompt":"q","responses":["x","y"],"l":null,"best":1}""", null, null)]
    [InlineData("""{"prompt":"q","chosen":"x","rejected":"y","l":"tie"}""", null, "0,1")]
    public async Task The_best_responses_are_read_from_the_field_that_is_named(string line, int? from, string? best)
    {
        Rollout rollout = (await OneAsync(line, new BatchFields { Label = "l", LabelFrom = from })).Rollout!;
        Assert.Equal(best, rollout.Best is { } indexes ? string.Join(',', indexes) : null);
    }

    [Theory]
    [InlineData("""{"prompt":"q","responses":["x","y"],"l":1}""", null, "--label-from 0 or --label-from 1")]
    [InlineData("""{"prompt":"q","responses":["x","y"],"l":2}""", 0, "the responses have 0 to 1")]
    [InlineData("""{"prompt":"q","response_1":"x","response_2":"y","l":-1}""", null, "the responses have 1 to 2")]
    [InlineData("""{"prompt":"q","response_1":"x","response_2":"y","l":0.8}""", null, "names none of the 2 responses")]
    [InlineData("""{"prompt":"q","response_1":"x","response_2":"y","l":true}""", null, "names none of the 2 responses")]
    [InlineData("""{"prompt":"q","responses":["x","y"],"l":"C"}""", null, "names none of the 2 responses")]
    [InlineData("""{"prompt":"q","responses":["x","y"],"l":1}""", 7, "not from 7")]
    [InlineData("""{"prompt":"q","response":"x","l":"good"}""", null, "neither a number nor true or false")]
    public async Task A_label_that_may_mean_two_things_or_none_is_refused(string line, int? from, string reason) =>
        Assert.Contains(reason, (await OneAsync(line, new BatchFields { Label = "l", LabelFrom = from })).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"prompt":"q","responses":[{"text":"x","l":0.1},{"text":"y","l":0.9}]}""", "0.1,0.9", 1)]
    [InlineData("""{"question":"q","responses":[{"id":"a","content":"x","l":true},{"id":"b","content":"y","l":false}]}""", "1,0", 0)]
    [InlineData("""{"prompt":"q","responses":[{"text":"x"},{"text":"y"}]}""", null, -1)]
    public async Task A_label_may_stand_in_the_object_of_each_response(string line, string? scores, int best)
    {
        Rollout rollout = (await OneAsync(line, new BatchFields { Label = "responses.l" })).Rollout!;
        Assert.Equal(scores, rollout.Scores is { } values ? string.Join(',', values.Select(static value => value.ToString(System.Globalization.CultureInfo.InvariantCulture))) : null);
        Assert.Equal(best, rollout.Best is [var only] ? only : -1);
    }

    [Fact]
    public async Task A_label_that_one_response_lacks_is_refused() =>
        Assert.Contains("responses.l is no number", (await OneAsync("""{"prompt":"q","responses":[{"text":"x","l":1},{"text":"y"}]}""", new BatchFields { Label = "responses.l" })).Error, StringComparison.Ordinal);

    [Fact]
    public async Task Labels_of_single_responses_become_the_label_of_their_group()
    {
        const string Lines = """
            {"id":"1","prompt":"q","completion":"x","label":false}
            {"id":"2","prompt":"q","completion":"y","label":true}
            """;
        Rollout rollout = Assert.Single(await ReadAsync(Lines, new BatchFields { Label = "label", GroupBy = "prompt" })).Rollout!;
        Assert.Equal([1], rollout.Best);
        Assert.Equal([0.0, 1.0], rollout.Scores);
    }

    [Fact]
    public async Task A_dot_leads_into_a_field()
    {
        Rollout rollout = (await OneAsync(
            """{"fields":{"prompt":"q","response-1":"x","response-2":"y"},"responses":{"preference":[{"value":"response-2"}]},"extra":{"truth":["4","four"]},"group":{"n":1}}""",
            new BatchFields { Prompt = "fields.prompt", Responses = "fields.response-1,fields.response-2", Label = "responses.preference.0.value", Reference = "extra.truth", GroupBy = "group.n" })).Rollout!;
        Assert.Equal([new Message("user", "q")], rollout.Prompt);
        Assert.Equal(["x", "y"], rollout.Responses.Select(static response => response.Content));
        Assert.Equal([1], rollout.Best);
        Assert.Equal("4\nfour", rollout.Reference);
    }

    [Fact]
    public async Task Labels_that_nobody_reads_are_counted()
    {
        var labels = new UnreadLabels();
        foreach (BatchLine line in await ReadAsync(
            """
            {"prompt":"q","response_1":"x","response_2":"y","preference":2}
            {"prompt":"q","response_1":"x","response_2":"y","preference":null}
            {"prompt":"q","responses":["x","y"],"best":1,"label":1}
            {"prompt":"q","responses":["x","y"],"label":1}
            {"prompt":"q","response":"x","label":1}
            """,
            null))
        {
            labels.Add(line.Rollout!);
        }

        Assert.Equal(2, labels.Count);
        Assert.Equal("preference", labels.Field);
    }

    private static async Task<BatchLine> OneAsync(string line, BatchFields fields) => Assert.Single(await ReadAsync(line, fields));

    private static async Task<List<BatchLine>> ReadAsync(string lines, BatchFields? fields)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(lines));
        return await RolloutReader.ReadAsync(stream, fields: fields).ToListAsync();
    }
}
