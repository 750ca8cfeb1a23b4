using System.Text;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Recorded;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>Found: what a vote on a run under way left had lost the meta rewards that came late, on which it had voted.</summary>
public sealed class LateMetaVotedTests : IDisposable
{
    private readonly RunBed _bed = new(2);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task The_ledger_of_a_vote_holds_what_voted_and_every_other_line_as_it_stands()
    {
        CancellationToken cancel = TestContext.Current.CancellationToken;
        string going = _bed.PathOf("", "going");
        var store = new LocalRunStore(going);
        string[] lines = [Line("r0", 0, "8"), Line("r0", 1, "7", ",\"hinted\":true"), Line("r0", 0, "1"), Line("r1", 0, "6").Replace("\"seed\"", " \"seed\"", StringComparison.Ordinal), Line("gone", 0, "5")];
        Directory.CreateDirectory(Path.GetDirectoryName(_bed.PathOf(RunFiles.Part(0, 0, 0, 0), "going"))!);
        await File.WriteAllTextAsync(_bed.PathOf(RunFiles.Part(0, 0, 0, 0), "going"), string.Concat(lines.Select(static line => line + "\n")) + "{\"rolloutId\":\"r1\",\"sam", cancel);
        await store.WriteDocumentAsync(
            RunFiles.MetaRewards(0, 1, 0, 0),
            Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new LateMetaReward("r0", 0, 0.75, new Usage(30, 1)), RunsJson.Default.LateMetaReward) + "\n"),
            cancel);

        var ledger = new LedgerVote();
        await ledger.ReadAsync(RunLedger.ReadAsync(store, going, summary: null, ledger.Line, static () => { }, cancel), cancel);
        var request = new EvaluationRequest { Batch = _bed.Batch, Protocol = "grm", Meta = new MetaOptions { Model = "recorded" } };
        string voted = Directory.CreateDirectory(_bed.PathOf("", "voted")).FullName;
        await new RecordedRun
        {
            Manifest = new RunManifest
            {
                RunId = "voted", Request = request, Batch = new BatchFingerprint(0, ""), Judge = "m", Model = "m", Protocol = "grm",
                Sampling = new SamplingDefaults(0, 1, 1), Origin = RunOrigin.Voted,
            },
            Ledger = ledger,
            Again = RunLedger.LinesAsync(store, cancel),
            Options = RecordedOptions.Of(request, "grm", null, null),
        }.WriteAsync(voted, reports: null, cancel);

        string[] left = await File.ReadAllLinesAsync(Path.Combine(voted, RunFiles.Judgements), cancel);
        Assert.Equal(2, left.Length);
        TracedJudgement late = JsonSerializer.Deserialize(left[0], TribunalJson.Default.TracedJudgement)!;
        Assert.Equal(("r0", 0, 0.75, new Usage(30, 1), "said 8"), (late.RolloutId, late.Sample, late.Meta!.Value, late.MetaUsage!.Value, late.Text));
        Assert.Equal(lines[3], left[1]);
    }

    private static string Line(string rollout, int sample, string score, string more = "") =>
        $"{{\"rolloutId\":\"{rollout}\",\"sample\":{sample},\"protocol\":\"grm\",\"judge\":\"m\",\"order\":[0,1,2],\"pair\":null,\"seed\":7,\"outcome\":\"valid\",\"finish\":\"stop\","
        + $"\"scores\":[{score},3,2],\"winner\":null,\"meta\":null,\"usage\":{{\"input\":1,\"output\":1}},\"latencyMs\":1,\"text\":\"said {score}\"{more}}}";
}
