using System.Text.Json;
using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>
/// Learns how the judge judges from what the first wave drew, and writes it down for all shards to stop by. What it looks at is what
/// that wave would draw, and nothing that was drawn later: learned again, whenever and wherever, it is the same.
/// </summary>
internal sealed class FitJudge(OpenRuns runs)
{
    /// <summary>Learns it; what was written down before stays.</summary>
    /// <returns>Whether there was enough to learn from.</returns>
    public async Task<bool> RunAsync(RunReference run, CancellationToken cancellationToken)
    {
        RunContext context = await runs.OpenAsync(run.RunId, run.Attempt);
        if (await OfAsync(context, cancellationToken) is { } known)
        {
            return known.IsFitted;
        }

        var pilot = new PilotScheme(context.Options, context.PilotsAll ? 0 : context.Manifest.Rollouts);
        var drawn = new List<RolloutLedger>();
        foreach (Shard shard in context.Shards)
        {
            if (await OpenRuns.RolloutsAsync(context, shard.Index) is not { } rollouts)
            {
                return false;
            }

            LedgerContents ledger = await context.LedgerOf(shard.Index).ReadAsync(rollouts, static _ => false, cancellationToken);
            drawn.AddRange(rollouts.Where(pilot.Holds).Select(rollout => new RolloutLedger(rollout.WithoutTexts(), pilot.Drawn(rollout, JudgementSet.WithoutHinted(ledger.Of(rollout.Id))))));
        }

        JudgeModel model = JudgeLearning.Learn(context.Options, drawn) with { Judge = context.Manifest.Model, Protocol = context.Manifest.Protocol };
        byte[] document = JsonSerializer.SerializeToUtf8Bytes(model, TribunalJson.Default.JudgeModel);
        if (!await context.Store.TryCreateDocumentAsync(RunFiles.JudgeModel, document, cancellationToken) && await OfAsync(context, cancellationToken) is null)
        {
            await context.Store.WriteDocumentAsync(RunFiles.JudgeModel, document, cancellationToken);
        }

        return model.IsFitted;
    }

    /// <summary>Whether a request has a first wave to learn from.</summary>
    internal static bool Pilots(EvaluationRequest request) =>
        request is { Policy.Learns: true, Prior: null } && request.Routing?.IsCascade != false;

    /// <summary>Whether a wave of a run is that one.</summary>
    internal static bool IsPilot(RunContext context, int wave) => wave == 0 && Pilots(context.Manifest.Request);

    /// <summary>What a run has learned; null where it has not, or does not.</summary>
    internal static async Task<JudgeModel?> OfAsync(RunContext context, CancellationToken cancellationToken) => Pilots(context.Manifest.Request)
        ? await StoredDocument.TryReadAsync(context.Store, RunFiles.JudgeModel, TribunalJson.Default.JudgeModel, cancellationToken)
        : null;

    /// <summary>How the rollouts of a run are scored in a wave.</summary>
    /// <exception cref="RunFileLostException">What was learned is gone.</exception>
    internal static async Task<ScoringRules> RulesAsync(RunContext context, int wave, CancellationToken cancellationToken)
    {
        if (!Pilots(context.Manifest.Request))
        {
            return context.Rules;
        }

        if (IsPilot(context, wave))
        {
            return context.Rules with { Router = context.Branches.Only(new PilotScheme(context.Options, context.PilotsAll ? 0 : context.Manifest.Rollouts)) };
        }

        if (context.LearnedRules is { } known)
        {
            return known;
        }

        JudgeModel learned = await OfAsync(context, cancellationToken)
            ?? throw new RunFileLostException($"{RunFiles.JudgeModel} of {context.Manifest.RunId} is gone or damaged; going on with the run makes it again");
        return context.LearnedRules = context.Rules with { Router = context.Branches.With(JudgingSchemes.Create(context.Options with { Learned = learned })) };
    }

    /// <summary>What the first wave draws.</summary>
    private sealed class PilotScheme(SchemeOptions options, long batch) : IJudgingScheme
    {
        private readonly Dictionary<int, IJudgingScheme> _schemes = PilotWave.Sizes(options.Policy).ToDictionary(static size => size, size => JudgingSchemes.Create(options with
        {
            Policy = options.Policy with { Kind = PolicyKind.Fixed, Samples = size },
            Tournament = options.Tournament with { Votes = null },
        }));

        public bool Holds(Rollout rollout) => PilotWave.Holds(options.Seed, rollout.Id, batch);

        public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null) => Holds(rollout) ? Of(rollout).Next(rollout, ledger) : new NextDraws([], null);

        public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop) => Of(rollout).Cast(rollout, ledger, stop);

        /// <summary>Of what stands in a ledger, what this wave drew.</summary>
        public List<Judgement> Drawn(Rollout rollout, IReadOnlyList<Judgement> ledger)
        {
            var drawn = new List<Judgement>();
            while (Next(rollout, drawn).Draws is { Count: > 0 } draws)
            {
                int before = drawn.Count;
                drawn.AddRange(ledger.Where(judgement => draws.Any(draw => draw.Sample == judgement.Sample)));
                if (drawn.Count == before)
                {
                    break;
                }
            }

            return drawn;
        }

        private IJudgingScheme Of(Rollout rollout) => _schemes[PilotWave.Samples(options.Seed, rollout.Id, options.Policy)];
    }
}
