using System.Globalization;
using System.Text.Json;
using Tribunal.Infra.Compute;
using Tribunal.Infra.Functions;

namespace Tribunal.Infra;

/// <summary>
/// What a configuration needs and may cost, before anything is made: <c>pulumi config --json | dotnet run -- what-if</c>. The
/// engine is not asked, nor is Azure.
/// </summary>
public static class WhatIf
{
    /// <summary>Environment variable with a JSON map of prices per hour, by what is bought: <c>{"t4": …, "a100": …, "vcpu": …, "gib": …, "nc24": …, "instanceGiB": …}</c>.</summary>
    public const string PricesVariable = "TRIBUNAL_PRICES";

    /// <summary>GPUs that a configuration takes from a quota in a region.</summary>
    /// <param name="Region">The region.</param>
    /// <param name="Quota">The quota.</param>
    /// <param name="Gpus">How many, when every replica runs.</param>
    /// <param name="Judges">Who takes them.</param>
    public sealed record QuotaNeed(string Region, string Quota, int Gpus, IReadOnlyList<string> Judges);

    /// <summary>Something that is paid by the hour.</summary>
    /// <param name="What">Who pays it.</param>
    /// <param name="Price">The price's name.</param>
    /// <param name="Amount">Units at most.</param>
    public sealed record HourlyItem(string What, string Price, double Amount);

    /// <summary>Reads a configuration as <c>pulumi config --json</c> prints it, and says what it comes to.</summary>
    /// <returns>0; or 2 where the configuration can't be used.</returns>
    public static int Run(string config, string? prices, TextWriter output, TextWriter errors)
    {
        DeploymentSettings settings;
        Dictionary<string, double> known;
        try
        {
            settings = DeploymentSettings.Read(Values(config).GetValueOrDefault);
            known = prices is { Length: > 0 } ? JsonSerializer.Deserialize<Dictionary<string, double>>(prices)! : [];
        }
        catch (Exception exception) when (exception is ArgumentException or CapacityException or JsonException or InvalidOperationException)
        {
            errors.WriteLine(exception.Message);
            return 2;
        }

        foreach (QuotaNeed need in Quotas(settings))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"quota\t{need.Region}\t{need.Quota}\t{need.Gpus}\t{string.Join(',', need.Judges)}"));
        }

        foreach (JudgePool judge in settings.Judges.Where(judge => settings.Unavailable.Contains(judge.Name)))
        {
            output.WriteLine($"fallback\t{judge.Name}\t{settings.Answering(judge.Name)}");
        }

        IReadOnlyList<HourlyItem> items = Hourly(settings);
        foreach (HourlyItem item in items)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"hour\t{item.What}\t{item.Amount:0.##} × p({item.Price})"));
        }

        string[] unknown = [.. items.Select(item => item.Price).Where(price => !known.ContainsKey(price)).Distinct()];
        output.WriteLine(unknown.Length == 0
            ? string.Create(CultureInfo.InvariantCulture, $"most\t{items.Sum(item => item.Amount * known[item.Price]):0.00} per hour")
            : $"most\tthe sum of these per hour; give {PricesVariable} the prices of {string.Join(", ", unknown)} for a figure");
        return 0;
    }

    /// <summary>GPUs by region and quota, when every replica runs.</summary>
    public static IReadOnlyList<QuotaNeed> Quotas(DeploymentSettings settings) =>
    [
        .. Served(settings).GroupBy(model => (Region: model.Location ?? settings.Location, model.Gpu.Quota))
            .Select(group => new QuotaNeed(group.Key.Region, group.Key.Quota, group.Sum(model => model.Model.MaxReplicas * model.Gpu.Gpus), [.. group.Select(model => model.Name)]))
            .OrderBy(need => need.Region, StringComparer.Ordinal).ThenBy(need => need.Quota, StringComparer.Ordinal),
    ];

    /// <summary>The greatest amounts of an hour: every replica of every model, and every instance, busy for all of it.</summary>
    public static IReadOnlyList<HourlyItem> Hourly(DeploymentSettings settings)
    {
        List<HourlyItem> items = [];
        foreach ((string name, ServedModel model, GpuProfile gpu, _) in Served(settings))
        {
            if (gpu.Serverless)
            {
                items.Add(new HourlyItem(name, gpu.Bfloat16 ? "a100" : "t4", model.MaxReplicas * gpu.Gpus));
                items.Add(new HourlyItem(name, "vcpu", model.MaxReplicas * gpu.Cpu));
                items.Add(new HourlyItem(name, "gib", model.MaxReplicas * gpu.MemoryGiB));
            }
            else
            {
                items.Add(new HourlyItem(name, "nc24", model.MaxReplicas * gpu.Gpus));
            }
        }

        items.Add(new HourlyItem("functions", "instanceGiB", settings.Fanout().Instances * settings.InstanceMemoryMB / 1024.0));
        return items;
    }

    private static IEnumerable<(string Name, ServedModel Model, GpuProfile Gpu, string? Location)> Served(DeploymentSettings settings)
    {
        foreach (JudgePool judge in settings.DeployedJudges)
        {
            yield return (judge.Name, judge.Model, judge.Gpu, judge.Location);
        }

        if (settings.Meta is { } meta)
        {
            yield return ("meta", meta, settings.MetaGpu, null);
        }
    }

    // {"tribunal:gpu": {"value": "…"}}; a secret's value is left out, which nothing here needs. Objects come as "objectValue".
    private static Dictionary<string, string?> Values(string config)
    {
        using JsonDocument document = JsonDocument.Parse(config);
        return document.RootElement.EnumerateObject().ToDictionary(
            entry => entry.Name[(entry.Name.IndexOf(':', StringComparison.Ordinal) + 1)..],
            entry => entry.Value.TryGetProperty("objectValue", out JsonElement map) ? map.GetRawText()
                : entry.Value.TryGetProperty("value", out JsonElement value) ? value.GetString() : null,
            StringComparer.Ordinal);
    }
}
