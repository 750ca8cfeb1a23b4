using Tribunal.Judgements;
using Tribunal.Reports;

namespace Tribunal.Viewer.Forms;

/// <summary>Runs side by side: <c>GET /api/compare?runs=KEY,KEY</c>.</summary>
/// <param name="Runs">As in the table of runs, in the order asked for.</param>
/// <param name="Comparison">As <c>tribunal compare</c> reckons it; null where it can't be.</param>
/// <param name="Why">Why there is none.</param>
internal sealed record CompareAnswer(IReadOnlyList<RunForm> Runs, Comparison? Comparison, string? Why);

/// <summary>Rollouts that runs share: <c>GET /api/compare/rollouts</c>.</summary>
/// <param name="All">How many all runs have.</param>
/// <param name="Total">How many pass.</param>
/// <param name="Offset">Number of the first given.</param>
/// <param name="Rows">The rollouts.</param>
/// <param name="Index">How far the indexes are.</param>
internal sealed record SharedRowsAnswer(int All, int Total, int Offset, IReadOnlyList<SharedRowForm> Rows, ProgressForm Index);

/// <summary>A rollout that all runs have.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Domain">Its domain.</param>
/// <param name="Cells">What each run says.</param>
internal sealed record SharedRowForm(string Id, string? Domain, IReadOnlyList<CellForm> Cells);

/// <summary>What a run says of a shared rollout.</summary>
/// <param name="Row">Its number in that run.</param>
/// <param name="Best">Its best response.</param>
/// <param name="Confidence">How sure.</param>
/// <param name="Right">Whether that is right.</param>
/// <param name="Votes">Judgements by what became of them.</param>
internal sealed record CellForm(int Row, int? Best, double? Confidence, bool? Right, VoteCounts Votes);
