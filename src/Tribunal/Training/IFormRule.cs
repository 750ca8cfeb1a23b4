namespace Tribunal.Training;

/// <summary>What a form takes of one item: one question, asked of one judge.</summary>
internal interface IFormRule
{
    /// <summary>The one protocol whose answers the rule can read; null for any.</summary>
    string? Protocol { get; }

    /// <summary>Decides on each trajectory of a labelled item.</summary>
    /// <param name="item">Ordinary trajectories by sample, then hinted ones; all graded, none decided.</param>
    IEnumerable<Trajectory> Decide(IReadOnlyList<Trajectory> item);
}
