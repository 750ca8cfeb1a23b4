using System.Globalization;
using Tribunal.Azure.Names;
using Tribunal.Worker.Queues;

namespace Tribunal.Worker.Hosting;

/// <summary>What a worker is asked for.</summary>
public sealed record RunWorkerOptions
{
    /// <summary>Where health and metrics are served; port 0 takes a free one.</summary>
    public string Listen { get; init; } = "http://127.0.0.1:0";

    /// <summary>Settings on top of the environment's, by the names of <see cref="SettingNames"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, string?>> Settings { get; init; } = [];

    /// <summary>After which what a dead worker held goes to others, 15 s or more; default 30 s.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest pause of an idle worker between two looks for steps of others' runs; default 7 s. Of its own it hears at once.</summary>
    public TimeSpan Join { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>How the queues are served.</summary>
    public QueueWorkerOptions Queues { get; init; } = new();

    /// <summary>The process, for people.</summary>
    public string Name { get; init; } = string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}/{Environment.ProcessId}");
}
