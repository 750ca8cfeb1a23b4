using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Recorded;

/// <summary>
/// AlpacaEval's annotations (repository tatsu-lab/alpaca_eval, <c>annotations.json</c>): a preference from 1 (the first output) to 2 (the second),
/// weighted by probability or not, read as scores of both that add up to 1. Which output the annotator was shown first is not recorded.
/// </summary>
internal static class AlpacaEvalForm
{
    public static RecordedLine Read(JsonElement root, long number, ImportOptions options)
    {
        string instruction = Text(root, "instruction"), one = Text(root, "output_1"), other = Text(root, "output_2");

        // Annotations have no id; one of texts is the same for every annotator of the same outputs.
        string id = string.Create(CultureInfo.InvariantCulture, $"alpaca-{XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"{instruction}\0{one}\0{other}")):x16}");
        double? preference = JsonText.TryGet(root, "preference", out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

        // 0 and 1.5 are ties, null and −1 answers that could not be read.
        double? second = preference switch { 0 => 0.5, >= 1 and <= 2 => preference - 1, _ => null };
        return new RecordedLine
        {
            Line = number,
            Rollout = new Rollout
            {
                Id = id,
                Prompt = [new Message("user", instruction)],
                Responses = [new Response(one, JsonText.TextOf(root, "generator_1")), new Response(other, JsonText.TextOf(root, "generator_2"))],
                Domain = JsonText.TextOf(root, "dataset"),
            },
            Judgements =
            [
                new TracedJudgement
                {
                    RolloutId = id,
                    Sample = 0,
                    Protocol = "imported",
                    Judge = JsonText.TextOf(root, "annotator") ?? options.Judge,
                    Order = [0, 1],
                    Outcome = second is null ? JudgementOutcome.Unparsable : JudgementOutcome.Valid,
                    Scores = second is { } share ? [1 - share, share] : null,
                    Scale = second is null ? null : [0, 1],
                    Why = second is null ? "no preference from 1 to 2 was recorded" : null,
                },
            ],
        };
    }

    private static string Text(JsonElement from, string name) => JsonText.TextOf(from, name) ?? throw new FormatException($"{name} is no text");
}
