using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Summary;

namespace Tribunal.Viewer.Forms;

/// <summary>The runs: <c>GET /api/runs</c>.</summary>
/// <param name="Runs">Newest first.</param>
/// <param name="Filters">Names of filters of rollouts, and what each shows.</param>
internal sealed record RunsAnswer(IReadOnlyList<RunForm> Runs, IReadOnlyDictionary<string, string> Filters);

/// <summary>A run in the table of runs.</summary>
internal sealed record RunForm
{
    /// <summary>What addresses name it by: the same whenever it is opened from the same place.</summary>
    public required string Key { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is.</summary>
    public required string Place { get; init; }

    /// <summary><c>done</c>, <c>stopped</c> (it can go on), <c>running</c> (under way, or killed: see <c>live</c>) or <c>vote</c> (votes on other runs' judgements).</summary>
    public required string State { get; init; }

    /// <summary>Judge.</summary>
    public string? Judge { get; init; }

    /// <summary>Model.</summary>
    public string? Model { get; init; }

    /// <summary>Protocol.</summary>
    public string? Protocol { get; init; }

    /// <summary>Policy in words.</summary>
    public string? Policy { get; init; }

    /// <summary>Meta reward model in words.</summary>
    public string? Meta { get; init; }

    /// <summary>Tournament.</summary>
    public string? Tournament { get; init; }

    /// <summary>Accuracy over all, people's labels among the labels; null without labels.</summary>
    public Rate? Accuracy { get; init; }

    /// <summary>What guessing would give.</summary>
    public double? Chance { get; init; }

    /// <summary>Share of judgements with a verdict.</summary>
    public Rate? ValidRate { get; init; }

    /// <summary>Cost; null where no price is known.</summary>
    public double? Cost { get; init; }

    /// <summary>Rollouts.</summary>
    public long Rollouts { get; init; }

    /// <summary>Judgements; null while nobody has counted.</summary>
    public long? Judgements { get; init; }

    /// <summary>Tokens.</summary>
    public Usage? Usage { get; init; }

    /// <summary>When it was planned; null in the folder of a vote.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Whether the simulated judge made it.</summary>
    public bool Simulated { get; init; }

    /// <summary>What people call it.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Labels that people gave.</summary>
    public int Labels { get; init; }
}

/// <summary>One run: <c>GET /api/runs/{key}</c>.</summary>
internal sealed record RunAnswer
{
    /// <summary>As in the table.</summary>
    public required RunForm Run { get; init; }

    /// <summary>How far the index is.</summary>
    public required ProgressForm Index { get; init; }

    /// <summary>The summary as published, but for accuracy and calibration, in which people's labels count; null while it is under way.</summary>
    public RunSummary? Summary { get; init; }

    /// <summary>The request; null in the folder of a vote.</summary>
    public EvaluationRequest? Request { get; init; }

    /// <summary>Domains in the order in which they appear.</summary>
    public IReadOnlyList<string> Domains { get; init; } = [];

    /// <summary>Whether the batch with its texts was there.</summary>
    public bool HasBatch { get; init; }

    /// <summary>The plots that there are: <c>/api/runs/{key}/plots/{name}.svg</c> and <c>.csv</c>.</summary>
    public IReadOnlyList<PlotForm> Plots { get; init; } = [];
}

/// <summary>A plot.</summary>
/// <param name="Name">In its address.</param>
/// <param name="Title">In words.</param>
/// <param name="Text">What it shows.</param>
/// <param name="Marks">What its marks are; empty for none.</param>
internal sealed record PlotForm(string Name, string Title, string Text, string Marks);

/// <summary>How far something is.</summary>
/// <param name="Stage">What is being read; empty when it is whole.</param>
/// <param name="Share">In [0, 1].</param>
internal sealed record ProgressForm(string Stage, double Share);

/// <summary>Tags: the body of <c>POST /api/runs/{key}/tags</c>, and <c>tags.json</c> beside the run.</summary>
/// <param name="Tags">At most 20 of at most 60 characters.</param>
internal sealed record TagsForm(IReadOnlyList<string> Tags);

/// <summary>How a run under way stands: <c>GET /api/runs/{key}/live</c>.</summary>
internal sealed record LiveAnswer
{
    /// <summary>As in the table of runs.</summary>
    public required string State { get; init; }

    /// <summary>Judgements that stand in the ledger.</summary>
    public required OutcomeCounts Judgements { get; init; }

    /// <summary>Judgements that there will be; null where the policy decides as it goes.</summary>
    public long? Expected { get; init; }

    /// <summary>Of the work, in [0, 1]: by judgements, or else by finished shards; null where nobody knows.</summary>
    public double? Share { get; init; }

    /// <summary>Judgements a second over the last minute that was watched; null before two looks.</summary>
    public double? Rate { get; init; }

    /// <summary>Seconds left at that rate; null where nobody knows.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>Seconds since the ledger grew last, as far as it was watched.</summary>
    public double? QuietSeconds { get; init; }

    /// <summary>Tokens.</summary>
    public required Usage Usage { get; init; }

    /// <summary>Cost by the prices that the run was started with; null where none were given.</summary>
    public double? Cost { get; init; }

    /// <summary>Shards whose verdicts are there, and all.</summary>
    public required int ShardsDone { get; init; }

    /// <summary>All shards.</summary>
    public required int Shards { get; init; }

    /// <summary>The newest judgements without a verdict, newest first.</summary>
    public required IReadOnlyList<FailureForm> Failures { get; init; }

    /// <summary>Whether somebody asked the run to stop.</summary>
    public bool StopRequested { get; init; }

    /// <summary>The command that goes on with the run, an argument each; null where none was recorded or it can't be run from here.</summary>
    public IReadOnlyList<string>? Resume { get; init; }

    /// <summary>Why the command that was started from here ended, where it failed.</summary>
    public string? Said { get; init; }
}

/// <summary>A judgement without a verdict.</summary>
/// <param name="RolloutId">The rollout.</param>
/// <param name="Sample">The sample.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Why">Why, in the endpoint's words.</param>
internal sealed record FailureForm(string RolloutId, int Sample, string Outcome, string? Why);

/// <summary>What was done.</summary>
/// <param name="Done">In words.</param>
internal sealed record DoneAnswer(string Done);

/// <summary>Why something was not done.</summary>
/// <param name="Error">In words.</param>
internal sealed record RefusedAnswer(string Error);

/// <summary>The head of an index file.</summary>
internal sealed record IndexHeader
{
    /// <summary>What the index was made of.</summary>
    public required string Stamp { get; init; }

    public required int Rows { get; init; }

    public required int RowBytes { get; init; }

    public required int IdBytes { get; init; }

    public required IReadOnlyList<string> Domains { get; init; }

    public required IReadOnlyList<string> Files { get; init; }

    public long Bytes { get; init; }

    public long Judgements { get; init; }

    public bool HasBatch { get; init; }

    public required IReadOnlyList<long> Rewards { get; init; }

    public double RewardSum { get; init; }
}
