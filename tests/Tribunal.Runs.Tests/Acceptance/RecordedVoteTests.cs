using Tribunal.Calibration;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Steps;
using Tribunal.Sampling;
using Tribunal.Testing;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Tests.Acceptance;

/// <summary>Adaptive sampling on recorded judgements, against the vote of the whole record.</summary>
public sealed class RecordedVoteTests(ITestOutputHelper output)
{
    private static readonly SchemeOptions Options = new() { Kind = JudgingKind.Pairwise };

    [Fact]
    public void Adaptive_keeps_the_vote_of_a_record_of_mixed_judges()
    {
        // 25 judgements each, by judges that are right on 95, 85 and 70 of 100 votes; one rollout in twenty misleads them all.
        var random = new SeededRandom(2026);
        RolloutLedger[] record = new RolloutLedger[400];
        for (int r = 0; r < record.Length; r++)
        {
            var ledger = new Judgement[25];
            for (int s = 0; s < ledger.Length; s++)
            {
                double skill = r % 20 == 0 ? 0.2 : (s % 3) switch { 0 => 0.95, 1 => 0.85, _ => 0.7 };
                ledger[s] = new Judgement
                {
                    RolloutId = $"m{r}", Sample = s, Protocol = "imported", Judge = $"judge {s % 3}", Order = [0, 1], Pair = [0, 1],
                    Outcome = JudgementOutcome.Valid, Winner = random.NextDouble() < skill ? 0 : 1,
                };
            }

            record[r] = new RolloutLedger(
                new Rollout { Id = $"m{r}", Prompt = [new Message("user", "?")], Responses = [new Response("a"), new Response("b")], Best = [0] }, ledger);
        }

        Check("mixed judges", record, 100, most: 0.4 * 25);
    }

    [Fact]
    public async Task Adaptive_keeps_the_vote_of_all_judgements_of_LLMBar_Natural_where_they_are_at_hand()
    {
        // GPT-4's judgements of LLMBar (MIT) are not part of this repository; nothing was fitted on them.
        string? data = Data();
        if (data is null)
        {
            output.WriteLine("the record is not at hand");
            return;
        }

        var ledger = new LedgerVote();
        await using (FileStream judgements = File.OpenRead(Path.Combine(data, "llmbar-natural.judgements.jsonl")))
        {
            await ledger.ReadAsync(LedgerReader.ReadAsync(judgements, ledger.Line), TestContext.Current.CancellationToken);
        }

        List<RolloutLedger> record = [];
        await using (FileStream rollouts = File.OpenRead(Path.Combine(data, "llmbar-natural.rollouts.jsonl")))
        {
            await foreach (RolloutLedger rollout in ledger.JoinAsync(rollouts, TestContext.Current.CancellationToken))
            {
                record.Add(rollout);
            }
        }

        Check("LLMBar Natural", record, 1000, most: 6);
    }

    private void Check(string name, IReadOnlyList<RolloutLedger> record, int resamples, double most)
    {
        IReadOnlyList<ResampleResult> results = Resampling.Run(
            new ResampleRequest
            {
                Options = Options, Resamples = resamples, Samples = [1, 25], Policies = [new PolicyOptions { Kind = PolicyKind.Adaptive, Confidence = 0.95 }],
            },
            record,
            Environment.ProcessorCount,
            TestContext.Current.CancellationToken);
        foreach (ResampleResult result in results)
        {
            (Spread right, Spread spent) = (result.Accuracy, result.Judgements);
            output.WriteLine($"{name}: {result.Policy.Kind} {right.Mean:P2} [{right.Low:P2}, {right.High:P2}] with {spent.Mean:F2} [{spent.Low:F2}, {spent.High:F2}] of 25 judgements, {resamples} draw orders");
        }

        Assert.InRange(results[2].Accuracy.Mean, results[1].Accuracy.Mean - 0.005, 1);
        Assert.InRange(results[2].Judgements.Mean, 2, most);
    }

    private static string? Data()
    {
        string data = Path.Combine(Path.GetDirectoryName(RepositoryFolder.Root())!, "shared", "data");
        return File.Exists(Path.Combine(data, "llmbar-natural.judgements.jsonl")) ? data : null;
    }
}
