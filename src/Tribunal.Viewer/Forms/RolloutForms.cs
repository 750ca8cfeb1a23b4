using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Labels;
using Tribunal.Verdicts;

namespace Tribunal.Viewer.Forms;

/// <summary>Rows of the table: <c>GET /api/runs/{key}/rollouts</c>.</summary>
internal sealed record RowsAnswer
{
    /// <summary>Rows in the run, so far.</summary>
    public required int All { get; init; }

    /// <summary>Rows that pass, so far.</summary>
    public required int Total { get; init; }

    /// <summary>Number of the first row given.</summary>
    public required int Offset { get; init; }

    /// <summary>The rows.</summary>
    public required IReadOnlyList<RowForm> Rows { get; init; }

    /// <summary>How far the index is.</summary>
    public required ProgressForm Index { get; init; }

    /// <summary>How far the search is; null for none.</summary>
    public SearchForm? Search { get; init; }
}

/// <summary>How far a search is.</summary>
/// <param name="Found">Rollouts in which the text was found.</param>
/// <param name="Scanned">Bytes looked through.</param>
/// <param name="Of">Bytes in all.</param>
/// <param name="Done">Whether it is through.</param>
/// <param name="Fault">Why it ended early.</param>
internal sealed record SearchForm(int Found, long Scanned, long Of, bool Done, string? Fault);

/// <summary>A rollout in the table.</summary>
internal sealed record RowForm
{
    /// <summary>Its number in the run, from 0: what addresses name it by.</summary>
    public required int Row { get; init; }

    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its domain.</summary>
    public string? Domain { get; init; }

    /// <summary><c>scored</c>, <c>unscorable</c> or <c>waiting</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Whether the best response is a labelled one; null where nobody knows.</summary>
    public bool? Right { get; init; }

    /// <summary>Index of the best response, from 0.</summary>
    public int? Best { get; init; }

    /// <summary>Responses.</summary>
    public int Responses { get; init; }

    /// <summary>In [0, 1].</summary>
    public double? Confidence { get; init; }

    /// <summary>In [0, 1].</summary>
    public double? Margin { get; init; }

    /// <summary>Judgements by what became of them, and how many voted.</summary>
    public required VoteCounts Votes { get; init; }

    /// <summary>Pairs of judgements in opposite orders, and of these those that chose differently.</summary>
    public int Matched { get; init; }

    /// <summary>Of <see cref="Matched"/>.</summary>
    public int Flipped { get; init; }

    /// <summary>Strings made inert.</summary>
    public int Neutralised { get; init; }

    /// <summary>Milliseconds of its slowest judgement.</summary>
    public double SlowestMs { get; init; }

    /// <summary>Tokens.</summary>
    public Usage Usage { get; init; }

    /// <summary>Whether a person said something of it.</summary>
    public bool Noted { get; init; }

    /// <summary>Where the searched text stands: <c>id</c>, <c>prompt</c>, <c>response</c> or <c>trace</c>.</summary>
    public string? FoundIn { get; init; }

    /// <summary>What stands around it.</summary>
    public string? Snippet { get; init; }
}

/// <summary>One rollout: <c>GET /api/runs/{key}/rollouts/{row}</c>.</summary>
internal sealed record RolloutAnswer
{
    /// <summary>As in the table.</summary>
    public required RowForm Row { get; init; }

    /// <summary>Prompt, responses and labels; null where the batch is gone.</summary>
    public RolloutTexts? Rollout { get; init; }

    /// <summary>The verdict; null while there is none.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>Its judgements in the order of their samples, at most 1,000.</summary>
    public required IReadOnlyList<JudgementForm> Judgements { get; init; }

    /// <summary>The verdict after each judgement that has one, at most 256 of them.</summary>
    public required IReadOnlyList<StepForm> Steps { get; init; }

    /// <summary>How often each response beat each: a row's number is its wins over the column's, draws counting half. Null where no pairs were judged.</summary>
    public IReadOnlyList<IReadOnlyList<double>>? Wins { get; init; }

    /// <summary>The rounds of a knockout or Swiss tournament, as far as they were played.</summary>
    public IReadOnlyList<IReadOnlyList<PlayedMatch>>? Rounds { get; init; }

    /// <summary>What a person says of it.</summary>
    public RolloutLabel? Label { get; init; }

    /// <summary>The settings that the run voted by.</summary>
    public required VoteSettings Settings { get; init; }
}

/// <summary>A rollout's texts.</summary>
/// <param name="Prompt">The conversation.</param>
/// <param name="Responses">Each response as turns: one of the assistant where it is a text.</param>
/// <param name="Best">Labelled best, by the batch.</param>
/// <param name="Scores">Labelled scores, by the batch.</param>
/// <param name="Reference">A reference answer.</param>
/// <param name="Metadata">Anything else of the record, as JSON text.</param>
internal sealed record RolloutTexts(
    IReadOnlyList<Message> Prompt, IReadOnlyList<ResponseForm> Responses, IReadOnlyList<int>? Best, IReadOnlyList<double>? Scores, string? Reference, string? Metadata);

