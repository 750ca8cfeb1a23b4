using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Summary;

/// <summary>Turns a run's sums into its summary.</summary>
public static class SummaryWriter
{
    private const int MostReasons = 5;

    /// <summary>Writes it.</summary>
    /// <param name="manifest">The run.</param>
    /// <param name="sums">Its sums.</param>
    /// <param name="halt">Why it stopped before its end, if it did.</param>
    /// <param name="price">Prices, where known.</param>
    public static RunSummary Write(RunManifest manifest, SummaryPart sums, Halt? halt, TokenPrice? price)
    {
        var total = new DomainSums();
        foreach (DomainSums domain in sums.Domains.Values)
        {
            total.Merge(domain);
        }

        DomainSummary overall = total.ToSummary();
        long drawn = sums.Valid + sums.Unparsable + sums.Truncated + sums.Refused + sums.Failed;
        var domains = sums.Domains.Where(static d => d.Key.Length > 0).ToDictionary(static d => d.Key, static d => d.Value.ToSummary(), StringComparer.Ordinal);
        Rate? validRate = Rate.Wilson(sums.Valid, drawn);
        return new RunSummary
        {
            RunId = manifest.RunId,
            Status = halt is null ? RunStatus.Complete : RunStatus.Partial,
            Halt = halt,
            Simulated = manifest.Simulated,
            Judge = manifest.Judge,
            Model = manifest.Model,
            Protocol = manifest.Protocol,
            Rollouts = manifest.Rollouts,
            Scored = total.Scored,
            Unscorable = total.Rollouts - total.Scored,
            Invalid = manifest.Invalid,
            Judgements = new OutcomeCounts
            {
                Drawn = drawn,
                Valid = sums.Valid,
                Unparsable = sums.Unparsable,
                Truncated = sums.Truncated,
                Refused = sums.Refused,
                Failed = sums.Failed,
            },
            Requests = new RequestCounts
            {
                Sent = sums.Sent,
                Throttled = sums.Throttled,
                Unavailable = sums.Unavailable,
                Reset = sums.Reset,
                TimedOut = sums.TimedOut,
                Malformed = sums.Malformed,
                Redrawn = sums.Redrawn,
            },
            Usage = overall.Usage,
            Cost = price?.Of(overall.Usage),
            Price = price,
            ValidRate = validRate,
            FlipRate = Rate.Wilson(sums.Flipped, sums.Matched),
            FirstShownRate = Rate.Wilson(sums.FirstShown, sums.Decided),
            Stops = sums.Stops,
            Overall = overall,
            Domains = domains,
            Routes = sums.Routes.Count > 0 ? sums.Routes.ToDictionary(static route => route.Key, static route => route.Value.ToSummary(), StringComparer.Ordinal) : null,
            Calibration = sums.Confidences.Table() is { } table ? new CalibrationSummary(table, sums.Confidences.HeldBack()) : null,
            Neutralised = sums.NeutralisedRollouts > 0 ? new Neutralisation(sums.NeutralisedRollouts, sums.NeutralisedStrings) : null,
            Hinted = sums.Hinted > 0 ? HintedOf(sums, price) : null,
            Reasons = sums.Reasons.Commonest(MostReasons),
            Estimated = sums.Estimated > 0 ? sums.Estimated : null,
            PromptsCut = sums.PromptsCut > 0 ? sums.PromptsCut : null,
            Warnings = [.. Warnings(manifest, overall, domains, validRate), .. UsageWarnings(sums, drawn)],
        };
    }

    private static HintedSamples HintedOf(SummaryPart sums, TokenPrice? price)
    {
        var usage = new Usage(sums.HintedInput, sums.HintedOutput);
        return new HintedSamples(sums.Hinted, sums.HintedValid, usage, price?.Of(usage));
    }

    private static IEnumerable<string> UsageWarnings(SummaryPart sums, long drawn)
    {
        if (sums.PromptsCut > 0)
        {
            yield return $"The server counts far fewer prompt tokens than {sums.PromptsCut} of {drawn} prompts have words: it cuts prompts to its context window, and the judge did not see all of them. Give the server a larger window.";
        }

        if (sums.Estimated > 0)
        {
            yield return $"The server reports no usable token usage for {sums.Estimated} of {drawn} judgements: tokens, cost and limits go by an estimate from the length of the texts.";
        }
    }

    private static IEnumerable<string> Warnings(RunManifest manifest, DomainSummary overall, Dictionary<string, DomainSummary> domains, Rate? validRate)
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
    }
}
