using Tribunal.Calibration;
using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Voting;

namespace Tribunal.Runs.Summary;

/// <summary>Turns a run's sums into its summary.</summary>
public static class SummaryWriter
{
    private const int MostReasons = 5;

    /// <summary>Writes it.</summary>
    /// <param name="manifest">The run.</param>
    /// <param name="sums">Its sums.</param>
    /// <param name="halt">Why it stopped before its end, if it did.</param>
    /// <param name="prices">Prices, where known.</param>
    /// <param name="weights">What the members of a panel weighed; null where all weighed the same.</param>
    public static RunSummary Write(RunManifest manifest, SummaryPart sums, Halt? halt, PriceList? prices, PanelWeights? weights = null, JudgeModel? learned = null)
    {
        TokenPrice? price = prices?.One;
        DomainSums total = TotalOf(sums);
        DomainSummary overall = total.ToSummary();
        var domains = sums.Domains.Where(static d => d.Key.Length > 0).ToDictionary(static d => d.Key, static d => d.Value.ToSummary(), StringComparer.Ordinal);
        Rate? validRate = Rate.Wilson(sums.Outcomes.Valid, sums.Outcomes.Drawn);
        return new RunSummary
        {
            RunId = manifest.RunId,
            Status = halt is null ? RunStatus.Complete : RunStatus.Partial,
            Halt = halt,
            Simulated = manifest.Simulated,
            Origin = manifest.Origin,
            Judge = manifest.Judge,
            Model = manifest.Model,
            Protocol = manifest.Protocol,
            Rollouts = manifest.Rollouts,
            Scored = total.Scored,
            Unscorable = total.Rollouts - total.Scored,
            Invalid = manifest.Invalid,
            Judgements = sums.Outcomes,
            Requests = sums.Requests,
            Usage = overall.Usage,
            Cost = prices is null ? null : price?.Of(overall.Usage) ?? prices.Of(sums.Members.Values.GroupBy(static member => member.Judge, StringComparer.Ordinal).ToDictionary(static own => own.Key, static own => own.Aggregate(default(Usage), static (sum, member) => sum + member.Usage), StringComparer.Ordinal)),
            Price = price,
            ValidRate = validRate,
            FlipRate = Rate.Wilson(sums.Orders.Flipped, sums.Orders.Matched),
            FirstShownRate = Rate.Wilson(sums.Orders.FirstShown, sums.Orders.Decided),
            Stops = sums.Stops,
            Overall = overall,
            Domains = domains,
            Routes = sums.Routes.Count > 0 ? sums.Routes.ToDictionary(static route => route.Key, static route => route.Value.ToSummary(), StringComparer.Ordinal) : null,
            Members = sums.Members.Count == 0 ? null : [.. InTurn(manifest, sums.Members.Values).Select(member => member.ToSummary(prices?.Each.GetValueOrDefault(member.Judge), weights))],
            Weighing = sums.Members.Count == 0 ? null : weights is null ? "equal" : weights.Method,
            Adaptivity = AdaptivitySummary.Of(manifest.Request, sums, learned),
            Correctness = sums.Correctnesses.Table(),
            Criteria = sums.Criteria.Count == 0 ? null : [.. sums.Criteria.Select(static criterion => criterion.Value.ToSummary(criterion.Key))],
            Calibration = sums.Confidences.Table() is { } table ? new CalibrationSummary(table, sums.Confidences.HeldBack()) : null,
            Neutralised = sums.NeutralisedRollouts > 0 ? new Neutralisation(sums.NeutralisedRollouts, sums.NeutralisedStrings) : null,
            Hinted = sums.Hinted is { Outcomes: { Drawn: > 0 } hinted, Usage: var usage } ? new HintedSamples(hinted.Drawn, hinted.Valid, usage, price?.Of(usage)) : null,
            Reasons = sums.Reasons.Commonest(MostReasons),
            MetaUsage = sums.Metas.Usage == default ? null : sums.Metas.Usage,
            Estimated = sums.Estimated > 0 ? sums.Estimated : null,
            PromptsCut = sums.PromptsCut > 0 ? sums.PromptsCut : null,
            Warnings = [.. Warnings(manifest, sums, overall, domains, validRate), .. MemberWarnings(manifest, sums), .. UsageWarnings(sums)],
        };
    }

    private static DomainSums TotalOf(SummaryPart sums)
    {
        var total = new DomainSums();
        foreach (DomainSums domain in sums.Domains.Values)
        {
            total.Merge(domain);
        }

        return total;
    }