/// <summary>A response.</summary>
/// <param name="Id">The caller's name for it.</param>
/// <param name="Text">Its text, as it is judged.</param>
/// <param name="Turns">The turns of a trajectory; null where the response is a text.</param>
internal sealed record ResponseForm(string? Id, string Text, IReadOnlyList<Message>? Turns);

/// <summary>A judgement with its trace.</summary>
internal sealed record JudgementForm
{
    /// <summary>Its sample.</summary>
    public required int Sample { get; init; }

    /// <summary>Judge.</summary>
    public required string Judge { get; init; }

    /// <summary>Route, in a run with a routing table.</summary>
    public string? Route { get; init; }

    /// <summary>What became of it.</summary>
    public required string Outcome { get; init; }

    /// <summary>Why it has no verdict.</summary>
    public string? Why { get; init; }

    /// <summary>The server's finish reason.</summary>
    public string? Finish { get; init; }

    /// <summary>Indexes of the responses as they were shown.</summary>
    public required IReadOnlyList<int> Order { get; init; }

    /// <summary>The two that were compared.</summary>
    public IReadOnlyList<int>? Pair { get; init; }

    /// <summary>A score for each response, in the batch's order.</summary>
    public IReadOnlyList<double>? Scores { get; init; }

    /// <summary>The winner of a pair.</summary>
    public int? Winner { get; init; }

    /// <summary>The grades of a rubric's criteria.</summary>
    public IReadOnlyList<CriterionGrades>? Criteria { get; init; }

    /// <summary>Meta reward.</summary>
    public double? Meta { get; init; }

    /// <summary>Whether it voted, by the run's settings.</summary>
    public required bool Voted { get; init; }

    /// <summary>Tokens.</summary>
    public Usage Usage { get; init; }

    /// <summary>Milliseconds.</summary>
    public double LatencyMs { get; init; }

    /// <summary>Seed.</summary>
    public long Seed { get; init; }

    /// <summary>Requests it took.</summary>
    public int Requests { get; init; }

    /// <summary>Strings of the rollout that were made inert in its prompt.</summary>
    public int? Neutralised { get; init; }

    /// <summary>The thinking before the answer.</summary>
    public string? Thinking { get; init; }

    /// <summary>The answer in three parts: before the verdict, the verdict's own words, after it. The middle is empty where there is none.</summary>
    public IReadOnlyList<string>? Answer { get; init; }

    /// <summary>Whether texts are left out here, for there are too many: ask for the judgement by itself.</summary>
    public bool TextsLeftOut { get; init; }
}

/// <summary>The verdict after so many judgements.</summary>
/// <param name="Judgements">How many.</param>
/// <param name="Best">The best response then.</param>
/// <param name="Confidence">How sure that is.</param>
/// <param name="Rewards">Rewards then.</param>
internal sealed record StepForm(int Judgements, int? Best, double? Confidence, IReadOnlyList<double>? Rewards);

/// <summary>How to vote: what <c>GET /api/runs/{key}/rollouts/{row}/vote</c> takes.</summary>
/// <param name="Rule">Voting rule.</param>
/// <param name="Samples">The first so many judgements; null takes all.</param>
/// <param name="Keep">Share of the judgements that vote, by meta reward.</param>
/// <param name="Meta">Whether meta rewards count.</param>
/// <param name="HasMeta">Whether the judgements have any.</param>
/// <param name="Tournament">The tournament that is played on the pairs.</param>
internal sealed record VoteSettings(string Rule, int? Samples, double Keep, bool Meta, bool HasMeta, string Tournament);

/// <summary>Another vote's verdict.</summary>
/// <param name="Verdict">The verdict.</param>
/// <param name="Right">Whether its best is a labelled one; null where nobody knows.</param>
/// <param name="Used">Samples of the judgements that went into it.</param>
internal sealed record VoteAnswer(Verdict Verdict, bool? Right, IReadOnlyList<int> Used);

/// <summary>A person's label: the body of <c>POST /api/runs/{key}/rollouts/{row}/label</c>. All fields empty take an earlier one back.</summary>
internal sealed record LabelForm
{
    /// <summary>Indexes of the best responses.</summary>
    public IReadOnlyList<int>? Best { get; init; }

    /// <summary>A score for each response.</summary>
    public IReadOnlyList<double>? Scores { get; init; }

    /// <summary>A comment.</summary>
    public string? Note { get; init; }

    /// <summary>Who says so.</summary>
    public string? By { get; init; }
}
