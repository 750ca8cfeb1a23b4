using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>Brings what a record holds to where it is known, line by line under the desk's lock.</summary>
internal sealed class RecordReader(Lock gate, RewardMemory memory, RewardGroups groups, Elsewhere elsewhere, ClientSpending spending) : IRewardReader
{
    public void Read(Rollout rollout)
    {
        lock (gate)
        {
            memory.Read(rollout);
        }
    }

    public void Read(Judgement judgement)
    {
        lock (gate)
        {
            memory.Read(judgement);
        }
    }

    public void Read(Verdict verdict)
    {
        lock (gate)
        {
            memory.Read(verdict);
        }
    }

    public void Read(ClientSpent spent) => spending.Read(spent);

    public void Read(string instance, Arrival arrival, bool old)
    {
        lock (gate)
        {
            elsewhere.Read(instance, arrival, old, group => groups.Open(group) is not null);
        }
    }
}
