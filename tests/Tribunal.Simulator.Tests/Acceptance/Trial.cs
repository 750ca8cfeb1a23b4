using System.Collections.Concurrent;
using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Verdicts;

namespace Tribunal.Simulator.Tests.Acceptance;

/// <summary>
/// A batch and the simulated judge in this process: judgements are asked for, read and named as in a run, each only once, so
/// that all policies see the same ones.
/// </summary>
internal sealed class Trial
{
    private readonly JudgeEngine _engine;
    private readonly IProtocol _protocol;
    private readonly bool _meta;
    private readonly long _seed;
    private readonly string? _model;
    private readonly ConcurrentDictionary<(int Rollout, int Sample), Judgement> _drawn = new();

    public Trial(string protocol, int responses, int rollouts, long seed, NoiseModel? noise = null, bool meta = false, string? model = null)
    {
        _model = model;
        _engine = new JudgeEngine(new SimulatedJudgeOptions { Seed = seed, Noise = noise ?? new NoiseModel(), MinTokens = 60, MaxTokens = 80 });
        _protocol = Asked.Protocol(protocol);
        _seed = seed;
        _meta = meta;
        Batch = [.. BatchGenerator.Generate(new BatchOptions
        {
            Rollouts = rollouts, MinResponses = responses, MaxResponses = responses, Seed = seed, JudgeSeed = seed, MinTokens = 20, MaxTokens = 60,
        })];
    }

    public Rollout[] Batch { get; }

    public JudgingKind Kind => _protocol.Kind;

    /// <summary>Plays a policy through. Right is 1 or 0 per rollout, drawn the judgements per rollout.</summary>
    public Played Play(SchemeOptions options)
    {
        options = options with { Kind = Kind, Seed = _seed, ScoreRange = Kind == JudgingKind.Listwise ? _protocol.ScoreRange : (0, 1) };
        IJudgingScheme scheme = JudgingSchemes.Create(options);
        double[] right = new double[Batch.Length];
        double[] drawn = new double[Batch.Length];
        var verdicts = new Verdict[Batch.Length];
        Parallel.For(0, Batch.Length, r =>
        {
            List<Judgement> ledger = [];
            NextDraws next;
            while ((next = scheme.Next(Batch[r], ledger)).Draws.Count > 0)
            {
                ledger.AddRange(next.Draws.Select(d => Draw(r, d)));
            }

            verdicts[r] = scheme.Cast(Batch[r], ledger, next.Stop);
            right[r] = verdicts[r].Best == Batch[r].Best![0] ? 1 : 0;
            drawn[r] = ledger.Count;
        });
        return new Played(right, drawn) { Verdicts = verdicts };
    }

    /// <summary>What a run of this batch would have learned of the judge from its first wave.</summary>
    public JudgeModel Learn(SchemeOptions options)
    {
        options = options with { Kind = Kind, Seed = _seed, ScoreRange = Kind == JudgingKind.Listwise ? _protocol.ScoreRange : (0, 1) };
        var schemes = PilotWave.Sizes(options.Policy).ToDictionary(static size => size, size => JudgingSchemes.Create(options with { Policy = new PolicyOptions { Samples = size } }));
        return JudgeLearning.Learn(options, Enumerable.Range(0, Batch.Length).Where(r => PilotWave.Holds(_seed, Batch[r].Id, Batch.Length)).Select(r =>
        {
            IJudgingScheme scheme = schemes[PilotWave.Samples(_seed, Batch[r].Id, options.Policy)];
            List<Judgement> ledger = [];
            while (scheme.Next(Batch[r], ledger).Draws is { Count: > 0 } draws)
            {
                ledger.AddRange(draws.Select(draw => Draw(r, draw)));
            }

            return new RolloutLedger(Batch[r], ledger);
        }));
    }

    /// <summary>Shares a total of judgements over the batch.</summary>
    public Played PlayBudget(SchemeOptions options, long total)
    {
        options = options with
        {
            Kind = Kind, Seed = _seed, ScoreRange = Kind == JudgingKind.Listwise ? _protocol.ScoreRange : (0, 1),
            Policy = options.Policy with { Kind = PolicyKind.Budget, Judgements = total },
        };
        IJudgingScheme scheme = JudgingSchemes.Create(options);
        List<Judgement>[] ledgers = [.. Batch.Select(_ => new List<Judgement>())];
        BudgetRound round;
        do
        {
            round = BudgetRounds.Current(options, [.. Batch.Select((r, i) => new RolloutLedger(r, ledgers[i]))], total);
            for (int i = 0; i < ledgers.Length; i++)
            {
                ledgers[i].AddRange(scheme.Next(Batch[i], ledgers[i], round.Allowances[i]).Draws.Select(d => Draw(i, d)));
            }
        }
        while (!round.Over);
        return new Played(
            [.. Batch.Select((r, i) => scheme.Cast(r, ledgers[i], null).Best == r.Best![0] ? 1.0 : 0)], [.. ledgers.Select(l => (double)l.Count)]);
    }

    private Judgement Draw(int rollout, Draw draw) => _drawn.GetOrAdd((rollout, draw.Sample), _ =>
    {
        Rollout asked = Batch[rollout];
        var request = new SimulatedRequest
        {
            Messages = _protocol.Compose(asked, draw.Order).Messages,
            Temperature = _protocol.Defaults.Temperature,
            MaxTokens = _protocol.Defaults.MaxTokens,
            Seed = SampleSeed.Of(_seed, asked.Id, draw.Sample),
        };
        request = _model is null ? request : request with { Model = _model };
        SimulatedAnswer answer = _engine.Answer(request);
        Judgement judgement = JudgementReader.Read(
            asked.Id, draw.Sample, request.Seed, _protocol, request.Model, draw.Order, draw.Pair, Asked.Reply(answer));
        return judgement.WithoutTrace() with { Meta = _meta ? _engine.MetaReward(answer.Text) : null };
    });
}

/// <summary>What a policy made of a batch, per rollout.</summary>
internal sealed record Played(double[] Right, double[] Drawn)
{
    public IReadOnlyList<Verdict> Verdicts { get; init; } = [];

    public double Accuracy => Right.Average();

    public double Judgements => Drawn.Average();

    public (double Mean, double Half) Over(Played other) => Interval([.. Right.Zip(other.Right, (a, b) => a - b)]);

    /// <summary>The mean and half the width of its 95 % interval, over rollouts.</summary>
    public static (double Mean, double Half) Interval(double[] values)
    {
        double mean = values.Average();
        double variance = values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1);
        return (mean, 1.96 * Math.Sqrt(variance / values.Length));
    }
}
