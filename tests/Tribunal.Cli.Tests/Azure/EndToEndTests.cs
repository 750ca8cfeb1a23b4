using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Cli.Output;
using Tribunal.Protocols.Catalog;
using Tribunal.Runs;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Runs.Telemetry;
using Tribunal.Simulator.Judging;
using Tribunal.Simulator.Serving;

namespace Tribunal.Cli.Tests.Azure;

/// <summary>The tool as processes against a real Azurite.</summary>
public sealed partial class EndToEndTests
{
    // Only against hanging: the tests take seconds.
    internal const int Limit = 300_000;

    [Fact(Timeout = Limit)]
    public async Task Submit_and_watch_fetch_what_a_local_run_gives()
    {
        await using Bed bed = await Bed.StartAsync();
        bed.StartWorker();
        string batch = await bed.UploadAsync("batch.jsonl", rollouts: 40);
        Process submit = bed.StartTool("submit", Path.Combine(bed.Folder, batch), "--protocol", "grm", "--samples", "4", "--seed", "7", "--run", "whole", "--watch", "-o", "out");
        await submit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Ok, submit.ExitCode);
        string[] fetched = await File.ReadAllLinesAsync(Path.Combine(bed.Folder, "out", RunFiles.Verdicts), TestContext.Current.CancellationToken);
        Assert.Equal(40, fetched.Length);
        Assert.Equal(await bed.LocalVerdictsAsync(bed.Request(batch, "whole", 4)), fetched);

