using System.Text.Json;
using Tribunal.Formats.Ledger;
using Tribunal.Calibration;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Runs.Tests.Steps;

/// <summary>Runs under a meta reward model of one's own and under a panel's weights.</summary>
public sealed class LearnedMetaRunTests : IDisposable
{
    private readonly RunBed _bed = new(rollouts: 30);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task A_stopped_run_goes_on_to_the_same_verdicts_and_a_vote_on_its_ledger_gives_them_too()
    {
        // Who agrees with its siblings is trusted: what that means changes with every round.
        LearnedMetaModel model = Model("agreement", 1);
        _bed.LearnedMeta = model;
        EvaluationRequest request = new()
        {
            Batch = _bed.Batch,
            Policy = new PolicyOptions { Kind = PolicyKind.Adaptive, Min = 2, Max = 16, Confidence = 0.9 },
            Meta = new MetaOptions { Model = model.Id },
        };
        await _bed.RunAsync("whole", request);
        int calls = _bed.Judge.Asked.Count;
        _bed.Judge.On = (call, _) =>
        {
            if (call == calls + (calls / 2))
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return null;
        };
        Assert.Equal(RunStatus.Partial, (await _bed.RunAsync(request: request)).Status);
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync(request: request)).Status);
        string[] verdicts = File.ReadAllLines(_bed.PathOf(RunFiles.Verdicts));
        Assert.Equal(File.ReadAllLines(_bed.PathOf(RunFiles.Verdicts, "whole")), verdicts);
        Assert.Equal(2 * calls, _bed.Judge.Asked.Count);
        Assert.All(await _bed.LedgerAsync(), static judgement => Assert.Null(judgement.Meta));

        var ledger = new LedgerVote(traits: true);
        await using (FileStream stream = File.OpenRead(_bed.PathOf(RunFiles.Judgements)))
        {
            await ledger.ReadAsync(LedgerReader.ReadAsync(stream, ledger.Line), CancellationToken.None);
        }

        SchemeOptions options = Schemes.OptionsFor(request with { Policy = new PolicyOptions() }, JudgingKind.Listwise, (1, 10), model);
        using var again = new MemoryStream();
        await using FileStream batch = File.OpenRead(_bed.Batch);
        await ledger.CastAsync(batch, options, samples: null, simulated: false, again, onVoting: null, CancellationToken.None);
        Verdict[] voted = [.. System.Text.Encoding.UTF8.GetString(again.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!)];
        Verdict[] scored = [.. verdicts.Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!)];
        Assert.Equal(scored.Select(static v => (v.Id, v.Best, v.Votes.Kept)), voted.Select(static v => (v.Id, v.Best, v.Votes.Kept)));
        Assert.Contains(scored, static v => v.Votes.Kept < v.Votes.Valid);
    }

    [Fact]
    public async Task Another_model_or_other_weights_are_another_run()
    {
        _bed.LearnedMeta = Model("agreement", 1);
        EvaluationRequest request = new() { Batch = _bed.Batch, Policy = new() { Samples = 2 }, Meta = new MetaOptions { Model = _bed.LearnedMeta.Id }, Panel = Weights(2) };
        await _bed.RunAsync(request: request);
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync(request: request with { Panel = Weights(2) })).Status);
        await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync(request: request with { Panel = Weights(3) }));
        _bed.LearnedMeta = Model("agreement", 2);
        await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync(request: request with { Meta = new MetaOptions { Model = _bed.LearnedMeta.Id } }));
    }

    [Fact]
    public async Task Rollouts_that_were_trained_on_count_in_no_accuracy()
    {
        Rollout[] rollouts = [.. File.ReadLines(_bed.Batch).Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Rollout)!)];
        EvaluationRequest request = new() { Batch = _bed.Batch, Policy = new() { Samples = 2 }, Panel = Weights(1) with { Seen = SeenRollouts.Of(rollouts.Take(12)) } };
        await _bed.RunAsync(request: request);
        Assert.Equal(18, _bed.Summary().Domains.Values.Sum(static domain => domain.Accuracy?.Of ?? 0));
        Assert.Equal(30, _bed.Summary().Scored);
    }

    private static PanelWeights Weights(double weight) => new() { Weights = [new PanelWeight("scripted", "grm", weight)] };

    private static LearnedMetaModel Model(string feature, double weight) => LearnedMetaModel.Of(new MetaModelFile
    {
        Format = MetaModelFile.Version,
        Features = [feature],
        Linear = new MetaLinear([0], [1], [weight]),
        Calibration = new MetaCalibration(1, 0),
        Card = new MetaModelCard
        {
            Trained = DateTimeOffset.UnixEpoch,
            Learner = "logistic",
            FeatureSet = "siblings",
            Judges = [],
            Rollouts = 1,
            Judgements = 1,
            Right = 1,
            Seed = 0,
            Folds = 2,
            Ece = 0,
            LogLoss = 0,
            Importances = [],
            Vote = new MetaVoteTrial(1, 0.5, 0, 0, 0, 0),
        },
    });
}
