using Tribunal.Formats.Batches;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Tests.Batches;

public sealed class RolloutValidatorTests
{
    private static readonly Rollout Good = new() { Id = "a", Prompt = [new Message("user", "p")], Responses = [new Response("x"), new Response("")] };

    public static TheoryData<string, Rollout> Faults() => new()
    {
        { "id is empty", Good with { Id = "" } },
        { "id has 257 characters, more than 256", Good with { Id = new string('i', 257) } },
        { "id holds a control character", Good with { Id = "a\nb" } },
        { "prompt is empty", Good with { Prompt = [] } },
        { "prompt is empty", Good with { Prompt = [new Message("user", " ")] } },
        { "prompt has 4 turns, more than 3", Good with { Prompt = [.. Enumerable.Repeat(new Message("user", "p"), 4)] } },
        { "responses is empty", Good with { Responses = [] } },
        { "every response is empty", Good with { Responses = [new Response("")] } },
        { "there are 5 responses, more than 4", Good with { Responses = [.. Enumerable.Repeat(new Response("x"), 5)] } },
        { "best is empty", Good with { Best = [] } },
        { "best is outside 0..1", Good with { Best = [2] } },
        { "best is outside 0..1", Good with { Best = [-1] } },
        { "best names a response twice", Good with { Best = [1, 1] } },
        { "there are 1 scores for 2 responses", Good with { Scores = [1] } },
        { "a score is not finite", Good with { Scores = [1, double.PositiveInfinity] } },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void Faults_have_reasons(string reason, Rollout rollout) =>
        Assert.Equal(reason, RolloutValidator.Fault(rollout, new BatchLimits { Responses = 4, Turns = 3 }));

    [Fact]
    public void An_id_counts_once_it_was_accepted()
    {
        var validator = new RolloutValidator();
        Assert.Equal("prompt is empty", validator.Check(Good with { Prompt = [] }));
        Assert.Null(validator.Check(Good));
        Assert.Equal("the id a is a duplicate", validator.Check(Good));
        Assert.Null(validator.Check(Good with { Id = "A" }));
    }
}