        // The worker's report, with the batch's texts; the tool makes the same one from the account.
        string report = await File.ReadAllTextAsync(Path.Combine(bed.Folder, "out", RunFiles.Report), TestContext.Current.CancellationToken);
        Assert.DoesNotContain("The batch is no longer", report, StringComparison.Ordinal);
        Process again = bed.StartTool("report", "whole", "--storage", bed.Azurite.ConnectionString, "-o", "again/report.html");
        await again.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Ok, again.ExitCode);
        Assert.Equal(report, await File.ReadAllTextAsync(Path.Combine(bed.Folder, "again/report.html"), TestContext.Current.CancellationToken));
        await ViewAsync(bed, fetched[3]);
    }

    // The page of the same run, read by ranges out of the account, with the batch's texts.
    private static async Task ViewAsync(Bed bed, string verdict)
    {
        using Process view = ToolProcess.Start(bed.Folder, "view", "--storage", bed.Azurite.ConnectionString);
        try
        {
            string said = (await view.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!;
            var address = new Uri(said[said.IndexOf("http", StringComparison.Ordinal)..]);
            using var client = new HttpClient { BaseAddress = new Uri(address.GetLeftPart(UriPartial.Authority)) };
            client.DefaultRequestHeaders.Add("X-Tribunal-Token", address.Query["?token=".Length..]);
            JsonElement run = Assert.Single((await ReadAsync("/api/runs")).GetProperty("runs").EnumerateArray());
            Assert.Equal("done", run.GetProperty("state").GetString());
            string rows = $"/api/runs/{run.GetProperty("key").GetString()}/rollouts";
            while ((await ReadAsync(rows)).GetProperty("index").GetProperty("stage").GetString() != "")
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, TestContext.Current.CancellationToken);
            }

            JsonElement rollout = await ReadAsync($"{rows}/3");
            using var published = JsonDocument.Parse(verdict);
            Assert.Equal(published.RootElement.GetProperty("id").GetString(), rollout.GetProperty("row").GetProperty("id").GetString());
            Assert.Equal(published.RootElement.GetProperty("rewards").GetRawText(), rollout.GetProperty("verdict").GetProperty("rewards").GetRawText());
            Assert.Equal(4, rollout.GetProperty("judgements").GetArrayLength());
            Assert.True(rollout.GetProperty("rollout").GetProperty("responses").GetArrayLength() > 0);

            async Task<JsonElement> ReadAsync(string path)
            {
                using var document = JsonDocument.Parse(await client.GetStringAsync(path, TestContext.Current.CancellationToken));
                return document.RootElement.Clone();
            }
        }
        finally
        {
            view.Kill();
            await view.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_submitted_panel_with_a_protocol_file_is_judged_by_the_worker_and_keeps_the_file()
    {
        await using Bed bed = await Bed.StartAsync();
        bed.StartWorker();
        string batch = await bed.UploadAsync("batch.jsonl", rollouts: 12);
        string file = DeclaredCatalog.TextOf("general-list");
        await File.WriteAllTextAsync(Path.Combine(bed.Folder, "mine.yaml"), file, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Path.Combine(bed.Folder, "panel.json"), """{"members":[{"protocol":"grm"},{"protocol":"rrm"},{"protocolFile":"mine.yaml"}],"weights":"one-coin"}""", TestContext.Current.CancellationToken);
        Process submit = bed.StartTool("submit", Path.Combine(bed.Folder, batch), "--judges", "panel.json", "--samples", "2", "--run", "panel", "--watch", "-o", "out");
        await submit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Ok, submit.ExitCode);
        RunSummary summary = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(bed.Folder, "out", RunFiles.Summary), TestContext.Current.CancellationToken), RunsJson.Default.RunSummary)!;
        Assert.Equal(["grm", "rrm", "general-list"], summary.Members!.Select(static member => member.Protocol));
        Assert.All(summary.Members!, static member => Assert.Equal(1.0, member.ValidRate!.Value));
        Assert.True(File.Exists(Path.Combine(bed.Folder, "out", RunFiles.PanelWeights)));
        RunManifest manifest = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(bed.Folder, "out", RunFiles.Manifest), TestContext.Current.CancellationToken), RunsJson.Default.RunManifest)!;
        (string path, string sha256) = Assert.Single(manifest.ProtocolFiles!);
        Assert.StartsWith(ResourceNames.SubmittedPrefix, path, StringComparison.Ordinal);
        Assert.Equal(file, await File.ReadAllTextAsync(Path.Combine(bed.Folder, "out", RunFiles.Protocol(sha256)), TestContext.Current.CancellationToken));
    }

    [Fact(Timeout = Limit)]
    public async Task A_submitted_rubric_grades_for_a_panel_on_the_worker_and_every_file_that_it_judged_by_comes_with_the_results()
    {
        await using SimulatorServer meta = await SimulatorServer.StartAsync(new SimulatorOptions());
        await using Bed bed = await Bed.StartAsync(variables: new()
        {
            [SettingNames.ToAppSetting(SettingNames.MetaEndpoint)] = meta.Address.ToString(),
            [SettingNames.ToAppSetting(SettingNames.MetaModel)] = SimulatedJudgeOptions.DefaultModel,
            [SettingNames.ToAppSetting(SettingNames.MetaProtocol)] = "metarm",
        });
        bed.Judge.LetGo();
        bed.StartWorker();
        string batch = await bed.UploadAsync("batch.jsonl", rollouts: 12);
        const string Rubric = "criteria: [{id: right, text: It is right., weight: 3}, {id: rude, text: It is rude., kind: negative}]";
        await File.WriteAllTextAsync(Path.Combine(bed.Folder, "rubric.yaml"), Rubric, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(bed.Folder, "panel.json"), """{"members":[{"protocol":"grm"},{"protocol":"rubric-apart"}]}""", TestContext.Current.CancellationToken);
        Process submit = bed.StartTool("submit", Path.Combine(bed.Folder, batch), "--judges", "panel.json", "--rubric", "rubric.yaml", "--meta", "meta", "--samples", "2", "--run", "graded", "--watch", "-o", "out");
        await submit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Ok, submit.ExitCode);
        string folder = Path.Combine(bed.Folder, "out");
        RunSummary summary = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(folder, RunFiles.Summary), TestContext.Current.CancellationToken), RunsJson.Default.RunSummary)!;
        Assert.Equal(["grm", "rubric-apart"], summary.Members!.Select(static member => member.Protocol));
        Assert.Equal(["right", "rude"], summary.Criteria!.Select(static criterion => criterion.Id));
        RunManifest manifest = JsonSerializer.Deserialize(await File.ReadAllBytesAsync(Path.Combine(folder, RunFiles.Manifest), TestContext.Current.CancellationToken), RunsJson.Default.RunManifest)!;
        string[] kept = [.. manifest.KeptFiles.Select(sha256 => File.ReadAllText(Path.Combine(folder, RunFiles.Protocol(sha256))))];
        Assert.Equal([Rubric, Tribunal.MetaReward.MetaProtocol.Of("metarm").Text], kept);
    }

    [Fact(Timeout = Limit)]
    public async Task The_same_message_three_times_is_one_run_and_an_upload_told_of_twice_another()
    {
        await using Bed bed = await Bed.StartAsync();
        EvaluationRequest request = bed.Request(await bed.UploadAsync("batch.jsonl", rollouts: 20), "thrice", 4);
        for (int i = 0; i < 3; i++)
        {
            await bed.SendAsync(request);
        }

        bed.StartWorker();
        bed.StartWorker();
        await bed.UntilAsync("thrice", static run => run.State == RunState.Done);
        await bed.AssertWholeAsync(request, rollouts: 20);
        Assert.Equal(20 * 4, bed.Judge.Stats.Requests);

        // An event of its upload, told twice: one more run, with the defaults.
        string url = bed.Clients.Rollouts.GetBlobClient("batch.jsonl").Uri.ToString();
        string told = $$$"""{"type":"Microsoft.Storage.BlobCreated","source":"s","subject":"s","data":{"api":"PutBlob","eTag":"0x1","url":"{{{url}}}"}}""";
        for (int i = 0; i < 2; i++)
        {
            await bed.Clients.Queues.GetQueueClient(ResourceNames.UploadsQueue).SendMessageAsync(told, TestContext.Current.CancellationToken);
        }

        RunRecord uploaded = await bed.UntilAsync(RunIds.ForUpload("batch.jsonl", url, "0x1"), static run => run.State == RunState.Done);
        Assert.Equal(1, uploaded.Attempts);
        Assert.Equal((20 * 4) + (20 * 8), bed.Judge.Stats.Requests);
    }

    [Fact(Timeout = Limit)]
    public async Task A_worker_that_watches_takes_uploads_leaves_what_was_submitted_to_its_message_and_counts_judgements()
    {
        await using Bed bed = await Bed.StartAsync();
        bed.StartWorker("--watch", "0.2");
        string batch = await bed.UploadAsync("uploaded.jsonl", rollouts: 3);
        Process submit = bed.StartTool("submit", Path.Combine(bed.Folder, batch), "--protocol", "grm", "--samples", "2", "--run", "asked", "--watch", "-o", "out");
        await submit.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Ok, submit.ExitCode);
        await bed.UntilAsync(await UploadedRunAsync(bed, batch), static run => run.State == RunState.Done);

        // A look at the container after the upload of `submit`: the one of a further upload.
        string later = await bed.UploadAsync("later.jsonl", rollouts: 1);
        await bed.UntilAsync(await UploadedRunAsync(bed, later), static run => run.State == RunState.Done);
        List<string> runs = [];
        await foreach (RunRecord run in bed.Catalog.ListAsync(TestContext.Current.CancellationToken))
        {
            runs.Add(run.RunId);
        }

        Assert.Equal(3, runs.Count);

        // What the alert on a low valid rate reads, by the names that infra/ writes into its query.
        using HttpClient client = new();
        string address = (await bed.UntilSaidAsync(WorkerAddress())).Groups[1].Value;
        string metrics = await client.GetStringAsync(new Uri(address + "/metrics"), TestContext.Current.CancellationToken);
        string counter = MetricNames.Judgements.Replace('.', '_') + "_total{";
        string label = $"{MetricNames.OutcomeTag.Replace('.', '_')}=\"{MetricNames.ValidOutcome}\"";
        string counted = Assert.Single(metrics.Split('\n'), line => line.StartsWith(counter, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal));
        Assert.InRange(double.Parse(counted.Split(' ')[1], CultureInfo.InvariantCulture), 1, (3 * 2) + (4 * 8));
    }

    // Listings and events give eTags bare, responses quoted.
    private static async Task<string> UploadedRunAsync(Bed bed, string batch)
    {
        BlobClient blob = bed.Clients.Rollouts.GetBlobClient(batch);
        BlobProperties properties = await blob.GetPropertiesAsync(cancellationToken: TestContext.Current.CancellationToken);
        return RunIds.ForUpload(batch, blob.Uri.ToString(), properties.ETag.ToString().Trim('"'));
    }

    [GeneratedRegex("tribunal worker: [a-z0-9]+, (http://[^\\s]+)")]
    private static partial Regex WorkerAddress();
}

