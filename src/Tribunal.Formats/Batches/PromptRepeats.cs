using System.IO.Hashing;
using System.Text;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Counts rollouts of one response whose prompt an earlier one has: a row per response, which a judge should see together. Remembers
/// prompts as 128-bit hashes. Not safe for concurrent use.
/// </summary>
public sealed class PromptRepeats
{
    private readonly HashSet<UInt128> _prompts = [];

    /// <summary>How many there are.</summary>
    public long Count { get; private set; }

    /// <summary>Looks at one more rollout.</summary>
    public void Add(Rollout rollout)
    {
        if (rollout.Responses.Count != 1)
        {
            return;
        }

        var hash = new XxHash128();
        for (int turn = 0; turn < rollout.Prompt.Count; turn++)
        {
            hash.Append(Encoding.UTF8.GetBytes($"{rollout.Prompt[turn].Role}\0{ToolTurns.Text(rollout.Prompt, turn)}\0"));
        }

        Count += _prompts.Add(hash.GetCurrentHashAsUInt128()) ? 0 : 1;
    }
}
