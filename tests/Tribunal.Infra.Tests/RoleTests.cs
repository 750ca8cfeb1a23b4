using Tribunal.Infra.Identity;

namespace Tribunal.Infra.Tests;

/// <summary>Every identity has exactly the roles it needs, at the narrowest scope that does.</summary>
public sealed class RoleTests
{
    private static readonly string[] Functions =
    [
        "functions: Storage Blob Data Owner on StorageAccount storage",
        "functions: Storage Queue Data Contributor on StorageAccount storage",
        "functions: Storage Table Data Contributor on StorageAccount storage",
        "functions: Monitoring Metrics Publisher on Component telemetry-app",
    ];

    private static readonly string[] Events =
    [
        "uploads: Storage Queue Data Message Sender on Queue queue-uploads",
        "uploads: Storage Blob Data Contributor on BlobContainer container-deadletters",
    ];

    private static readonly string[] Operator =
    [
        "object: Storage Blob Data Contributor on StorageAccount storage",
        "object: Storage Queue Data Contributor on StorageAccount storage",
        "object: Storage Table Data Contributor on StorageAccount storage",
    ];

    [Fact]
    public async Task Dev() => Same([.. Functions, .. Events, .. Operator], await Stacks.DeployAsync("dev"));

    [Fact]
    public async Task Prod() => Same(
        [.. Functions, .. Events, .. Operator, "judge: AcrPull on Registry images", "meta: AcrPull on Registry images"],
        await Stacks.DeployAsync("prod"));

    [Fact]
    public async Task A_token_a_registry_a_scheduler_and_keys_add_one_each_where_they_are_used() => Same(
        [
            .. Functions, .. Events,
            "functions: Durable Task Data Contributor on TaskHub scheduler-hub",
            "judge: Key Vault Secrets User on Secret secret-hugging-face-token",
            "judge: AcrPull on Registry images",
            "functions: Key Vault Secrets User on Secret secret-judge-key-gpt",
        ],
        await Stacks.DeployAsync(
            Stacks.Settings(
                "dev", ("weights", "baked"), ("image", "judge:1"), ("durableBackend", "azureManaged"), ("deployerOperates", "false"),
                ("judges", """{"gpt":{"endpoint":"https://example.com/v1","model":"m"}}"""), ("judgeApiKeys", """{"gpt":"key"}""")) with
            {
                HuggingFaceToken = Pulumi.Output.CreateSecret("hf_token"),
                JudgeApiKeys = Pulumi.Output.CreateSecret("""{"gpt":"key"}"""),
            }));

    [Fact]
    public async Task A_worker_has_the_account_since_its_engine_makes_what_it_needs_and_the_reward_server_has_nothing() => Same(
        [
            .. Functions, .. Events, .. Operator,
            "worker: Storage Blob Data Contributor on StorageAccount storage",
            "worker: Storage Queue Data Contributor on StorageAccount storage",
            "worker: Storage Table Data Contributor on StorageAccount storage",
        ],
        await Stacks.DeployAsync("dev", ("toolImage", "ghcr.io/someone/tribunal:1"), ("workerReplicas", "3"), ("rewardReplicas", "1")));

    [Theory]
    [InlineData("user:someone", "User")]
    [InlineData("group:someone", "Group")]
    [InlineData("app:someone", "ServicePrincipal")]
    [InlineData("someone", "Group")]
    public async Task Submitters_are_users_groups_and_apps(string submitter, string type)
    {
        Deployed deployed = await Stacks.DeployAsync("dev", ("submitters", submitter));
        Declared[] grants = [.. deployed.Of("RoleAssignment").Where(grant => grant.Text("principalId") == "someone")];
        Assert.NotEmpty(grants);
        Assert.All(grants, grant => Assert.Equal(type, grant.Text("principalType")));
    }

    [Theory]
    [InlineData("someone", "SubmitCommand", "WatchCommand", "RunsCommand", "CancelCommand", "RemoteRuns", "TableRunCatalog")]
    [InlineData("object", "SubmitCommand", "WatchCommand", "RunsCommand", "CancelCommand", "RemoteRuns", "TableRunCatalog", "StorageChecks")]
    public async Task People_may_do_what_the_code_does_for_them(string principal, params string[] files)
    {
        Deployed deployed = await Stacks.DeployAsync("dev", ("submitters", "user:someone"));
        string[] needed = [.. files.SelectMany(StorageOperations.Of).Distinct().Order(StringComparer.Ordinal)];
        Assert.Contains("table runs: write", needed);
        HashSet<string> allowed = [.. Describe(deployed).Where(grant => grant.StartsWith($"{principal}: ", StringComparison.Ordinal)).SelectMany(StorageOperations.AllowedBy)];
        Assert.All(needed, need => Assert.True(allowed.Contains(need), $"{principal} can't {need}"));
    }

    [Fact]
    public async Task Events_are_delivered_by_the_identity_that_works_behind_a_firewall()
    {
        Deployed deployed = await Stacks.DeployAsync("prod");
        Assert.Equal("SystemAssigned", deployed.One("SystemTopic").Text("identity.type"));
        Declared subscription = deployed.One("SystemTopicEventSubscription");
        Assert.Equal("SystemAssigned", subscription.Text("deliveryWithResourceIdentity.identity.type"));
        Assert.Equal("SystemAssigned", subscription.Text("deadLetterWithResourceIdentity.identity.type"));
        Assert.Null(subscription["destination"]);
    }

    [Fact]
    public async Task What_runs_in_a_container_gets_no_tokens()
    {
        Deployed deployed = await Stacks.DeployAsync("prod");
        Assert.All(deployed.Of("ContainerApp"), app =>
        {
            Assert.Equal("None", app.Text("configuration.identitySettings.0.lifecycle"));
            Assert.Equal(app.Text("identity.userAssignedIdentities.0"), app.Text("configuration.identitySettings.0.identity"));
        });
    }

    private static void Same(string[] expected, Deployed deployed) =>
        Assert.Equal(expected.Order(StringComparer.Ordinal), Describe(deployed).Order(StringComparer.Ordinal));

    private static IEnumerable<string> Describe(Deployed deployed)
    {
        Dictionary<string, string> roles = typeof(BuiltInRole).GetProperties()
            .Where(property => property.PropertyType == typeof(BuiltInRole))
            .Select(property => (BuiltInRole)property.GetValue(null)!)
            .ToDictionary(role => role.Id, role => role.Name, StringComparer.Ordinal);
        Dictionary<string, string> scopes = deployed.Resources.GroupBy(resource => resource.Id)
            .ToDictionary(group => group.Key, group => $"{group.First().Kind} {group.First().Name}", StringComparer.Ordinal);
        return deployed.Of("RoleAssignment").Select(grant =>
        {
            string id = grant.Text("roleDefinitionId")!;
            return $"{grant.Text("principalId")!.Replace("principal-of-", "", StringComparison.Ordinal)}: {roles[id[(id.LastIndexOf('/') + 1)..]]} on {scopes[grant.Text("scope")!]}";
        });
    }
}
