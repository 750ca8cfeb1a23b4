using System.Text.Json.Serialization;

namespace Tribunal.Judgements;

/// <summary>What became of one sampled judgement.</summary>
[JsonConverter(typeof(OutcomeNames))]
public enum JudgementOutcome
{
    /// <summary>A verdict was read.</summary>
    [JsonStringEnumMemberName("valid")]
    Valid,

    /// <summary>The judge finished, but where its verdict should stand there is none, or two, or one out of range.</summary>
    [JsonStringEnumMemberName("unparsable")]
    Unparsable,

    /// <summary>The judge ran out of tokens; what it wrote is never read as a verdict.</summary>
    [JsonStringEnumMemberName("truncated")]
    Truncated,

    /// <summary>The judge or a content filter declined.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>No answer came after every try.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>Outcomes by name; a number names none.</summary>
public sealed class OutcomeNames() : JsonStringEnumConverter<JudgementOutcome>(namingPolicy: null, allowIntegerValues: false);

/// <summary>Tokens.</summary>
/// <param name="Input">Prompt tokens.</param>
/// <param name="Output">Generated tokens, thinking included.</param>
public readonly record struct Usage(long Input, long Output)
{
    /// <summary>The largest count that is believed of one answer: sums of millions of them stay numbers.</summary>
    public const long Most = 1_000_000_000_000;

    /// <summary>
    /// Whether a count was missing or no number, and stands here as an estimate by the length of the texts: a token is taken
    /// for four characters. Left out of a line where everything was reported.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Estimated { get; init; }

    /// <summary>Both, at most <see cref="long.MaxValue"/>.</summary>
    [JsonIgnore]
    public long Total => Sum(Input, Output);

    /// <summary>Adds two usages; sums saturate.</summary>
    public static Usage operator +(Usage left, Usage right) =>
        new(Sum(left.Input, right.Input), Sum(left.Output, right.Output)) { Estimated = left.Estimated || right.Estimated };

    /// <summary>Adds two counts; what is more than a number holds is the largest number.</summary>
    public static long Sum(long left, long right)
    {
        long sum = unchecked(left + right);
        return left >= 0 && right >= 0 && sum < 0 ? long.MaxValue : sum;
    }

    /// <summary>The tokens that a text of so many characters has, about.</summary>
    public static long Estimate(long characters) => (characters + 3) / 4;
}

/// <summary>How many requests one judgement took, by how each ended. Left out of a ledger line when one request sufficed.</summary>
public sealed record Tries
{
    /// <summary>Requests sent, the last one included.</summary>
    public int Requests { get; init; } = 1;

    /// <summary>Answers 429.</summary>
    public int Throttled { get; init; }

    /// <summary>Answers 5xx.</summary>
    public int Unavailable { get; init; }

    /// <summary>Connections refused, reset or ended early.</summary>
    public int Reset { get; init; }

    /// <summary>Requests that ran into the time limit.</summary>
    public int TimedOut { get; init; }

    /// <summary>Answers whose body was no chat completion.</summary>
    public int Malformed { get; init; }

    /// <summary>Answers cut off by the token budget and drawn again with a larger one.</summary>
    public int Truncated { get; init; }

    /// <summary>Adds two.</summary>
    public static Tries operator +(Tries left, Tries right) => new()
    {
        Requests = left.Requests + right.Requests,
        Throttled = left.Throttled + right.Throttled,
        Unavailable = left.Unavailable + right.Unavailable,
        Reset = left.Reset + right.Reset,
        TimedOut = left.TimedOut + right.TimedOut,
        Malformed = left.Malformed + right.Malformed,
        Truncated = left.Truncated + right.Truncated,
    };
}

/// <summary>
/// One sampled answer, read: what of it votes and is counted. It is named by (run, rollout, sample); its seed and its presentation order
/// derive from that name. Its texts are beside it in a <see cref="TracedJudgement"/>, which is what a line of the ledger holds.
/// </summary>
public record Judgement
{
    /// <summary>Where the trace stands in a line: <see cref="TracedJudgement"/>'s texts come before what is seldom there.</summary>
    private protected const int Trace = 1;

    private const int AfterTrace = 2;

    /// <summary>The rollout judged.</summary>
    public required string RolloutId { get; init; }

    /// <summary>
    /// Number of the sample inside its rollout, from 0. With P pairs of responses, pair judgements are numbered
    /// vote·P + pair (see <see cref="PairIndex"/>), so that numbers stay unique however many votes a pair gets.
    /// </summary>
    public required int Sample { get; init; }

    /// <summary><c>grm</c>, <c>rm-r1</c>, <c>rrm</c> or <c>imported</c>.</summary>
    public required string Protocol { get; init; }

    /// <summary>The judge's name.</summary>
    public required string Judge { get; init; }

    /// <summary>Displayed position → original index; as long as the number of responses shown.</summary>
    public required IReadOnlyList<int> Order { get; init; }

