using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;
using Tribunal.Simulator.Serving;
using Tribunal.Verdicts;

namespace Tribunal.Inference.Tests;

/// <summary>Every protocol of the catalog through a whole run, against the simulated judge over HTTP that plays faults of every kind.</summary>
public sealed class CatalogRunTests : IDisposable
{
    private const int Rollouts = 12;

    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-").FullName;

    public static TheoryData<string, bool> Entries
    {
        get
        {
            var rows = new TheoryData<string, bool>();
            foreach (string name in DeclaredCatalog.Names)
            {
                rows.Add(name, false);
                rows.Add(name, true);
            }

            return rows;
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Entries))]
    public async Task An_entry_scores_a_batch_through_faults(string name, bool stream)
    {
        string batch = Path.Combine(_folder, "batch.jsonl");
        await File.WriteAllLinesAsync(batch, BatchGenerator.Generate(new BatchOptions { Rollouts = Rollouts }).Select(static rollout =>
            JsonSerializer.Serialize(rollout with { Reference = "A reference." }, TribunalJson.Default.Rollout)));
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions
        {
            Judge = new SimulatedJudgeOptions { Faults = new AnswerFaults { Garbage = 0.05, Refusals = 0.03, Truncations = 0.05 } },
            Faults = new TransportFaults { TooManyRequests = 0.05, Unavailable = 0.05, Resets = 0.05, ResetsMidBody = 0.05, GarbageBodies = 0.05 },
            RetryAfter = TimeSpan.FromMilliseconds(1),
        });
        using var factory = new JudgeFactory(static _ => null, null, null, firstDelay: TimeSpan.FromMilliseconds(1));
        IJudge endpoint = factory.Create(new JudgeEndpointOptions
        {
            Name = "judge", Endpoint = server.ApiBase, Model = SimulatedJudgeOptions.DefaultModel, Stream = stream ? StreamMode.On : StreamMode.Off, Tries = 20,
        });
        var steps = new RunSteps(
            new LocalRunStores(_folder), new JudgeRegistry([Judge.Of(endpoint, "m", name)], []), new RunMonitors(), new ActivityOptions(), TimeProvider.System, NullLogger<RunSteps>.Instance);
        RunOutcome outcome = await new InProcessHost(steps.ByName(), TimeProvider.System).RunAsync(
            new BatchRun("run", new EvaluationRequest { Batch = batch, Policy = new() { Samples = 3 } }, 4, 30), TestContext.Current.CancellationToken);

        Assert.Null(outcome.Halt);
        List<Judgement> ledger = [.. (await File.ReadAllLinesAsync(Path.Combine(_folder, "run", RunFiles.Judgements), TestContext.Current.CancellationToken))
            .Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Judgement)!)];
        Assert.All(ledger, judgement => Assert.Equal(name, judgement.Protocol));
        Assert.DoesNotContain(ledger, static judgement => judgement.Outcome == JudgementOutcome.Failed);
        Assert.True(server.Stats.Judge.Faults + server.Stats.Meta.Faults > 0);
        Assert.Equal(
            server.Stats.Garbage + server.Stats.Refused > 0, ledger.Exists(static judgement => judgement.Outcome is JudgementOutcome.Unparsable or JudgementOutcome.Refused));
        List<Verdict> verdicts = [.. (await File.ReadAllLinesAsync(Path.Combine(_folder, "run", RunFiles.Verdicts), TestContext.Current.CancellationToken))
            .Select(static line => JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!)];
        Assert.Equal(Rollouts, verdicts.Count);
        Assert.True(verdicts.Count(static verdict => verdict.Status == VerdictStatus.Scored) >= Rollouts / 2);
    }
}
