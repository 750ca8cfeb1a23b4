using System.Globalization;
using Tribunal.Runs.Steps;

namespace Tribunal.Cli.Output;

/// <summary>A run's forecast for people: one line for what is drawn, one for what it takes.</summary>
internal static class ForecastText
{
    public static string Of(RunForecast forecast, string? condition = null)
    {
        string each = forecast.Rollouts == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {(double)forecast.Judgements / forecast.Rollouts:0.#} a rollout");
        string fewest = forecast.Exact || forecast.Fewest == 0 ? "" : $", at least {forecast.Fewest:N0}";
        (int low, int high) = forecast.AnswerCap;
        string cap = high == 0 ? "" : low == high ? $" ({high:N0} each)" : $" ({low:N0} to {high:N0} each)";
        string refused = forecast.Unscorable == 0 ? "" : $"; {forecast.Unscorable:N0} records can't be judged";
        string cost = forecast is { PromptCost: { } least, MostCost: { } most } ? string.Create(CultureInfo.InvariantCulture, $"; cost {least:0.00} (prompts) to {most:0.00} (every answer at its cap)") : "";
        return $"plan: {forecast.Rollouts:N0} rollouts with {forecast.Responses:N0} responses, {(forecast.Exact ? "" : "at most ")}{forecast.Judgements:N0} judgements{each}{fewest}{(condition is null ? "" : $" {condition}")}{refused}\n"
            + $"      about {Short(forecast.PromptTokens)} prompt tokens, at most {Short(forecast.AnswerTokens)} tokens of answers{cap}{cost}\n"
            + (forecast.UnreadLabels is (var unread, { } label) ? $"      {unread:N0} rollouts have no known answer, but a field that may say it, {label}: --label-field {label} reads it\n" : "")
            + (forecast.UnfoundFields.Count > 0 ? $"      no rollout has what is named by {string.Join(" or ", forecast.UnfoundFields)}\n" : "");
    }

    private static string Short(long count) => count switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e9:0.0} billion"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{count / 1e6:0.0} million"),
        _ => count.ToString("N0", CultureInfo.InvariantCulture),
    };
}