    /// <summary>For a pair judge: the two original indexes compared, ascending. Null when the whole list was scored.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<int>? Pair { get; init; }

    /// <summary>The sampling seed sent to the judge.</summary>
    public long Seed { get; init; }

    /// <summary>What became of it.</summary>
    public required JudgementOutcome Outcome { get; init; }

    /// <summary>Why the outcome is not <see cref="JudgementOutcome.Valid"/>.</summary>
    public string? Why { get; init; }

    /// <summary>The server's finish reason.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Finish { get; init; }

    /// <summary>One score per response in original order, on the protocol's own scale; null for pair verdicts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<double>? Scores { get; init; }

    /// <summary>
    /// Lowest and highest score of the scale that <see cref="Scores"/> are on. The line says by itself what they are worth, since who
    /// votes it may know nothing of the protocol, and the judges of one rollout may use different scales. Left out of lines without
    /// scores and of those of DeepSeek-GRM, whose scores are from 1 to 10.
    /// </summary>
    public IReadOnlyList<double>? Scale { get; init; }

    /// <summary>The numbers of a classic reward model, in original order, on the model's own scale: what benchmarks compare. Left out of other judges' lines.</summary>
    public IReadOnlyList<double>? Logits { get; init; }

    /// <summary>The grades of a rubric's criteria, of which <see cref="Scores"/> are made; null, and left out, for other judges.</summary>
    public IReadOnlyList<CriterionGrades>? Criteria { get; init; }

    /// <summary>Original index of the winner of a pair; null when there is none (a draw, or a list was scored).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? Winner { get; init; }

    /// <summary>The meta reward: higher is more trustworthy; null when none was asked for. Unit: the meta model's own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? Meta { get; init; }

    /// <summary>Tokens of the meta reward model, which the judge's own don't include; null where none was asked.</summary>
    public Usage? MetaUsage { get; init; }

    /// <summary>Whether the meta reward model's server cut the text that it was given. Left out of a ledger line when false.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool MetaCut { get; init; }

    /// <summary>The mean log-probability of the tokens that the judge wrote, at most 0, where it was recorded.</summary>
    public double? LogProb { get; init; }

    /// <summary>What the texts looked like, where somebody asks and they were let go; never written.</summary>
    [JsonIgnore]
    public ReasoningTraits? Traits { get; init; }

    /// <summary>Tokens, summed over all tries.</summary>
    public Usage Usage { get; init; }

    /// <summary>Milliseconds from first request to last byte.</summary>
    public double LatencyMs { get; init; }

    /// <summary>The task type that the judge perceived (RM-R1: <c>chat</c> or <c>reasoning</c>), where it says so.</summary>
    [JsonPropertyOrder(AfterTrace)]
    public string? Task { get; init; }

    /// <summary>The route that it was drawn for, in a run with a routing table (<see cref="Sampling.RoutingTable"/>).</summary>
    [JsonPropertyOrder(AfterTrace)]
    public string? Route { get; init; }

    /// <summary>How many requests it took, when more than one.</summary>
    [JsonPropertyOrder(AfterTrace)]
    public Tries? Tries { get; init; }

    /// <summary>
    /// Whether the prompt told the judge which response is best (<see cref="Training.Hints"/>). Such a judgement is training
    /// data: it never votes and never counts in any accuracy. Left out of a ledger line when false.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [JsonPropertyOrder(AfterTrace)]
    public bool Hinted { get; init; }

    /// <summary>
    /// Whether the server counted far fewer prompt tokens than the prompt has words, so that the judge can't have seen all of it.
    /// Left out of a ledger line when false.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    [JsonPropertyOrder(AfterTrace)]
    public bool PromptCut { get; init; }

    /// <summary>How many forged delimiters and verdict strings of the rollout were made inert in its prompt, when any.</summary>
    [JsonPropertyOrder(AfterTrace)]
    public int? Neutralised { get; init; }

    /// <summary>The displayed position of a response; as many as there are where it was not shown.</summary>
    internal int PlaceOf(int response) => Order.TakeWhile(shown => shown != response).Count();

    /// <summary>The judgement alone, its trace let go.</summary>
    public Judgement WithoutTrace() => new(this);
}

/// <summary>A judgement with its trace, the texts beside it: what a judge gave, and a line of the ledger.</summary>
public sealed record TracedJudgement : Judgement
{
    /// <summary>The judge's answer.</summary>
    [JsonPropertyOrder(Trace)]
    public string? Text { get; init; }

    /// <summary>The judge's thinking, where the server keeps it apart; never read for a verdict.</summary>
    [JsonPropertyOrder(Trace)]
    public string? Reasoning { get; init; }

    /// <summary>The judgement with what its texts look like in their place, for a learned meta reward model.</summary>
    public Judgement WithTraits() => (this with { Traits = ReasoningTraits.Of(Reasoning, Text) }).WithoutTrace();
}
