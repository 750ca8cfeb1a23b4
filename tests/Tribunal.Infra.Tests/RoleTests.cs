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

    [Fact]
    public async Task Dev() => Same(
        [.. Functions, .. Events, "judge: Storage Queue Data Contributor on Queue queue-evaluations"],
        await Stacks.DeployAsync("dev"));

    [Fact]
    public async Task Prod() => Same(
        [
            .. Functions, .. Events,
            "judge: Storage Queue Data Contributor on Queue queue-evaluations",
            "meta: Storage Queue Data Contributor on Queue queue-evaluations",
        ],
        await Stacks.DeployAsync("prod"));

    [Fact]
    public async Task A_token_a_registry_a_scheduler_and_submitters_add_one_each_where_they_are_used() => Same(
        [
            .. Functions, .. Events,
            "functions: Durable Task Data Contributor on TaskHub scheduler-hub",
            "judge: Storage Queue Data Contributor on Queue queue-evaluations",
            "judge: Key Vault Secrets User on Secret secrets-token",
            "judge: AcrPull on Registry images",
            "group-1: Storage Blob Data Contributor on BlobContainer container-rollouts",
            "group-1: Storage Queue Data Message Sender on Queue queue-evaluations",
            "group-1: Storage Blob Data Reader on BlobContainer container-runs",
            "group-1: Storage Table Data Reader on Table table-runs",
        ],
        await Stacks.DeployAsync(
            Stacks.Settings("dev", ("weights", "baked"), ("durableBackend", "azureManaged"), ("submitters", "group-1")) with
            {
                HuggingFaceToken = Pulumi.Output.CreateSecret("hf_token"),
            }));

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
            Assert.Equal(app.Text("identity.userAssignedIdentities.0"), app.Text("template.scale.rules.1.azureQueue.identity"));
        });
    }

    private static void Same(string[] expected, Deployed deployed)
    {
        Dictionary<string, string> roles = typeof(BuiltInRole).GetProperties()
            .Where(property => property.PropertyType == typeof(BuiltInRole))
            .Select(property => (BuiltInRole)property.GetValue(null)!)
            .ToDictionary(role => role.Id, role => role.Name, StringComparer.Ordinal);
        Dictionary<string, string> scopes = deployed.Resources.GroupBy(resource => resource.Id)
            .ToDictionary(group => group.Key, group => $"{group.First().Kind} {group.First().Name}", StringComparer.Ordinal);
        Assert.Equal(expected.Order(StringComparer.Ordinal), deployed.Of("RoleAssignment").Select(Describe).Order(StringComparer.Ordinal));

        string Describe(Declared grant)
        {
            string id = grant.Text("roleDefinitionId")!;
            return $"{grant.Text("principalId")!.Replace("principal-of-", "", StringComparison.Ordinal)}: {roles[id[(id.LastIndexOf('/') + 1)..]]} on {scopes[grant.Text("scope")!]}";
        }
    }
}
