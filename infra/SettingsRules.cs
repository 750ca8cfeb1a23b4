using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Tribunal.Azure.Names;
using Tribunal.Infra.Compute;

namespace Tribunal.Infra;

/// <summary>What no single value of <see cref="DeploymentSettings"/> shows to be wrong.</summary>
internal static partial class SettingsRules
{
    /// <summary>Names that judges may not have: other apps, and what requests mean by them.</summary>
    private static readonly string[] Taken = ["meta", "none", "simulated", "worker", "rewards"];

    /// <summary>Refuses values that contradict each other.</summary>
    /// <exception cref="ArgumentException">They do.</exception>
    /// <exception cref="Functions.CapacityException">The fan-out can't hold.</exception>
    public static void Require(DeploymentSettings settings)
    {
        Judges(settings);
        Models(settings);
        Money(settings);
        Network(settings);
        Refuse(
            settings.LedgerDeleteDays <= settings.LedgerCoolDays,
            $"ledgerDeleteDays ({settings.LedgerDeleteDays}) must be more than ledgerCoolDays ({settings.LedgerCoolDays})");
        Refuse(
            settings.WorkerReplicas + settings.RewardReplicas > 0 && settings.ToolImage is null,
            "toolImage: the worker and the reward server run the image of this repository's Dockerfile");
        Refuse(settings.AlwaysReady > settings.Fanout().InstanceCap, $"alwaysReady: {settings.AlwaysReady} instances, the cap is {settings.Fanout().InstanceCap}");
    }

    private static void Judges(DeploymentSettings settings)
    {
        string[] names = [.. settings.Judges.Select(judge => judge.Name), .. settings.ExternalJudges.Select(judge => judge.Name)];
        foreach (string name in names)
        {
            // An app's name and a part of a setting's, which Linux restricts to letters, digits and underscores.
            Refuse(!Word().IsMatch(name) || Taken.Contains(name), $"judges: '{name}' can't be a judge's name: 2 to 20 lower-case letters and digits, a letter first, and none of {string.Join(", ", Taken)}");
            Refuse(names.Count(other => other == name) > 1, $"judges: '{name}' is there twice");
            settings.Answering(name);
        }

        Known("defaultJudge", [settings.DefaultJudge]);
        Known("unavailable", settings.Unavailable);
        Known("fallback", settings.Judges.Select(judge => judge.Fallback).OfType<string>());
        string? keyed = settings.KeyedJudges.FirstOrDefault(name => settings.ExternalJudges.All(judge => judge.Name != name));
        Refuse(keyed is not null, $"judgeApiKeys: no external judge is called '{keyed}'");
        foreach (ExternalJudge judge in settings.ExternalJudges)
        {
            Refuse(
                !Uri.TryCreate(judge.Endpoint, UriKind.Absolute, out Uri? address) || address.Scheme != "https",
                $"judges.{judge.Name}.endpoint: '{judge.Endpoint}' is no https address");
        }

        void Known(string key, IEnumerable<string> used)
        {
            string? unknown = used.FirstOrDefault(name => !names.Contains(name));
            Refuse(unknown is not null, $"{key}: no judge is called '{unknown}'");
        }
    }

    private static void Models(DeploymentSettings settings)
    {
        (string Name, ServedModel Model, GpuProfile Gpu, string? Location)[] served =
        [
            .. settings.DeployedJudges.Select(judge => (judge.Name, judge.Model, judge.Gpu, judge.Location)),
            .. settings.Meta is { } meta ? [("meta", meta, settings.MetaGpu, (string?)null)] : Array.Empty<(string, ServedModel, GpuProfile, string?)>(),
        ];
        foreach ((string name, ServedModel model, GpuProfile gpu, string? location) in served)
        {
            model.Require(gpu);
            ImageReference.Parse(model.Image ?? settings.Image);
            int minutes = settings.StartMinutes(model, location);
            Refuse(
                minutes > ModelStart.MostMinutes,
                $"{name}: {minutes} minutes until it listens, a start-up probe waits {ModelStart.MostMinutes}: raise weightsMiBps, have fewer replicas, or bake the weights into the image");
        }

        foreach (var region in served.GroupBy(model => model.Location))
        {
            // What is stored, not what is loaded: quantising while loading reads the whole checkpoint.
            double stored = region.DistinctBy(model => (model.Model.Model, model.Model.Revision)).Sum(model => model.Model.StoredGiB);
            Refuse(
                settings.Weights == WeightsSource.Nfs && settings.Share.GiB <= stored,
                $"weightsShareGiB: {settings.Share.GiB} GiB can't hold {stored:0.#} GiB of checkpoints");
        }
    }

    private static void Money(DeploymentSettings settings)
    {
        Refuse(settings.AlertEmails.Count == 0, "alertEmails: at least one address");
        if (settings.MonthlyBudget is not { } budget)
        {
            return;
        }

        Refuse(budget <= 0, "monthlyBudget: more than 0, or left out for none");
        Refuse(
            !DateOnly.TryParseExact(settings.BudgetStart, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly start) || start.Day != 1,
            $"budgetStart: '{settings.BudgetStart}' is not the first day of a month (yyyy-MM-01)");
    }

    private static void Network(DeploymentSettings settings)
    {
        foreach (string address in settings.AllowedAddresses)
        {
            Refuse(!IsPublicRange(address), $"allowedAddresses: '{address}' is no public IPv4 address, nor a range of them up to /30");
        }

        Refuse(
            settings.SignIn is { } registration && !Guid.TryParseExact(registration, "D", out _),
            $"signIn: '{settings.SignIn}' is no client id of an app registration");
        Refuse(
            settings.Private && settings.Network is { Endpoints: null },
            "endpointsSubnet: a private stack in a network that is there already needs a subnet for its private endpoints");
        Refuse(
            settings.Network is not null && settings.Judges.Any(judge => judge.Location is not null),
            "judges: a judge in another region gets a network that is joined to the stack's own: not with a network that is there already");
        Refuse(
            settings.Private && settings.DurableBackend == SettingNames.DurableTaskScheduler && settings.SchedulerLink is null,
            "schedulerLinkGroup, schedulerLinkZone: a private stack reaches its scheduler through a private endpoint");
    }

    // Storage rules take neither private addresses nor /31 and /32, which are written as single addresses.
    private static bool IsPublicRange(string text)
    {
        string[] parts = text.Split('/');
        if (parts.Length > 2 || !IPAddress.TryParse(parts[0], out IPAddress? address) || address.AddressFamily != AddressFamily.InterNetwork || parts[0].Count(c => c == '.') != 3)
        {
            return false;
        }

        byte[] octets = address.GetAddressBytes();
        bool isPrivate = octets[0] is 10 or 127 or 0 || (octets[0] == 172 && octets[1] is >= 16 and <= 31) || (octets[0] == 192 && octets[1] == 168) || (octets[0] == 169 && octets[1] == 254);
        return !isPrivate && (parts.Length == 1 || (int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int bits) && bits is >= 8 and <= 30));
    }

    private static void Refuse(bool wrong, string message)
    {
        if (wrong)
        {
            throw new ArgumentException(message);
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9]{1,19}$")]
    private static partial Regex Word();
}
