using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Telemetry;
using Tribunal.Tournaments;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>Draws the judgements that the policy asks for, each into the ledger before it counts, with no more at once than each judge takes.</summary>
internal sealed class RolloutDrawing(JudgeRoutes routes, EvaluationRequest request, RewardLedger ledger, RewardCounts counts, ClientSpending spending)
{
    private readonly ConcurrentDictionary<string, ScoringRules> _rules = new(StringComparer.Ordinal);
    private readonly RunBranches _branches = new(request, routes);

    /// <summary>Whether lists are scored or pairs are compared; pairs where a member of a panel compares them.</summary>
    public JudgingKind Kind => _branches.Options.Kind;

    /// <summary>Whether anybody can judge a rollout.</summary>
    public bool Fits(JudgedRollout judged, Rollout rollout) => new RolloutScoring(RulesOf(judged), rollout).Next().Count > 0;

    /// <summary>Draws until the policy asks for nothing more.</summary>
    /// <exception cref="JudgeAwayException">The judge can't be reached or rejects us.</exception>
    public async Task DrawAsync(JudgedRollout judged, Rollout rollout, CancellationToken closing)
    {
        if (!judged.Recorded)
        {
            await ledger.Rollouts.AppendAsync(rollout);
            judged.Recorded = true;
        }

        var scoring = new RolloutScoring(RulesOf(judged), rollout, judged.Drawn);
        var drawing = new Drawing(judged, ledger, closing);
        while (scoring.Next() is { Count: > 0 } next)
        {
            foreach (Judgement judgement in await Task.WhenAll(next.Select(sample => DrawAsync(_branches.Of(sample.Draw.Sample, sample.Route, rollout.Responses.Count), drawing, rollout, sample, closing))))
            {
                scoring.Add(judgement);
            }
        }
    }

    /// <summary>Asks a judge what a client wrote itself.</summary>
    /// <param name="question">The question.</param>
    /// <param name="turn">Which answer to it: the members of a panel that chat take turns.</param>
    /// <param name="closing">Nothing new begins.</param>
    /// <exception cref="JudgeException">There is no answer.</exception>
    public async Task<JudgeReply> AskAsync(JudgeQuestion question, int turn, CancellationToken closing)
    {
        GatedJudge[] chatting = [.. _branches.Members.Where(static member => member.Judge.Protocol is not DeclaredProtocol { Definition.Kind: ProtocolKind.Scalar })];
        GatedJudge asked = chatting.Length == 0 ? _branches.Own : chatting[turn % chatting.Length];
        JudgeReply reply = await asked.AskAsync(question, closing);
        await spending.ChargeAsync(reply.Usage);
        counts.Asked();
        return reply;
    }

    /// <summary>Sends on what a client wrote itself, of a panel to its first member; null where that judge takes nothing but questions.</summary>
    public async Task<PassedAnswer?> PassAsync(ReadOnlyMemory<byte> body, CancellationToken cancellationToken) =>
        _branches.Own.Judge.Endpoint is IPassThrough endpoint ? await endpoint.PassAsync(body, cancellationToken) : null;

    /// <summary>The verdict over what was drawn.</summary>
    public Verdict Cast(JudgedRollout judged, Rollout rollout, IReadOnlyList<Judgement> drawn) => new RolloutScoring(RulesOf(judged), rollout, drawn).Conclude();

    /// <summary>A schedule's name; empty for the server's own.</summary>
    /// <exception cref="ProblemsException">The schedule can't be played with this judge.</exception>
    public string NameOf(TournamentOptions? schedule)
    {
        if (schedule is null)
        {
            return "";
        }

        TournamentOptions whole = schedule with { KeepRatings = schedule.Rating == RatingKind.Elo };
        if (whole == request.Tournament)
        {
            return "";
        }

        string name = JsonSerializer.Serialize(whole, ServeJson.Default.TournamentOptions);
        Rules(name);
        return name;
    }

    private ScoringRules RulesOf(JudgedRollout judged) => Rules(judged.Schedule);

    private ScoringRules Rules(string schedule) => _rules.GetOrAdd(schedule, name =>
    {
        RunBranches asked = name.Length == 0 ? _branches : new RunBranches(request with { Tournament = JsonSerializer.Deserialize(name, ServeJson.Default.TournamentOptions)! }, routes);
        return new ScoringRules(asked.Router, request.Seed, Simulated: routes.All.Any(static judge => judge.Simulated));
    });

    private async Task<Judgement> DrawAsync(GatedJudge gated, Drawing drawing, Rollout rollout, NextSample sample, CancellationToken closing)
    {
        using Activity? span = PipelineTelemetry.StartJudgement("serve", rollout.Id, sample.Draw.Sample);
        if (await gated.DrawAsync(drawing, request.Seed, rollout, sample, CancellationToken.None) is not { } judgement)
        {
            closing.ThrowIfCancellationRequested();
            throw new JudgeAwayException("the judge is away");
        }

        counts.Drawn(span, judgement, metaAsked: gated.Judge.Meta is not null);
        await spending.ChargeAsync(judgement.Usage);
        return judgement.WithoutTrace();
    }

    /// <summary>One rollout's judgements.</summary>
    private sealed class Drawing(JudgedRollout judged, RewardLedger ledger, CancellationToken closing) : IDrawing
    {
        public Task<bool> IsOverAsync(CancellationToken cancellationToken) => Task.FromResult(closing.IsCancellationRequested);

        public Task DrawnAsync(Judgement judgement, CancellationToken cancellationToken) => Task.CompletedTask;

        public async Task KeepAsync(TracedJudgement judgement)
        {
            if (judgement.Outcome != JudgementOutcome.Failed)
            {
                await ledger.Judgements.AppendAsync(judgement);
            }

            judged.Add(judgement.WithoutTrace());
        }

        // An endpoint that is away says nothing of the responses; the trainer comes back later.
        public async Task<bool> StopsAsync(JudgeException exception, IJudge asked, CancellationToken cancellationToken) => exception.Fault switch
        {
            JudgeFault.Rejected or JudgeFault.Exhausted => throw new JudgeAwayException(exception.Message),
            JudgeFault.Unreachable when await asked.CheckHealthAsync(cancellationToken) is { Ready: false } health => throw new JudgeAwayException($"{exception.Message}; {health.Detail}"),
            _ => false,
        };
    }
}