    // In the order of their turns; a vote over several runs knows none.
    private static IEnumerable<MemberSums> InTurn(RunManifest manifest, IEnumerable<MemberSums> members) => members.OrderBy(member =>
        manifest.Members?.TakeWhile(known => known.Judge != member.Judge || known.Protocol != member.Protocol).Count() ?? 0);

    private static IEnumerable<string> MemberWarnings(RunManifest manifest, SummaryPart sums)
    {
        foreach (MemberSums member in InTurn(manifest, sums.Members.Values))
        {
            if (Rate.Wilson(member.Outcomes.Valid, member.Outcomes.Drawn) is { Value: < 0.8 } valid)
            {
                yield return $"Only {valid.Value:P1} of the judgements of {member.Judge} by {member.Protocol} have a verdict: where it has none, the others' say is the panel's.";
            }
        }
    }

    /// <summary>A summary with the accuracies and the calibration of other sums, over the same verdicts with other labels.</summary>
    public static RunSummary Relabel(RunSummary summary, SummaryPart sums)
    {
        return summary with
        {
            Overall = Of(summary.Overall, TotalOf(sums)),
            Domains = summary.Domains.ToDictionary(static d => d.Key, d => sums.Domains.TryGetValue(d.Key, out DomainSums? found) ? Of(d.Value, found) : d.Value, StringComparer.Ordinal),
            Calibration = sums.Confidences.Table() is { } table ? new CalibrationSummary(table, sums.Confidences.HeldBack()) : null,
        };

        static DomainSummary Of(DomainSummary before, DomainSums sums)
        {
            DomainSummary now = sums.ToSummary();
            return before with { Accuracy = now.Accuracy, Chance = now.Chance };
        }
    }

    private static IEnumerable<string> UsageWarnings(SummaryPart sums)
    {
        long drawn = sums.Outcomes.Drawn;
        if (sums.PromptsCut > 0)
        {
            yield return $"The server counts far fewer prompt tokens than {sums.PromptsCut} of {drawn} prompts have words: it cuts prompts to its context window, and the judge did not see all of them. Give the server a larger window.";
        }

        if (sums.Metas.Cut > 0)
        {
            yield return $"The meta reward model's server counts far fewer tokens than {sums.Metas.Cut} judgements and their prompts have words: it cuts them to its context window, and their rewards are of a part. Give the server a larger window.";
        }

        if (sums.Estimated > 0)
        {
            yield return $"The server reports no usable token usage for {sums.Estimated} of {drawn} judgements: tokens, cost and limits go by an estimate from the length of the texts.";
        }
    }

    private static IEnumerable<string> Warnings(RunManifest manifest, SummaryPart sums, DomainSummary overall, Dictionary<string, DomainSummary> domains, Rate? validRate)
    {
        if (manifest.Simulated)
        {
            yield return "Rewards come from the simulated judge: they show how Tribunal works and say nothing of the responses.";
        }

        if (manifest.Rollouts == 0)
        {
            yield return manifest.Invalid == 0 ? "The batch is empty: there was nothing to score." : "No line of the batch could be used.";
        }

        if (overall.BelowChance)
        {
            yield return "The judge is below chance: more votes make it worse. Don't use these rewards.";
        }

        foreach ((string name, DomainSummary domain) in domains.Where(static d => d.Value.BelowChance))
        {
            yield return $"In {name} the judge is below chance ({domain.Accuracy!.Value:P1}, guessing gives {domain.Chance:P1}): more votes make it worse.";
        }

        if (validRate is { Value: < 0.8 })
        {
            yield return $"Only {validRate.Value:P1} of the judgements have a verdict: check protocol, template and token budget.";
        }

        // A learned model scores at the vote, and leaves nothing in the ledger; what was recorded elsewhere may have none at all.
        if (MetaWeights.Active(manifest.Request.Meta) && (sums.MetaAsked || sums.Metas.Given > 0))
        {
            if (sums.Metas.Missing > 0)
            {
                yield return $"The meta reward model gave no reward for {sums.Metas.Missing:N0} of {sums.Metas.Given + sums.Metas.Missing:N0} judgements: they stand below all others.";
            }

            if (sums.Metas.Given > 1 && sums.Metas.Lowest == sums.Metas.Highest)
            {
                yield return "All meta rewards are equal: they don't tell judgements apart, and nothing was dropped for them.";
            }
        }
    }
}
