using System.Text.Json;
using Tribunal.RewardServer.Judging;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Trainers;

/// <summary>NeMo Gym's forms (its <c>resources_servers/genrm_compare</c>): the Responses API's objects, and scores from 1 to 5.</summary>
internal static class GymForm
{
    /// <summary>Its neutral score.</summary>
    public const double Neutral = 3;

    // What its own server shows for a response without a text.
    private const string Nothing = "None";
    private const double Low = 1;
    private const double High = 5;

    /// <summary>A reward in [0, 1] on Gym's scale.</summary>
    public static double Scaled(double reward) => Low + ((High - Low) * reward);

    /// <summary>The turns before the responses, and what to judge by.</summary>
    /// <exception cref="JsonException">A turn can't be read.</exception>
    public static IReadOnlyList<Message> Prompt(IEnumerable<JsonElement> turns, string? principle) => By(principle, ResponsesItems.Turns(turns));

    /// <summary>The input of <c>responses_create_params</c>: a text, or turns.</summary>
    /// <exception cref="JsonException">There is none, or a turn can't be read.</exception>
    public static IReadOnlyList<Message> Input(JsonElement parameters, string? principle)
    {
        if (parameters.ValueKind != JsonValueKind.Object || !parameters.TryGetProperty("input", out JsonElement input))
        {
            throw new JsonException("'responses_create_params' has no 'input'");
        }

        return input.ValueKind switch
        {
            JsonValueKind.String => By(principle, [new Message("user", input.GetString()!)]),
            JsonValueKind.Array => Prompt(input.EnumerateArray(), principle),
            _ => throw new JsonException("'input' is a text or a list of turns"),
        };
    }

    /// <summary>A response: the text of its messages, or a trajectory where it calls tools. Reasoning is kept beside it, and not judged, as in Gym's own server.</summary>
    public static Response Output(JsonElement response)
    {
        if (response.ValueKind != JsonValueKind.Object || !response.TryGetProperty("output", out JsonElement output) || output.ValueKind != JsonValueKind.Array)
        {
            return new Response(Nothing);
        }

        IReadOnlyList<Message> turns = ResponsesItems.Turns(output.EnumerateArray().Where(ResponsesItems.IsKnown));
        if (turns.Any(static turn => turn.ToolCalls is not null || turn.Role == "tool"))
        {
            return Response.Of(turns);
        }

        string text = string.Concat(turns.Select(static turn => turn.Content));
        return new Response(string.IsNullOrWhiteSpace(text) ? Nothing : text);
    }

    /// <summary>The answer to <c>/compare</c>.</summary>
    public static GymAnswer Answer(RewardAnswer answer)
    {
        IReadOnlyList<double?> rewards = answer.Unit;
        double[] scores = [.. rewards.Select(static reward => reward is { } known ? Scaled(known) : Neutral)];
        var pairs = new List<GymComparison>(scores.Length * (scores.Length - 1) / 2);
        for (int i = 0; i < scores.Length; i++)
        {
            for (int j = i + 1; j < scores.Length; j++)
            {
                pairs.Add(new GymComparison { ResponseI = i, ResponseJ = j, Score1 = scores[i], Score2 = scores[j], Ranking = 3.5 - ((scores[i] - scores[j]) * 2.5 / (High - Low)) });
            }
        }

        double mean = scores.Average();
        return new GymAnswer
        {
            Rewards = scores,
            ComparisonResults = pairs,
            Metrics = new Dictionary<string, double>(StringComparer.Ordinal)
            {
                ["mean_individual_score"] = mean,
                ["std_individual_score"] = Math.Sqrt(scores.Average(score => (score - mean) * (score - mean))),
                ["unscorable"] = rewards.Count(static reward => reward is null),
                ["complete"] = answer.Complete ? 1 : 0,
                ["judgements"] = answer.Verdict.Votes.Kept,
            },
        };
    }

    private static IReadOnlyList<Message> By(string? principle, IEnumerable<Message> turns) =>
        [.. principle is { Length: > 0 } ? turns.Prepend(new Message("system", $"Judge the responses by this principle: {principle}")) : turns];
}
