using System.Text.Json;
using Tribunal.Azure.Names;
using Tribunal.Azure.Storage;
using Tribunal.Simulator.Serving;
using Tribunal.Testing.Azurite;

namespace Tribunal.Cli.Tests;

/// <summary><c>tribunal doctor</c> finds what is wrong and says what to do.</summary>
public sealed class DoctorTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_named_is_nothing_wrong()
    {
        (int code, Dictionary<string, Found> checks) = await AskAsync();
        Assert.Equal(0, code);
        Assert.Equal("ok", checks["runtime"].State);
        Assert.Equal("skipped", checks["judge"].State);
        Assert.Equal("skipped", checks["storage"].State);
    }

    [Theory]
    [InlineData("grm")]
    [InlineData("rm-r1")]
    [InlineData("rrm")]
    public async Task A_judge_is_asked_and_read_and_its_meta_model_too(string protocol)
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: Cancel);
        (int code, Dictionary<string, Found> checks) = await AskAsync("--judge", $"{server.ApiBase}", "--model", "simulated-judge", "--protocol", protocol, "--meta", $"{server.Address}");
        Assert.Equal(0, code);
        foreach (string name in (string[])["judge", "judgement", "seed", "meta reward model"])
        {
            Assert.Equal("ok", checks[name].State);
        }

        Assert.Equal(2, server.Stats.Judge.Requests);
    }

    [Fact]
    public async Task A_model_that_is_not_served_is_named_with_those_that_are_and_steers_no_terminal()
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions { Models = ["evil\u001b[31m", "other"] }, cancellationToken: Cancel);
        ToolResult result = await ToolProcess.RunAsync(Path.GetTempPath(), "doctor", "--judge", $"{server.ApiBase}", "--model", "wrong", "--protocol", "grm");
        Assert.Equal(3, result.ExitCode);
        Assert.Contains("does not serve 'wrong'", result.Output, StringComparison.Ordinal);
        Assert.Contains("other", result.Output, StringComparison.Ordinal);
        Assert.Contains("→", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output);
    }

    [Fact]
    public async Task A_judge_that_is_away_fails()
    {
        (int code, Dictionary<string, Found> checks) = await AskAsync("--judge", "http://127.0.0.1:9/v1", "--model", "m", "--protocol", "grm");
        Assert.Equal(3, code);
        Assert.Equal("failed", checks["judge"].State);
        Assert.NotNull(checks["judge"].Advice);
    }

    [Fact]
    public async Task A_budget_that_cuts_judgements_off_fails_with_the_options_to_raise()
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: Cancel);
        (int code, Dictionary<string, Found> checks) = await AskAsync("--judge", $"{server.ApiBase}", "--model", "simulated-judge", "--protocol", "grm", "--max-tokens", "4");
        Assert.Equal(3, code);
        Assert.Contains("cut off", checks["judgement"].Detail, StringComparison.Ordinal);
        Assert.Contains("--max-tokens", checks["judgement"].Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_judge_whose_answers_cant_be_read_fails()
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions { Judge = new() { Faults = new() { Garbage = 1 } } }, cancellationToken: Cancel);
        (int code, Dictionary<string, Found> checks) = await AskAsync("--judge", $"{server.ApiBase}", "--model", "simulated-judge", "--protocol", "grm");
        Assert.Equal(3, code);
        Assert.Equal("failed", checks["judgement"].State);
        Assert.Contains("--protocol", checks["judgement"].Advice, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Storage_is_looked_at_and_poison_is_seen()
    {
        await using var azurite = new AzuriteServer();
        await azurite.StartedAsync();
        (int empty, Dictionary<string, Found> before) = await AskAsync("--storage", azurite.ConnectionString);
        Assert.Equal(0, empty);
        Assert.Contains(ResourceNames.RolloutsContainer, before["containers"].Detail, StringComparison.Ordinal);
        Assert.Equal("warning", before["queues"].State);
        StorageClients clients = await azurite.ConnectAsync();
        (_, Dictionary<string, Found> there) = await AskAsync("--storage", azurite.ConnectionString);
        foreach (string name in (string[])["containers", "writing", "queues", "tables"])
        {
            Assert.Equal("ok", there[name].State);
        }

        Assert.DoesNotContain("poison messages", there.Keys);
        await clients.Queues.GetQueueClient(ResourceNames.EvaluationsQueue + ResourceNames.PoisonSuffix).SendMessageAsync("bad", Cancel);
        (int code, Dictionary<string, Found> poisoned) = await AskAsync("--storage", azurite.ConnectionString);
        Assert.Equal(0, code);
        Assert.Equal("warning", poisoned["poison messages"].State);
    }

    [Fact]
    public async Task Storage_that_is_away_fails_once()
    {
        (int code, Dictionary<string, Found> checks) = await AskAsync(
            "--storage", "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:9/devstoreaccount1;QueueEndpoint=http://127.0.0.1:9/devstoreaccount1;TableEndpoint=http://127.0.0.1:9/devstoreaccount1;");
        Assert.Equal(3, code);
        Assert.Equal("failed", checks["containers"].State);
        Assert.DoesNotContain("queues", checks.Keys);
    }

    [Fact]
    public async Task A_stack_without_what_the_tool_needs_is_told_what_is_missing()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $$"""{"{{DeploymentOutputs.StorageAccount}}":"account","{{DeploymentOutputs.Private}}":true}""", Cancel);
            (int code, Dictionary<string, Found> checks) = await AskAsync("--azure", file);
            Assert.Equal(3, code);
            Assert.Contains(DeploymentOutputs.FunctionAppUrl, checks["stack outputs"].Detail, StringComparison.Ordinal);
            Assert.DoesNotContain(DeploymentOutputs.StorageAccount, checks["stack outputs"].Detail, StringComparison.Ordinal);
            await File.WriteAllTextAsync(file, "no JSON", Cancel);
            (code, checks) = await AskAsync("--azure", file);
            Assert.Equal(3, code);
            Assert.Equal("failed", checks["stack outputs"].State);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task A_stacks_endpoints_are_called()
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: Cancel);
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(
                file,
                JsonSerializer.Serialize(new Dictionary<string, object>
                {
                    // No account's name, so that nobody signs in from a test.
                    [DeploymentOutputs.StorageAccount] = "NOT-AN-ACCOUNT",
                    [DeploymentOutputs.ResourceGroup] = "group",
                    [DeploymentOutputs.FunctionApp] = "app",
                    [DeploymentOutputs.FunctionAppUrl] = "http://127.0.0.1:9/api",
                    [DeploymentOutputs.FunctionIdentityClientId] = "id",
                    [DeploymentOutputs.JudgeEndpoint] = server.ApiBase.ToString(),
                    [DeploymentOutputs.JudgeModel] = "simulated-judge",
                    [DeploymentOutputs.LogWorkspace] = "logs",
                    [DeploymentOutputs.DurableBackend] = "azureStorage",
                    [DeploymentOutputs.Private] = false,
                    [DeploymentOutputs.Capacity] = "64 slots",
                }),
                Cancel);
            (int code, Dictionary<string, Found> checks) = await AskAsync("--azure", file);
            Assert.Equal(3, code);
            Assert.Equal("failed", checks["storage"].State);
            Assert.Equal("warning", checks["function app"].State);
            Assert.Equal("ok", checks["judge endpoint"].State);
            Assert.Equal("skipped", checks["meta endpoint"].State);
            Assert.Equal("64 slots", checks["capacity"].Detail);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<(int Code, Dictionary<string, Found> Checks)> AskAsync(params string[] options)
    {
        ToolResult result = await ToolProcess.RunAsync(Path.GetTempPath(), ["doctor", "--json", .. options]);
        Assert.True(result.Output.StartsWith('['), result.Errors);
        Found[] checks = JsonSerializer.Deserialize<Found[]>(result.Output, JsonSerializerOptions.Web)!;
        var byName = new Dictionary<string, Found>(StringComparer.Ordinal);
        foreach (Found check in checks)
        {
            byName[check.Name] = check;
        }

        return (result.ExitCode, byName);
    }

    private sealed record Found(string Name, string State, string Detail, string? Advice);
}
