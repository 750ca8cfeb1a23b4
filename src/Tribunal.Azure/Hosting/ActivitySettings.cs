using System.Globalization;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Names;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;

namespace Tribunal.Azure.Hosting;

/// <summary>Fan-out settings from the configuration; what is not set keeps its default.</summary>
public static class ActivitySettings
{
    /// <summary>Options of the activities.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="defaults">What is not set in it; null for the steps' own defaults.</param>
    /// <exception cref="FormatException">A setting is no number.</exception>
    public static ActivityOptions Options(IConfiguration configuration, ActivityOptions? defaults = null)
    {
        ActivityOptions options = defaults ?? new ActivityOptions();
        return options with
        {
            DrawsPerChunk = Number(configuration, SettingNames.ChunkJudgements) ?? options.DrawsPerChunk,
            ValidRateFloor = configuration[SettingNames.ValidRateFloor] is { Length: > 0 } floor ? double.Parse(floor, CultureInfo.InvariantCulture) : options.ValidRateFloor,
        };
    }

    /// <summary>Shards of a run under way at once.</summary>
    /// <exception cref="FormatException">The setting is no number.</exception>
    public static int Window(IConfiguration configuration) => Number(configuration, SettingNames.ShardWindow) ?? BatchRun.DefaultWindow;

    /// <summary>Minutes that a run waits for a judge that starts from zero.</summary>
    /// <exception cref="FormatException">The setting is no time span.</exception>
    public static double PatienceMinutes(IConfiguration configuration) =>
        configuration[SettingNames.JudgeStartLimit] is { Length: > 0 } limit ? TimeSpan.Parse(limit, CultureInfo.InvariantCulture).TotalMinutes : BatchRun.DefaultPatienceMinutes;

    private static int? Number(IConfiguration configuration, string key) =>
        configuration[key] is { Length: > 0 } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : null;
}
