using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;

namespace Tribunal.Formats.Recorded;

/// <summary>
/// JudgeBench outputs (repository ScalerLab/JudgeBench): the pair, and <c>judgments</c>: the game as labelled and the game with
/// A and B swapped, each null or <c>{judgment: {judge_model, prompt, response}, decision}</c>.
/// </summary>
internal static class JudgeBenchForm
{
    public static RecordedLine Read(JsonElement root, long number, ImportOptions options)
    {
        Rollouts.Rollout rollout = RolloutShapes.Read(root, default, number);
        JsonElement games = root.GetProperty("judgments");
        if (games.ValueKind != JsonValueKind.Array || games.GetArrayLength() is 0 or > 2)
        {
            throw new FormatException("judgments are not one or two games");
        }

        // A game that has no answer was still asked of the judge that the other one names; judge_name is how it was prompted.
        string judge = games.EnumerateArray().Select(static game => Text(Said(game), "judge_model")).FirstOrDefault(static model => model is not null)
            ?? (JsonText.TryGet(root, "judge_name", out JsonElement named) ? JsonText.Scalar(named) : null) ?? options.Judge;
        var judgements = new List<TracedJudgement>(2);
        for (int sample = 0; sample < games.GetArrayLength(); sample++)
        {
            judgements.Add(Game(rollout.Id, sample, games[sample], judge));
        }

        return new RecordedLine { Line = number, Rollout = rollout with { Metadata = null }, Judgements = judgements };
    }

    private static TracedJudgement Game(string rolloutId, int sample, JsonElement game, string judge)
    {
        int[] order = sample == 0 ? [0, 1] : [1, 0];
        string? decision = game.ValueKind == JsonValueKind.Object && JsonText.TryGet(game, "decision", out JsonElement value) ? JsonText.Scalar(value) : null;
        JsonElement said = Said(game);
        (JudgementOutcome outcome, int? winner, string? why) = decision switch
        {
            "A>B" => (JudgementOutcome.Valid, (int?)order[0], (string?)null),
            "B>A" => (JudgementOutcome.Valid, order[1], null),
            "A=B" => (JudgementOutcome.Valid, null, null),
            null => (JudgementOutcome.Unparsable, null, "no decision was recorded"),
            _ => (JudgementOutcome.Unparsable, null, $"the recorded decision is {decision}"),
        };
        return new TracedJudgement
        {
            RolloutId = rolloutId,
            Sample = sample,
            Protocol = "imported",
            Judge = Text(said, "judge_model") ?? judge,
            Order = order,
            Pair = [0, 1],
            Outcome = outcome,
            Winner = winner,
            Why = why,
            Text = Text(said, "response"),
        };
    }

    private static JsonElement Said(JsonElement game) =>
        game.ValueKind == JsonValueKind.Object && JsonText.TryGet(game, "judgment", out JsonElement judgment) && judgment.ValueKind == JsonValueKind.Object ? judgment : default;

    private static string? Text(JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && JsonText.TryGet(from, name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;
}
