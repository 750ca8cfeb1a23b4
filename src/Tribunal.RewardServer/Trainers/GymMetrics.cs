using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tribunal.RewardServer.Trainers;

/// <summary>NeMo Gym's <c>/aggregate_metrics</c> (its <c>nemo_gym/reward_profile.py</c>): mean, largest, smallest, median and standard deviation of every number.</summary>
internal static class GymMetrics
{
    private const string Task = "_ng_task_index";
    private const string Rollout = "_ng_rollout_index";

    public static GymMetricsAnswer Of(GymMetricsRequest request)
    {
        var groups = new SortedDictionary<long, List<JsonElement>>();
        foreach (JsonElement answer in request.VerifyResponses ?? throw new JsonException("'verify_responses' is missing"))
        {
            if (answer.ValueKind != JsonValueKind.Object)
            {
                throw new JsonException("'verify_responses' is a list of objects");
            }

            long task = answer.TryGetProperty(Task, out JsonElement index) && index.ValueKind == JsonValueKind.Number ? index.GetInt64() : 0;
            (groups.TryGetValue(task, out List<JsonElement>? known) ? known : groups[task] = []).Add(answer);
        }

        Dictionary<string, double> all = Figures([.. groups.Values.SelectMany(static group => group)]);
        return new GymMetricsAnswer
        {
            Groups = [.. groups.Select(static group => new Dictionary<string, double>(Figures(group.Value), StringComparer.Ordinal) { [Task] = group.Key })],
            Agent = all,
            Key = all.Where(static figure => figure.Key.StartsWith("mean/", StringComparison.Ordinal)).ToDictionary(static figure => figure.Key, static figure => figure.Value, StringComparer.Ordinal),
        };
    }

    private static Dictionary<string, double> Figures(List<JsonElement> answers)
    {
        var figures = new Dictionary<string, double>(StringComparer.Ordinal);
        IEnumerable<IGrouping<string, double>> numbers = answers.SelectMany(static answer => answer.EnumerateObject())
            .Where(static property => property.Name is not (Task or Rollout) && property.Value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False)
            .GroupBy(static property => property.Name, static property => property.Value.ValueKind == JsonValueKind.Number ? property.Value.GetDouble() : property.Value.GetBoolean() ? 1 : 0, StringComparer.Ordinal);
        foreach (IGrouping<string, double> number in numbers)
        {
            double[] sorted = [.. number.Order()];
            double mean = sorted.Average();
            figures[$"mean/{number.Key}"] = mean;
            figures[$"max/{number.Key}"] = sorted[^1];
            figures[$"min/{number.Key}"] = sorted[0];
            figures[$"median/{number.Key}"] = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;

            // Of a sample, as pandas counts it: one alone has none, which Gym's own server writes as 0.
            figures[$"std/{number.Key}"] = sorted.Length < 2 ? 0 : Math.Sqrt(sorted.Sum(value => (value - mean) * (value - mean)) / (sorted.Length - 1));
        }

        return figures;
    }
}

/// <summary>NeMo Gym's request to <c>/aggregate_metrics</c>.</summary>
internal sealed record GymMetricsRequest
{
    /// <summary>Answers to <c>/verify</c>, with <c>_ng_task_index</c> and numbers.</summary>
    [JsonPropertyName("verify_responses")]
    public IReadOnlyList<JsonElement>? VerifyResponses { get; init; }
}

/// <summary>NeMo Gym's answer.</summary>
internal sealed record GymMetricsAnswer
{
    /// <summary>Per task.</summary>
    [JsonPropertyName("group_level_metrics")]
    public required IReadOnlyList<Dictionary<string, double>> Groups { get; init; }

    /// <summary>Over all.</summary>
    [JsonPropertyName("agent_metrics")]
    public required IReadOnlyDictionary<string, double> Agent { get; init; }

    /// <summary>The means over all.</summary>
    [JsonPropertyName("key_metrics")]
    public required IReadOnlyDictionary<string, double> Key { get; init; }
}
