using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;
using Tribunal.Cli.Commands;
using Tribunal.Cli.Doctor;
using Tribunal.Cli.Inputs;
using Tribunal.Cli.Output;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Simulator.Batches;
using Tribunal.Testing.Azurite;
using Tribunal.Testing.Runs;

namespace Tribunal.Cli.Tests.Azure;

/// <summary>The commands of those who submit, under the roles that a deployment gives them and under no other.</summary>
public sealed class RolesTests : IAsyncDisposable
{
    private readonly AzuriteServer _azurite = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-roles-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _azurite.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Submit_watch_runs_and_cancel_do_nothing_that_a_submitter_may_not()
    {
        // A deployment has made what there is.
        StorageClients owner = await _azurite.ConnectAsync();
        RoleGate gate = Submitter();
        RemoteRuns remote = RemoteOf(gate.Connect());
        string batch = Path.Combine(_folder.FullName, "batch.jsonl");
        await using (FileStream file = File.Create(batch))
        {
            await BatchGenerator.WriteAsync(file, new BatchOptions { Rollouts = 5 });
        }

        EvaluationRequest request = new() { Batch = await remote.UploadAsync(new FileInfo(batch), Cancel), Judge = "scripted", Protocol = "grm", Policy = new() { Samples = 2 }, Output = "whole" };
        await remote.UploadAsync(new FileInfo(batch), Cancel);
        Assert.False(await remote.AskAsync(request, Cancel));
        Assert.False(await remote.AskAsync(request with { Output = "stopped" }, Cancel));
        await CancelCommand.CancelAsync(remote, "stopped", Cancel);
        await WorkAsync(owner, request);
        Assert.Equal(ExitCodes.Ok, await WatchCommand.FollowAsync(remote, "whole", Path.Combine(_folder.FullName, "fetched"), Cancel));

        Assert.Equal(["stopped", "whole"], (await RunsCommand.ListAsync(remote, Cancel)).Select(static run => run.RunId).Order(StringComparer.Ordinal));
        Assert.Equal(5, File.ReadLines(Path.Combine(_folder.FullName, "fetched", RunFiles.Verdicts)).Count());
        Assert.Empty(gate.Refused);
        Assert.Equal(2, (await owner.Queues.GetQueueClient(ResourceNames.EvaluationsQueue).PeekMessagesAsync(32, Cancel)).Value.Length);
        Assert.True((await new TableRunCatalog(owner.Tables).GetAsync("stopped", Cancel))!.CancelRequested);
    }

    [Theory]
    [InlineData("blob rollouts")]
    [InlineData("queue evaluations")]
    [InlineData("blob runs")]
    [InlineData("table runs")]
    public async Task A_role_that_is_missing_is_found_by_the_doctor_and_said(string part)
    {
        await _azurite.ConnectAsync();
        RoleGrant[] left = [.. RoleGrants.Of("Identity/SubmitterAccess.cs").Where(grant => $"{grant.Service} {grant.Resource}" != part)];
        Dictionary<string, string> checks = await DoctorAsync(new RoleGate(_azurite, left));
        Assert.Contains("failed", checks.Values);
        Assert.Equal("failed", checks[part switch { "queue evaluations" => "requests", "table runs" => "run table", _ => "containers" }]);
    }

    [Fact]
    public async Task The_doctor_finds_a_submitter_well_and_says_what_is_not_theirs_to_see()
    {
        StorageClients owner = await _azurite.ConnectAsync();
        RoleGate gate = Submitter();
        Dictionary<string, string> checks = await DoctorAsync(gate);
        Assert.Equal(["batches", "containers", "requests", "results", "run table"], Names(checks, "ok"));
        Assert.Equal(["queues", "tables", "writing"], Names(checks, "skipped"));

        // It has left nothing, and sent nothing.
        Assert.Empty(await owner.Rollouts.GetBlobsAsync(cancellationToken: Cancel).ToListAsync(Cancel));
        Assert.Empty((await owner.Queues.GetQueueClient(ResourceNames.EvaluationsQueue).PeekMessagesAsync(32, Cancel)).Value);
        Assert.Empty(await new TableRunCatalog(owner.Tables).ListAsync(Cancel).ToListAsync(Cancel));
    }

    [Fact]
    public async Task The_doctor_sees_everything_as_whoever_deploys()
    {
        await _azurite.ConnectAsync();
        RoleGate gate = new(_azurite, [new("BlobDataContributor", "blob", null), new("QueueDataContributor", "queue", null), new("TableDataContributor", "table", null)]);
        Dictionary<string, string> checks = await DoctorAsync(gate);
        Assert.Equal(8, Names(checks, "ok").Length);
        Assert.Empty(gate.Refused);
    }

    [Fact]
    public async Task Who_has_no_role_is_told_which_account_refuses()
    {
        await _azurite.ConnectAsync();
        RemoteRuns remote = RemoteOf(new RoleGate(_azurite).Connect());
        CommandException refusal = await Assert.ThrowsAsync<CommandException>(() => RunsCommand.ListAsync(remote, Cancel));
        Assert.Equal((ExitCodes.Unreachable, "storage account devstoreaccount1 refuses: AuthorizationPermissionMismatch"), (refusal.ExitCode, refusal.Message));
    }

    private RoleGate Submitter() => new(_azurite, RoleGrants.Of("Identity/SubmitterAccess.cs"));

    private static RemoteRuns RemoteOf(StorageClients clients)
    {
        TableRunCatalog catalog = new(clients.Tables);
        return new RemoteRuns(clients, catalog, new AzureRunStores(clients, catalog, new AzureRunStoreOptions(), TimeProvider.System));
    }

    private static string[] Names(Dictionary<string, string> checks, string state) => [.. checks.Where(check => check.Value == state).Select(static check => check.Key).Order(StringComparer.Ordinal)];

    private static async Task<Dictionary<string, string>> DoctorAsync(RoleGate gate)
    {
        Checkup checkup = new(json: true);
        await StorageChecks.RunAsync(checkup, gate.Connect(), Cancel);
        return checkup.Checks.ToDictionary(static check => check.Name, static check => JsonSerializer.Serialize(check.State, CliJson.Default.CheckState).Trim('"'), StringComparer.Ordinal);
    }

    // What a host would do, as the account's owner.
    private static async Task WorkAsync(StorageClients owner, EvaluationRequest request)
    {
        TableRunCatalog catalog = new(owner.Tables);
        RunSteps steps = new(
            new AzureRunStores(owner, catalog, new AzureRunStoreOptions(), TimeProvider.System), KnownJudges.Of(Judge.Of(new ScriptedJudge(), "m", "grm")), new RunMonitors(), new ActivityOptions(), TimeProvider.System, NullLogger<RunSteps>.Instance);
        await new InProcessHost(steps, TimeProvider.System).RunAsync(new BatchRun(request.Output!, request), Cancel);
        await catalog.UpdateAsync(request.Output!, static run => run with { State = RunState.Done }, Cancel);
    }
}
