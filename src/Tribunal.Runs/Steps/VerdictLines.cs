using System.Buffers;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Summary;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>Verdicts as lines, and what they add up to.</summary>
/// <param name="options">The vote: labels that a learned part of it was taught with count in no accuracy.</param>
/// <param name="sums">What is added to.</param>
internal sealed class VerdictLines(SchemeOptions options, SummaryPart sums)
{
    /// <summary>The lines so far; whoever has written them away clears them.</summary>
    public ArrayBufferWriter<byte> Lines { get; } = new(64 * 1024);

    /// <summary>Adds a rollout's verdict and the judgements that it is over.</summary>
    /// <returns>Whether its label counts.</returns>
    public bool Add(Rollout rollout, Verdict verdict, IReadOnlyList<Judgement> voting)
    {
        JsonLine.Append(Lines, verdict, TribunalJson.Default.Verdict);
        Rollout untaught = options.Untaught(rollout);
        sums.Add(untaught, verdict, voting);
        return ReferenceEquals(untaught, rollout);
    }
}
