using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Summary;

/// <summary>
/// A shard's share of the summary: sums that add up, whatever order shards end in. Publishing merges them without reading
/// the ledger again.
/// </summary>
public sealed class SummaryPart
{
    /// <summary>Per domain; the empty name holds rollouts without one.</summary>
    public SortedDictionary<string, DomainSums> Domains { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Per route, in a run with a routing table.</summary>
    public SortedDictionary<string, DomainSums> Routes { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Verdicts by stop reason.</summary>
    public SortedDictionary<string, long> Stops { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Valid judgements.</summary>
    public long Valid { get; set; }

    /// <summary>Unparsable judgements.</summary>
    public long Unparsable { get; set; }

    /// <summary>Truncated judgements.</summary>
    public long Truncated { get; set; }

    /// <summary>Refused judgements.</summary>
    public long Refused { get; set; }

    /// <summary>Failed judgements.</summary>
    public long Failed { get; set; }

    /// <summary>Requests sent.</summary>
    public long Sent { get; set; }

    /// <summary>Requests throttled.</summary>
    public long Throttled { get; set; }

    /// <summary>Requests answered 5xx.</summary>
    public long Unavailable { get; set; }

    /// <summary>Connections broken.</summary>
    public long Reset { get; set; }

    /// <summary>Requests timed out.</summary>
    public long TimedOut { get; set; }

    /// <summary>Requests answered with what is no chat completion.</summary>
    public long Malformed { get; set; }

    /// <summary>Cut-off answers drawn again.</summary>
    public long Redrawn { get; set; }

    /// <summary>Judgements matched with one in the opposite order.</summary>
    public long Matched { get; set; }

    /// <summary>Of these, the winner differed.</summary>
    public long Flipped { get; set; }

    /// <summary>Decided judgements of two responses.</summary>
    public long Decided { get; set; }

    /// <summary>Of these, the one shown first won.</summary>
    public long FirstShown { get; set; }

    /// <summary>Rollouts with neutralised strings.</summary>
    public long NeutralisedRollouts { get; set; }

    /// <summary>Neutralised strings.</summary>
    public long NeutralisedStrings { get; set; }

    /// <summary>Hinted judgements, which nothing else here counts.</summary>
    public long Hinted { get; set; }

    /// <summary>Of these, valid.</summary>
    public long HintedValid { get; set; }

    /// <summary>Prompt tokens of hinted judgements.</summary>
    public long HintedInput { get; set; }

    /// <summary>Generated tokens of hinted judgements.</summary>
    public long HintedOutput { get; set; }

    /// <summary>Why judgements have no verdict.</summary>
    public ReasonSums Reasons { get; init; } = new();

    /// <summary>Judgements whose usage is an estimate.</summary>
    public long Estimated { get; set; }

    /// <summary>Judgements whose prompt the server cut.</summary>
    public long PromptsCut { get; set; }

    /// <summary>Labelled verdicts by confidence.</summary>
    public ConfidenceSums Confidences { get; init; } = new();

    /// <summary>Adds a rollout's verdict and the judgements behind it.</summary>
    public void Add(Rollout rollout, Verdict verdict, IReadOnlyList<Judgement> judgements)
    {
        judgements = SortedLedger.Of(judgements);
        foreach (Judgement judgement in judgements)
        {
            Add(judgement);
        }

        var effects = OrderEffects.Of(rollout, judgements);
        Decided += effects.Decided;
        FirstShown += effects.FirstShown;
        Matched += effects.Matched;
        Flipped += effects.Flipped;
        AddTo(SumsOf(Domains, rollout.Domain ?? ""), rollout, verdict);
        if (verdict.Route is { } route)
        {
            AddTo(SumsOf(Routes, route), rollout, verdict);
        }

        if (verdict.Neutralised is > 0 and int strings)
        {
            NeutralisedRollouts++;
            NeutralisedStrings += strings;
        }

        string stop = verdict.Stop is { } reason ? JsonNames.Of(reason) : "none";
        Stops[stop] = Stops.GetValueOrDefault(stop) + 1;
        if (IsRight(rollout, verdict) is { } correct)
        {
            Confidences.Add(rollout.Id, verdict.Confidence ?? 0, correct);
        }
    }

    // Null where there is no label, or nothing to choose from.
    private static bool? IsRight(Rollout rollout, Verdict verdict) =>
        verdict is { Status: VerdictStatus.Scored, Best: { } chosen } && rollout.Responses.Count > 1 && rollout.KnownBest() is { } best ? best.Contains(chosen) : null;

    private static void AddTo(DomainSums sums, Rollout rollout, Verdict verdict)
    {
        sums.Rollouts++;
        sums.Input = Usage.Sum(sums.Input, verdict.Usage.Input);
        sums.Output = Usage.Sum(sums.Output, verdict.Usage.Output);
        sums.Scored += verdict.Status == VerdictStatus.Scored ? 1 : 0;
        if (IsRight(rollout, verdict) is { } correct)
        {
            sums.Labelled++;
            sums.Correct += correct ? 1 : 0;
            sums.Chance += (double)rollout.KnownBest()!.Count / rollout.Responses.Count;
        }
    }

    private static DomainSums SumsOf(SortedDictionary<string, DomainSums> all, string name)
    {
        if (!all.TryGetValue(name, out DomainSums? sums))
        {
            all.Add(name, sums = new DomainSums());
        }

        return sums;
    }

    /// <summary>Adds what a rollout's hinted judgements cost; others are passed over.</summary>
    public void AddHinted(IReadOnlyList<Judgement> judgements)
    {
        foreach (Judgement judgement in judgements)
        {
            if (judgement.Hinted)
            {
                Hinted++;
                HintedValid += judgement.Outcome == JudgementOutcome.Valid ? 1 : 0;
                HintedInput = Usage.Sum(HintedInput, judgement.Usage.Input);
                HintedOutput = Usage.Sum(HintedOutput, judgement.Usage.Output);
            }
        }
    }

    /// <summary>Adds another part.</summary>
    public void Merge(SummaryPart other)
    {
        foreach ((string name, DomainSums theirs) in other.Domains)
        {
            SumsOf(Domains, name).Merge(theirs);
        }

        foreach ((string name, DomainSums theirs) in other.Routes)
        {
            SumsOf(Routes, name).Merge(theirs);
        }

        foreach ((string name, long count) in other.Stops)
        {
            Stops[name] = Stops.GetValueOrDefault(name) + count;
        }

        Valid += other.Valid;
        Unparsable += other.Unparsable;
        Truncated += other.Truncated;
        Refused += other.Refused;
        Failed += other.Failed;
        Sent += other.Sent;
        Throttled += other.Throttled;
        Unavailable += other.Unavailable;
        Reset += other.Reset;
        TimedOut += other.TimedOut;
        Malformed += other.Malformed;
        Redrawn += other.Redrawn;
        Matched += other.Matched;
        Flipped += other.Flipped;
        Decided += other.Decided;
        FirstShown += other.FirstShown;
        NeutralisedRollouts += other.NeutralisedRollouts;
        NeutralisedStrings += other.NeutralisedStrings;
        Hinted += other.Hinted;
        HintedValid += other.HintedValid;
        HintedInput = Usage.Sum(HintedInput, other.HintedInput);
        HintedOutput = Usage.Sum(HintedOutput, other.HintedOutput);
        Reasons.Merge(other.Reasons);
        Estimated += other.Estimated;
        PromptsCut += other.PromptsCut;
        Confidences.Merge(other.Confidences);
    }

    private void Add(LedgerSums sums)
    {
        Valid += sums.Valid;
        Unparsable += sums.Unparsable;
        Truncated += sums.Truncated;
        Refused += sums.Refused;
        Failed += sums.Failed;
    }

    private void Add(Judgement judgement)
    {
        Add(LedgerSums.Of(judgement));
        Tries? tries = judgement.Tries;
        Sent += tries?.Requests ?? 1;
        Throttled += tries?.Throttled ?? 0;
        Unavailable += tries?.Unavailable ?? 0;
        Reset += tries?.Reset ?? 0;
        TimedOut += tries?.TimedOut ?? 0;
        Malformed += tries?.Malformed ?? 0;
        Redrawn += tries?.Truncated ?? 0;
        Estimated += judgement.Usage.Estimated ? 1 : 0;
        PromptsCut += judgement.PromptCut ? 1 : 0;
        Reasons.Add(judgement);
    }
}

/// <summary>A domain's sums.</summary>
public sealed class DomainSums
{
    /// <summary>Verdicts.</summary>
    public long Rollouts { get; set; }

    /// <summary>With rewards.</summary>
    public long Scored { get; set; }

    /// <summary>With rewards and a label.</summary>
    public long Labelled { get; set; }

    /// <summary>Whose best is a labelled best.</summary>
    public long Correct { get; set; }

    /// <summary>Sum of the odds of guessing right.</summary>
    public double Chance { get; set; }

    /// <summary>Prompt tokens.</summary>
    public long Input { get; set; }

    /// <summary>Generated tokens.</summary>
    public long Output { get; set; }

    /// <summary>Adds another domain's sums.</summary>
    public void Merge(DomainSums other)
    {
        Rollouts += other.Rollouts;
        Scored += other.Scored;
        Labelled += other.Labelled;
        Correct += other.Correct;
        Chance += other.Chance;
        Input = Usage.Sum(Input, other.Input);
        Output = Usage.Sum(Output, other.Output);
    }

    /// <summary>As it stands in the summary.</summary>
    public DomainSummary ToSummary() =>
        new(Rollouts, Scored, Rate.Wilson(Correct, Labelled), Labelled > 0 ? Chance / Labelled : null, new Usage(Input, Output));
}
