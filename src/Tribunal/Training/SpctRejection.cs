namespace Tribunal.Training;

/// <summary>
/// Rejective fine-tuning of SPCT (arXiv 2504.02495): of each item the first N trajectories (N_RFT, 3 in the paper) are
/// looked at; incorrect ones are dropped, and so is the whole item, its hinted trajectory included, when all N are correct:
/// it is too easy. Of hinted trajectories one is looked at, and dropped when it is still wrong. A sample that no answer ever
/// came for is no trajectory: the next one takes its place among the N.
/// </summary>
/// <param name="trajectories">N_RFT, 1 or more.</param>
internal sealed class SpctRejection(int trajectories) : IFormRule
{
    public string? Protocol => null;

    public IEnumerable<Trajectory> Decide(IReadOnlyList<Trajectory> item)
    {
        Trajectory[] taken = [.. item.Where(static t => !t.Judgement.Hinted && t.Grade != Grade.NoAnswer).Take(trajectories)];
        bool tooEasy = taken.Length > 0 && Array.TrueForAll(taken, static t => t.Grade == Grade.Correct);
        int ordinary = 0;
        int hinted = 0;
        foreach (Trajectory trajectory in item)
        {
            if (trajectory.Grade == Grade.NoAnswer)
            {
                yield return trajectory.Drop(DropReason.Failed);
                continue;
            }

            bool beyond = trajectory.Judgement.Hinted ? hinted++ >= 1 : ordinary++ >= trajectories;
            yield return beyond ? trajectory.Drop(DropReason.BeyondN)
                : tooEasy ? trajectory.Drop(DropReason.TooEasy)
                : trajectory.Grade == Grade.Correct ? trajectory.Keep(1)
                : trajectory.Drop(trajectory.Fault);
        }
    }
}
