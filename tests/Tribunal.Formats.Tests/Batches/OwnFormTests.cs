using System.Text;
using System.Text.Json;
using CsCheck;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Testing.Batches;

namespace Tribunal.Formats.Tests.Batches;

public sealed class OwnFormTests
{
    [Fact]
    public void Any_rollout_is_read_as_it_is_without_a_document() =>
        BatchSamples.Rollout.Sample(static rollout =>
        {
            string json = BatchSamples.Json(rollout);
            string? read = OwnForm.Read(Encoding.UTF8.GetBytes(json), texts: true) is { } own ? BatchSamples.Json(own) : null;
            Assert.Equal(rollout.Responses.Any(static response => response.Id is not null) ? null : json, read);
        });

    [Theory]
    [InlineData("""{"id":"a","prompt":"p","responses":["x","y"],"best":1,"scores":[1,2.5],"reference":null,"domain":"d","metadata":{"k":[1,{}]},"other":{"id":"no"}}""")]
    [InlineData("""{"responses":["x"],"id":"a","prompt":[{"content":"c","role":"user","name":1}],"best":[0],"best":null,"id":"b"}""")]
    [InlineData("""{"id":"a","prompt":"p","responses":["\u00e9\n","","\ud83d\ude00"],"metadata":null}""")]
    [InlineData("""{ "\u0069d" : "a" , "prompt" : "p" , "responses" : [ ] }""")]
    public void It_is_what_the_shapes_make_of_it(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        Rollout expected = RolloutShapes.Read(document.RootElement, Encoding.UTF8.GetBytes(json), 1);
        Assert.Equal(BatchSamples.Json(expected), BatchSamples.Json(OwnForm.Read(Encoding.UTF8.GetBytes(json), texts: true)!));
    }

    [Theory]
    [InlineData("""{"id":1,"prompt":"p","responses":["x"]}""")]
    [InlineData("""{"prompt":"p","responses":["x"]}""")]
    [InlineData("""{"id":"a","prompt":"p","responses":[{"content":"x","id":"m"}]}""")]
    [InlineData("""{"id":"a","prompt":"p","responses":["x",3]}""")]
    [InlineData("""{"id":"a","prompt":"p","responses":["x"],"best":1.5}""")]
    [InlineData("""{"id":"a","prompt":"p","responses":["x"],"scores":"high"}""")]
    [InlineData("""{"id":"a","prompt":[{"role":"user"}],"responses":["x"]}""")]
    [InlineData("""{"id":"a","prompt":"p","responses":["x"]} {}""")]
    [InlineData("""{"id":"a","prompt":"p","responses":["x"]""")]
    [InlineData("""{"id":"a","prompt":"p","chosen":"x","rejected":"y"}""")]
    [InlineData("[]")]
    [InlineData("")]
    public void What_is_unusual_is_left_to_the_shapes(string json) => Assert.Null(OwnForm.Read(Encoding.UTF8.GetBytes(json), texts: true));

    [Fact]
    public void An_outline_has_all_but_the_responses_texts()
    {
        Rollout outline = OwnForm.Read("""{"id":"a","prompt":"p","responses":["x","","long\n"],"best":0}"""u8, texts: false)!;
        Assert.Equal(("a", "p", 3), (outline.Id, outline.Prompt[0].Content, outline.Responses.Count));
        Assert.Equal([false, true, false], outline.Responses.Select(static response => response.Content.Length == 0));
    }
}
