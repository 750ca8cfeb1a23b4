using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Telemetry;
using Tribunal.Tournaments;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>Draws the judgements that the policy asks for, each into the ledger before it counts, with no more at once than the judge takes.</summary>
internal sealed class RolloutDrawing(Judge judge, EvaluationRequest request, RewardLedger ledger, RewardCounts counts) : IDisposable
{
    private readonly ConcurrentDictionary<string, ScoringRules> _rules = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(judge.Concurrency);
    private readonly SemaphoreSlim _metaGate = new(judge.Concurrency);

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
        var gated = new GatedJudge(judge, _gate, judge.Meta is null ? null : _metaGate);
        while (scoring.Next() is { Count: > 0 } next)
        {
            foreach (Judgement judgement in await Task.WhenAll(next.Select(sample => DrawAsync(gated, drawing, rollout, sample, closing))))
            {
                scoring.Add(judgement);
            }
        }
    }

    /// <summary>Asks the judge what a client wrote itself.</summary>
    public async Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken closing)
    {
        await _gate.WaitAsync(closing);
        try
        {
            JudgeReply reply = await judge.Endpoint.AskAsync(question, CancellationToken.None);
            ClientBudget.Charge(reply.Usage);
            counts.Asked();
            return reply;
        }
        finally
        {
            _gate.Release();
        }
    }

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

    public void Dispose()
    {
        _gate.Dispose();
        _metaGate.Dispose();
    }

    private ScoringRules RulesOf(JudgedRollout judged) => Rules(judged.Schedule);

    private ScoringRules Rules(string schedule) => _rules.GetOrAdd(schedule, name =>
    {
        EvaluationRequest asked = name.Length == 0 ? request : request with { Tournament = JsonSerializer.Deserialize(name, ServeJson.Default.TournamentOptions)! };
        return new ScoringRules(new Router(new Branch(null, Schemes.For(asked, judge.Protocol), judge.Protocol)), asked.Seed, Simulated: judge.Simulated);
    });

    private async Task<Judgement> DrawAsync(GatedJudge gated, Drawing drawing, Rollout rollout, NextSample sample, CancellationToken closing)
    {
        using Activity? span = PipelineTelemetry.StartJudgement("serve", rollout.Id, sample.Draw.Sample);
        if (await gated.DrawAsync(drawing, request.Seed, rollout, sample, CancellationToken.None) is not { } judgement)
        {
            closing.ThrowIfCancellationRequested();
            throw new JudgeAwayException("the judge is away");
        }

        counts.Drawn(span, judgement, metaAsked: judge.Meta is not null);
        ClientBudget.Charge(judgement.Usage);
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
