using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
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

    /// <summary>Per member of a panel, by judge and protocol.</summary>
    public SortedDictionary<string, MemberSums> Members { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Per criterion of rubrics.</summary>
    public SortedDictionary<string, CriterionSums> Criteria { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Verdicts by stop reason.</summary>
    public SortedDictionary<string, long> Stops { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Judgements by outcome.</summary>
    public OutcomeCounts Outcomes { get; set; }

    /// <summary>Requests by how they ended.</summary>
    public RequestCounts Requests { get; set; }

    /// <summary>What the order of two responses did.</summary>
    public OrderEffects Orders { get; set; }

    /// <summary>Meta rewards.</summary>
    public MetaCounts Metas { get; set; }

    /// <summary>Whether a meta reward model was asked: a judgement without a reward is one that should have it.</summary>
    public bool MetaAsked { get; set; }

    /// <summary>Why judgements have no verdict.</summary>
    public ReasonSums Reasons { get; init; } = new();

    /// <summary>Judgements whose token counts are estimates.</summary>
    public long Estimated { get; set; }

    /// <summary>Judgements whose prompt the server cut.</summary>
    public long PromptsCut { get; set; }

    /// <summary>Rollouts with neutralised strings.</summary>
    public long NeutralisedRollouts { get; set; }

    /// <summary>Neutralised strings.</summary>
    public long NeutralisedStrings { get; set; }

    /// <summary>Hinted judgements, which nothing else here counts.</summary>
    public HintedCounts Hinted { get; set; }

    /// <summary>Labelled verdicts by confidence.</summary>
    public ConfidenceSums Confidences { get; init; } = new();

    /// <summary>Labelled verdicts by the probability of being right that a calibration gives them.</summary>
    public ConfidenceSums Correctnesses { get; init; } = new();

    /// <summary>Judgements that the whole pool of all rollouts would have had; 0 under the fixed policy.</summary>
    public long Pool { get; set; }

    /// <summary>Milliseconds that the judge worked, over all judgements.</summary>
    public double JudgeMs { get; set; }

    /// <summary>Judgements that count in each part of the shard's ledger: publishing misses none.</summary>
    public SortedDictionary<string, int> Parts { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Whether the parts hold lines that don't count, so that the shard's ledger was written anew without them.</summary>
    public bool Rewritten { get; set; }

    /// <summary>Adds a rollout's verdict and the judgements behind it.</summary>
    /// <param name="rollout">The rollout, with the labels that may be counted.</param>
    /// <param name="verdict">Its verdict.</param>
    /// <param name="judgements">What was voted on.</param>
    /// <param name="taught">Whether the calibration was fitted on this rollout's label.</param>
    /// <param name="members">Whether a panel judged, whose members are counted each.</param>
    public void Add(Rollout rollout, Verdict verdict, IReadOnlyList<Judgement> judgements, bool members = false, bool taught = false)
    {
        judgements = SortedLedger.Of(judgements);
        foreach (IGrouping<(string Judge, string Protocol), Judgement> own in members ? judgements.GroupBy(static judgement => (judgement.Judge, judgement.Protocol)) : [])
        {
            MemberOf(own.Key.Judge, own.Key.Protocol).Add(rollout, verdict, [.. own]);
        }

        foreach (Judgement judgement in judgements)
        {
            Outcomes += OutcomeCounts.Of(judgement);
            Requests += RequestCounts.Of(judgement);
            Metas += MetaCounts.Of(judgement);
            Reasons.Add(judgement);
            Estimated += judgement.Usage.Estimated ? 1 : 0;
            PromptsCut += judgement.PromptCut ? 1 : 0;
        }

        Orders += OrderEffects.Of(rollout, judgements);
        SumsOf(Domains, rollout.Domain ?? "").Add(rollout, verdict);
        CriterionSums.Add(Criteria, rollout, verdict);
        if (verdict.Route is { } route)
        {
            SumsOf(Routes, route).Add(rollout, verdict);
        }

        if (verdict.Neutralised is > 0 and int strings)
        {
            NeutralisedRollouts++;
            NeutralisedStrings += strings;
        }

        string stop = verdict.Stop?.ToString().ToLowerInvariant() ?? "none";
        Stops[stop] = Stops.GetValueOrDefault(stop) + 1;
        if (DomainSums.IsRight(rollout, verdict) is { } correct)
        {
            Confidences.Add(rollout.Id, verdict.Confidence ?? 0, correct);
            if (verdict.Correctness is { } probability && !taught)
            {
                Correctnesses.Add(rollout.Id, probability, correct);
            }
        }
    }

    /// <summary>Adds what the whole pool of a rollout would have been: the policy's maximum, for each match that was played.</summary>
    /// <param name="options">How it was judged.</param>
    /// <param name="judgements">What was drawn.</param>
    public void AddSaving(SchemeOptions options, IReadOnlyList<Judgement> judgements)
    {
        if (options.Policy.Kind != PolicyKind.Fixed && judgements.Count > 0)
        {
            int matches = Math.Max(1, judgements.Where(static judgement => judgement.Pair is { Count: 2 }).Select(static judgement => (judgement.Pair![0], judgement.Pair[1])).Distinct().Count());
            Pool += (long)matches * options.Policy.Max;
            JudgeMs += judgements.Sum(static judgement => judgement.LatencyMs);
        }
    }

    /// <summary>Adds what a rollout's hinted judgements cost; others are passed over.</summary>
    public void AddHinted(IReadOnlyList<Judgement> judgements)
    {
        foreach (Judgement judgement in judgements.Where(static judgement => judgement.Hinted))
        {
            Hinted += new HintedCounts(OutcomeCounts.Of(judgement), judgement.Usage);
        }
    }

    /// <summary>Adds another part's sums.</summary>
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

        foreach (MemberSums theirs in other.Members.Values)
        {
            MemberOf(theirs.Judge, theirs.Protocol).Merge(theirs);
        }

        foreach ((string id, CriterionSums theirs) in other.Criteria)
        {
            if (Criteria.TryGetValue(id, out CriterionSums? sums))
            {
                sums.Merge(theirs);
            }
            else if (Criteria.Count < CriterionSums.Most)
            {
                Criteria.Add(id, theirs);
            }
        }

        foreach ((string name, long count) in other.Stops)
        {
            Stops[name] = Stops.GetValueOrDefault(name) + count;
        }

        Outcomes += other.Outcomes;
        Requests += other.Requests;
        Orders += other.Orders;
        Metas += other.Metas;
        MetaAsked |= other.MetaAsked;
        Reasons.Merge(other.Reasons);
        Estimated += other.Estimated;
        PromptsCut += other.PromptsCut;
        NeutralisedRollouts += other.NeutralisedRollouts;
        NeutralisedStrings += other.NeutralisedStrings;
        Hinted += other.Hinted;
        Confidences.Merge(other.Confidences);
        Correctnesses.Merge(other.Correctnesses);
        Pool += other.Pool;
        JudgeMs += other.JudgeMs;
    }

    private MemberSums MemberOf(string judge, string protocol)
    {
        string key = $"{judge} {protocol}";
        if (!Members.TryGetValue(key, out MemberSums? sums))
        {
            Members.Add(key, sums = new MemberSums { Judge = judge, Protocol = protocol });
        }

        return sums;
    }

    private static DomainSums SumsOf(SortedDictionary<string, DomainSums> all, string name)
    {
        if (!all.TryGetValue(name, out DomainSums? sums))
        {
            all.Add(name, sums = new DomainSums());
        }

        return sums;
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

    /// <summary>Tokens.</summary>
    public Usage Usage { get; set; }

    /// <summary>Adds a verdict.</summary>
    public void Add(Rollout rollout, Verdict verdict)
    {
        Rollouts++;
        Usage += verdict.Usage;
        Scored += verdict.Status == VerdictStatus.Scored ? 1 : 0;
        if (IsRight(rollout, verdict) is { } correct)
        {
            Labelled++;
            Correct += correct ? 1 : 0;
            Chance += (double)rollout.KnownBest()!.Count / rollout.Responses.Count;
        }
    }

    /// <summary>Adds another domain's sums.</summary>
    public void Merge(DomainSums other)
    {
        Rollouts += other.Rollouts;
        Scored += other.Scored;
        Labelled += other.Labelled;
        Correct += other.Correct;
        Chance += other.Chance;
        Usage += other.Usage;
    }

    /// <summary>As it stands in the summary.</summary>
    public DomainSummary ToSummary() =>
        new(Rollouts, Scored, Rate.Wilson(Correct, Labelled), Labelled > 0 ? Chance / Labelled : null, Usage);

    // Null where there is no label, or nothing to choose from.
    internal static bool? IsRight(Rollout rollout, Verdict verdict) =>
        verdict is { Status: VerdictStatus.Scored, Best: { } chosen } && rollout.Responses.Count > 1 && rollout.KnownBest() is { } best ? best.Contains(chosen) : null;
}