/// <summary>A process that dies while another is alive.</summary>
public sealed class KilledWorkerTests
{
    [Fact(Timeout = EndToEndTests.Limit)]
    public async Task A_killed_workers_run_is_taken_over_and_ends_as_if_nothing_had_happened()
    {
        await using Bed bed = await Bed.StartAsync();
        EvaluationRequest request = bed.Request(await bed.UploadAsync("batch.jsonl", rollouts: 60), "killed", 8);
        await bed.SendAsync(request);
        Dictionary<string, Process> workers = new(StringComparer.Ordinal);
        foreach (Process worker in (Process[])[bed.StartMortalWorker(), bed.StartMortalWorker()])
        {
            workers.Add($"{Environment.MachineName}/{worker.Id}", worker);
        }

        // Anywhere in the run, another place every time.
        await bed.Judge.AnswerAsync(Random.Shared.Next(10, 400));
        string owner = (await bed.UntilAsync("killed", static run => run.Worker is not null)).Worker!;
        workers[owner].Kill();
        await workers[owner].WaitForExitAsync(TestContext.Current.CancellationToken);
        bed.Judge.LetGo();
        RunRecord done = await bed.UntilAsync("killed", static run => run.State == RunState.Done);
        Assert.NotEqual(owner, done.Worker);
        await bed.AssertWholeAsync(request, rollouts: 60);

        // Only what was in flight was asked for again: never two owners at once.
        Assert.InRange(bed.Judge.Stats.Requests, 60 * 8, (60 * 8) + bed.InFlight);
    }
}

