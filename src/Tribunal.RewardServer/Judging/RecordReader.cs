using System.Text.Json;
using Tribunal.Formats.Ledger;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Judging;

/// <summary>
/// Brings what a record holds to where it is known, line by line under the desk's lock. The files are read one after the other while others
/// write them: a line may come before the one it rests on.
/// </summary>
internal sealed class RecordReader(Lock gate, RewardMemory memory, RewardGroups groups, Elsewhere elsewhere, ClientSpending spending)
{
    /// <summary>Reads a line.</summary>
    /// <param name="kind">Of which file (<see cref="Parts"/>).</param>
    /// <param name="instance">Who wrote it.</param>
    /// <param name="line">The line.</param>
    /// <param name="old">Whether it may have been written before this server's start.</param>
    public void Read(string kind, string instance, ReadOnlySpan<byte> line, bool old)
    {
        switch (kind)
        {
            case Parts.Rollouts:
                Guarded(memory.Read, JsonSerializer.Deserialize(line, TribunalJson.Default.Rollout)!);
                break;
            case Parts.Judgements:
                Guarded(memory.Read, JudgementLine.Read(line));
                break;
            case Parts.Verdicts:
                Guarded(memory.Read, JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!);
                break;
            case Parts.Spendings:
                spending.Read(JsonSerializer.Deserialize(line, ServeLines.Default.ClientSpent)!);
                break;
            default:
                Guarded(arrival => elsewhere.Read(instance, arrival, old, group => groups.Open(group) is not null), JsonSerializer.Deserialize(line, ServeLines.Default.Arrival)!);
                break;
        }
    }

    private void Guarded<T>(Action<T> read, T value)
    {
        lock (gate)
        {
            read(value);
        }
    }
}
