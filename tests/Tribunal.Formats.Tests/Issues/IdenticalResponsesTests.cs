using System.Text;
using System.Text.Json;
using Tribunal.Formats.TrainingSets;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>Reported: preference data held pairs whose chosen and rejected response were the same text.</summary>
public sealed class IdenticalResponsesTests
{
    [Theory]
    [InlineData(PreferencePairs.BestWorst, "x>z")]
    [InlineData(PreferencePairs.BestRest, "x>y x>z")]
    [InlineData(PreferencePairs.All, "x>y x>z y>z")]
    public async Task No_pair_is_of_equal_texts_and_no_pair_of_texts_stands_twice(PreferencePairs pairs, string expected)
    {
        var rollout = new Rollout
        {
            Id = "a",
            Prompt = [new Message("user", "?")],
            Responses = [new Response("x"), new Response("y"), new Response("x"), new Response("z"), new Response("y")],
        };

        // As an older version voted: equal texts had rewards of their own.
        var verdict = new Verdict { Id = "a", Status = VerdictStatus.Scored, Rewards = [0.9, 0.5, 0.8, 0.1, 0.4], Best = 0, Ranking = [0, 2, 1, 4, 3], Confidence = 1, Votes = new VoteCounts() };
        using var output = new MemoryStream();
        await VerdictExport.WritePreferencesAsync(new[] { new ScoredRollout(rollout, verdict) }.ToAsyncEnumerable(), output, new PreferenceOptions { Pairs = pairs }, TestContext.Current.CancellationToken);
        string[] lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected, string.Join(' ', lines.Select(static line =>
        {
            using var row = JsonDocument.Parse(line);
            return $"{row.RootElement.GetProperty("chosen")[0].GetProperty("content")}>{row.RootElement.GetProperty("rejected")[0].GetProperty("content")}";
        })));
    }
}
