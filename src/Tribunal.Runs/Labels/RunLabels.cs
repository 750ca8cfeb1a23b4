using System.Buffers;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Labels;

/// <summary>
/// People's labels of a run's rollouts, in a file of their own beside the run: <c>labels.jsonl</c>, which is only ever added to. They
/// stand before the labels of the batch wherever accuracy is told, calibration fitted or training data written.
/// </summary>
public sealed class RunLabels
{
    private const int Tries = 40;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);
    private readonly Dictionary<string, RolloutLabel> _labels = new(StringComparer.Ordinal);

    /// <summary>Rollouts that have one.</summary>
    public int Count => _labels.Count;

    /// <summary>Those that stand, in no order.</summary>
    public IReadOnlyCollection<RolloutLabel> All => _labels.Values;

    /// <summary>Reads a run's labels; a torn last line is left out, as is one that is no label.</summary>
    public static async Task<RunLabels> ReadAsync(IRunStore store, CancellationToken cancellationToken = default)
    {
        var labels = new RunLabels();
        await foreach (RolloutLabel? label in LineReader.ReadAsync(await store.OpenReadAsync(RunFiles.Labels, cancellationToken), TryRead, cancellationToken))
        {
            if (label is not null)
            {
                labels.Add(label);
            }
        }

        return labels;
    }

    /// <summary>Adds a label to a run's file. When the task completes, neither a kill nor a power cut loses it.</summary>
    /// <exception cref="IOException">Others write labels of this run all the time, or the file can't be written.</exception>
    public static async Task AppendAsync(IRunStore store, RolloutLabel label, CancellationToken cancellationToken = default)
    {
        var line = new ArrayBufferWriter<byte>();
        JsonLine.Append(line, label, RunsJson.Default.RolloutLabel);
        for (int tried = 1; ; tried++)
        {
            try
            {
                // The file is open as long as a line takes, so that a person in a terminal and one before a page can both write.
                await using ILedgerPart part = await store.OpenPartAsync(RunFiles.Labels, cancellationToken);
                await part.AppendAsync(line.WrittenMemory, cancellationToken);
                return;
            }
            catch (IOException) when (tried < Tries)
            {
                await Task.Delay(BetweenTries, TimeProvider.System, cancellationToken);
            }
        }
    }

    /// <summary>Takes a label in; an empty one takes its rollout's out.</summary>
    public void Add(RolloutLabel label)
    {
        if (label.IsEmpty())
        {
            _labels.Remove(label.RolloutId);
        }
        else
        {
            _labels[label.RolloutId] = label;
        }
    }

    /// <summary>Takes in what people said of the same rollouts in another run; that stands.</summary>
    public void Merge(RunLabels other)
    {
        foreach (RolloutLabel label in other.All)
        {
            Add(label);
        }
    }

    /// <summary>A rollout's label; null for none.</summary>
    public RolloutLabel? Of(string rolloutId) => _labels.GetValueOrDefault(rolloutId);

    /// <summary>The rollout as people labelled it.</summary>
    public Rollout Apply(Rollout rollout) => Of(rollout.Id)?.ApplyTo(rollout) ?? rollout;

    private static RolloutLabel? TryRead(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, RunsJson.Default.RolloutLabel);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
