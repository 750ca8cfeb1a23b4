using System.Buffers;
using Tribunal.Calibration;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Summary;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>Verdicts as lines, and what they add up to.</summary>
/// <param name="options">The vote: labels that a learned part of it was taught with count in no accuracy.</param>
/// <param name="sums">What is added to.</param>
/// <param name="members">Whether several judges' shares are told apart.</param>
/// <param name="calibration">What confidences were calibrated by: no reliability counts the rollouts that it learned from.</param>
internal sealed class VerdictLines(SchemeOptions options, SummaryPart sums, bool members, StoredCalibration? calibration)
{
    /// <summary>The lines so far; whoever has written them away clears them.</summary>
    public ArrayBufferWriter<byte> Lines { get; } = new(64 * 1024);

    /// <summary>Adds a rollout's verdict and the judgements that it is over.</summary>
    /// <returns>Whether its label counts.</returns>
    public bool Add(Rollout rollout, Verdict verdict, IReadOnlyList<Judgement> voting)
    {
        JsonLine.Append(Lines, verdict, TribunalJson.Default.Verdict);
        Rollout untaught = options.Untaught(rollout);
        sums.Add(untaught, verdict, voting, members: members, taught: SeenRollouts.Has(calibration?.Seen, rollout));
        sums.AddSaving(options, voting);
        return ReferenceEquals(untaught, rollout);
    }
}