/// <summary>A process that dies while another, which asked for the run, is alive.</summary>
public sealed class KilledHelperTests
{
    [Fact(Timeout = EndToEndTests.Limit)]
    public async Task What_a_killed_helper_had_in_flight_is_asked_for_again_by_the_others()
    {
        await using Bed bed = await Bed.StartAsync();
        EvaluationRequest request = bed.Request(await bed.UploadAsync("batch.jsonl", rollouts: 60), "helped", 8);
        Process[] workers = [bed.StartMortalWorker(), bed.StartMortalWorker()];
        await bed.Judge.AnswerAsync(0);
        await bed.SendAsync(request);
        await bed.UntilAskedAsync(2 * bed.InFlight, TestContext.Current.CancellationToken);
        string asker = (await bed.UntilAsync("helped", static run => run.Worker is not null)).Worker!;
        Process helper = workers.Single(worker => asker != $"{Environment.MachineName}/{worker.Id}");
        helper.Kill();
        await helper.WaitForExitAsync(TestContext.Current.CancellationToken);
        bed.Judge.LetGo();
        await bed.UntilAsync("helped", static run => run.State == RunState.Done);
        await bed.AssertWholeAsync(request, rollouts: 60);
        Assert.InRange(bed.Judge.Stats.Requests, 60 * 8, (60 * 8) + bed.InFlight);
    }
}

/// <summary>Storage that goes away and comes back.</summary>
public sealed class StorageOutageTests
{
    [Fact(Timeout = EndToEndTests.Limit)]
    public async Task A_run_survives_storage_that_was_away()
    {
        await using Bed bed = await Bed.StartAsync(onDisk: true);
        EvaluationRequest request = bed.Request(await bed.UploadAsync("batch.jsonl", rollouts: 60), "outage", 8);
        await bed.SendAsync(request);
        bed.StartMortalWorker();
        await bed.Judge.AnswerAsync(100);
        await bed.Azurite.StopAsync();
        bed.Judge.LetGo();
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        await bed.Azurite.RestartAsync();
        await bed.UntilAsync("outage", static run => run.State == RunState.Done);
        await bed.AssertWholeAsync(request, rollouts: 60);
    }
}
