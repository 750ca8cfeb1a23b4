using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Cli.Output;

namespace Tribunal.Cli.Doctor;

/// <summary>How a check ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CheckState>))]
internal enum CheckState
{
    /// <summary>As it should be.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>It works, and something is worth knowing.</summary>
    [JsonStringEnumMemberName("warning")]
    Warning,

    /// <summary>It doesn't work.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Nothing to check.</summary>
    [JsonStringEnumMemberName("skipped")]
    Skipped,
}

/// <summary>One thing looked at.</summary>
/// <param name="Name">What.</param>
/// <param name="State">How it ended.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Advice">What to do, where something is.</param>
internal sealed record Check(string Name, CheckState State, string Detail, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Advice = null);

/// <summary>The checks of one call, printed as they end.</summary>
internal sealed class Checkup(bool json)
{
    private readonly List<Check> _checks = [];

    /// <summary>Whether any failed.</summary>
    public bool Failed => _checks.Exists(static check => check.State == CheckState.Failed);

    /// <summary>What was found, in order.</summary>
    public IReadOnlyList<Check> Checks => _checks;

    public void Ok(string name, string detail) => Add(new Check(name, CheckState.Ok, detail));

    public void Warn(string name, string detail, string advice) => Add(new Check(name, CheckState.Warning, detail, advice));

    public void Fail(string name, string detail, string advice) => Add(new Check(name, CheckState.Failed, detail, advice));

    public void Skip(string name, string detail) => Add(new Check(name, CheckState.Skipped, detail));

    /// <summary>Prints what <c>--json</c> asks for.</summary>
    public void End()
    {
        if (json)
        {
            Results.Print(JsonSerializer.Serialize(_checks, CliJson.Default.ListCheck));
        }
    }

    private void Add(Check check)
    {
        // What endpoints say is their text: one line of it, without what steers a terminal.
        check = check with { Detail = Plain(check.Detail) };
        _checks.Add(check);
        if (json)
        {
            return;
        }

        string word = check.State == CheckState.Failed ? "FAILED" : check.State.ToString().ToLowerInvariant();
        Console.WriteLine($"{word,-8} {check.Name,-18} {check.Detail}");
        if (check.Advice is not null)
        {
            Console.WriteLine($"{"",-27} → {check.Advice}");
        }
    }

    private static string Plain(string text) => string.Concat(text.Take(400).Select(static c => char.IsControl(c) ? ' ' : c)).Trim();
}
