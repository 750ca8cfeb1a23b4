using Tribunal.Azure.Names;

namespace Tribunal.Infra.Tests;

/// <summary>What can be reached, and with what.</summary>
public sealed class PrivacyTests
{
    /// <summary>Where each kind of resource says that it is closed; kinds that have no address of their own are not here.</summary>
    private static readonly Dictionary<string, (string Path, string Closed)> Doors = new(StringComparer.Ordinal)
    {
        // Disabled would shut Event Grid out too; the weights' account has nobody to let in, and is.
        ["StorageAccount"] = ("networkRuleSet.defaultAction", "Deny"),
        ["Vault"] = ("properties.publicNetworkAccess", "Disabled"),
        ["Registry"] = ("publicNetworkAccess", "Disabled"),
        ["WebApp"] = ("publicNetworkAccess", "Disabled"),
        ["ManagedEnvironment"] = ("publicNetworkAccess", "Disabled"),
        ["Workspace"] = ("publicNetworkAccessForIngestion", "Disabled"),
        ["Component"] = ("publicNetworkAccessForIngestion", "Disabled"),
        ["Scheduler"] = ("properties.publicNetworkAccess", "Disabled"),
    };

    /// <summary>Kinds without an address.</summary>
    private static readonly HashSet<string> Doorless = new(StringComparer.Ordinal)
    {
        "ResourceGroup", "VirtualNetwork", "Subnet", "PrivateEndpoint", "PrivateDnsZoneGroup", "PrivateZone", "VirtualNetworkLink", "Deployment",
        "UserAssignedIdentity", "RoleAssignment", "BlobServiceProperties", "BlobContainer", "Queue", "Table", "FileShare", "ManagementPolicy",
        "SystemTopic", "SystemTopicEventSubscription", "Secret", "ManagedEnvironmentsStorage", "ContainerApp", "AppServicePlan", "TaskHub",
        "VirtualNetworkPeering", "DiagnosticSetting", "ActionGroup", "ScheduledQueryRule", "Budget", "PrivateLinkScope", "PrivateLinkScopedResource",
    };

    public static TheoryData<string, string, string> Everything => new()
    {
        { "nfs", "azureStorage", "" },
        { "baked", "azureManaged", "hf_token" },
    };

    [Fact]
    public async Task People_who_sign_in_reach_the_triggers_of_a_private_app_and_nobody_publishes_from_outside()
    {
        Deployed deployed = await Stacks.DeployAsync("prod", ("signIn", "5f0c8c1e-2f5b-4ad5-9d54-0b4f8f2d7c11"), ("allowedAddresses", "20.1.2.3"));

        Declared app = deployed.One("WebApp");
        Assert.Equal("Enabled", app.Text("publicNetworkAccess"));
        Assert.Null(app["siteConfig.ipSecurityRestrictions"]);
        Assert.Equal("Deny", app.Text("siteConfig.scmIpSecurityRestrictionsDefaultAction"));
        Assert.Equal("20.1.2.3/32", Assert.Single(app["siteConfig.scmIpSecurityRestrictions"]!.AsArray())!["ipAddress"]!.GetValue<string>());
        Declared signIn = deployed.One("WebAppAuthSettingsV2");
        Assert.Equal("Return401", signIn.Text("globalValidation.unauthenticatedClientAction"));
        Assert.True(signIn.Text("globalValidation.requireAuthentication") == "true");
        Assert.Equal("5f0c8c1e-2f5b-4ad5-9d54-0b4f8f2d7c11", signIn.Text("identityProviders.azureActiveDirectory.registration.clientId"));
        Assert.EndsWith("/v2.0", signIn.Text("identityProviders.azureActiveDirectory.registration.openIdIssuer"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_sign_in_there_is_none_and_a_client_id_is_one()
    {
        Assert.Empty((await Stacks.DeployAsync("prod")).Of("WebAppAuthSettingsV2"));
        Assert.Contains("signIn", Assert.Throws<ArgumentException>(static () => Stacks.Settings("prod", ("signIn", "my-app"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public async Task Nothing_in_prod_is_public(string weights, string backend, string token)
    {
        Deployed deployed = await Stacks.DeployAsync(Full(weights, backend, token), "prod");
        foreach (Declared resource in deployed.Resources.Where(r => r.Type.StartsWith("azure-native:", StringComparison.Ordinal)))
        {
            if (Doors.TryGetValue(resource.Kind, out (string Path, string Closed) door))
            {
                Assert.True(resource.Text(door.Path) == door.Closed, $"{resource.Kind} {resource.Name}: {door.Path} is {resource.Text(door.Path)}");
            }
            else
            {
                Assert.True(Doorless.Contains(resource.Kind), $"{resource.Kind}: can it be reached?");
            }
        }

        Assert.Empty(deployed.One("StorageAccount", "storage")["networkRuleSet.ipRules"]!.AsArray());
        Assert.All(deployed.Of("StorageAccount").Where(account => account.Name == "weights"), account => Assert.Equal("Disabled", account.Text("publicNetworkAccess")));
        Assert.Equal("PrivateOnly", deployed.One("PrivateLinkScope").Text("accessModeSettings.ingestionAccessMode"));
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public async Task What_is_closed_in_prod_has_a_private_endpoint_with_dns(string weights, string backend, string token)
    {
        Deployed deployed = await Stacks.DeployAsync(Full(weights, backend, token), "prod");
        HashSet<string> linked = [.. deployed.Of("PrivateEndpoint").Select(endpoint => endpoint.Text("privateLinkServiceConnections.0.privateLinkServiceId")!)];
        string[] reached = ["StorageAccount", "Vault", "Registry", "WebApp", "Scheduler", "PrivateLinkScope"];
        Assert.All(deployed.Resources.Where(r => reached.Contains(r.Kind)), resource => Assert.Contains(resource.Id, linked));
        Assert.Equal(deployed.Of("PrivateEndpoint").Count(), deployed.Of("PrivateDnsZoneGroup").Count());
        Assert.Equal(
            deployed.Of("PrivateZone").Select(zone => zone.Text("privateZoneName")).Order(),
            deployed.Of("VirtualNetworkLink").Select(link => link.Text("privateZoneName")).Order());
    }

    [Fact]
    public async Task Allowed_addresses_reach_storage_and_the_function_app_of_a_private_stack_and_nothing_else()
    {
        Deployed deployed = await Stacks.DeployAsync("prod", ("allowedAddresses", "203.0.113.7,198.51.100.0/24"));
        Assert.Equal(
            ["203.0.113.7", "198.51.100.0/24"],
            deployed.One("StorageAccount", "storage")["networkRuleSet.ipRules"]!.AsArray().Select(rule => rule!["iPAddressOrRange"]!.ToString()));
        Declared app = deployed.One("WebApp");
        Assert.Equal("Enabled Deny", $"{app.Text("publicNetworkAccess")} {app.Text("siteConfig.ipSecurityRestrictionsDefaultAction")}");
        Assert.Equal(
            ["203.0.113.7/32", "198.51.100.0/24"],
            app["siteConfig.ipSecurityRestrictions"]!.AsArray().Select(rule => rule!["ipAddress"]!.ToString()));
        Assert.Equal("true", app.Text("siteConfig.scmIpSecurityRestrictionsUseMain"));
        Assert.Equal("Disabled", deployed.One("StorageAccount", "weights").Text("publicNetworkAccess"));
        Assert.Equal("Disabled", deployed.One("ManagedEnvironment").Text("publicNetworkAccess"));
    }

    [Fact]
    public async Task Dev_pays_for_no_private_endpoint()
    {
        Deployed deployed = await Stacks.DeployAsync("dev");
        Assert.Empty(deployed.Of("PrivateEndpoint"));
        Assert.Empty(deployed.Of("PrivateLinkScope"));
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task The_judge_is_reached_from_the_network_and_from_nowhere_else(string stack)
    {
        Deployed deployed = await Stacks.DeployAsync(stack);
        Declared environment = deployed.One("ManagedEnvironment");
        Assert.Equal("true", environment.Text("vnetConfiguration.internal"));
        Assert.Equal("Disabled", environment.Text("publicNetworkAccess"));
        Assert.All(deployed.Of("ContainerApp"), app =>
        {
            // External inside an internal environment is the virtual network; not external is the environment alone.
            Assert.Equal("true", app.Text("configuration.ingress.external"));
            Assert.Equal("false", app.Text("configuration.ingress.allowInsecure"));
        });
        Assert.Equal(deployed.One("Subnet", "subnet-functions").Id, deployed.One("WebApp").Text("virtualNetworkSubnetId"));
        Assert.Equal(deployed.One("Subnet", "subnet-gpu").Id, environment.Text("vnetConfiguration.infrastructureSubnetId"));
        Declared record = deployed.One("Deployment");
        Assert.Equal("apps.example.internal", record.Text("properties.parameters.zone.value"));
        Assert.Equal("10.42.0.9", record.Text("properties.parameters.address.value"));
    }

    [Theory]
    [InlineData("dev")]
    [InlineData("prod")]
    public async Task No_account_takes_a_key_and_no_blob_is_public(string stack)
    {
        Deployed deployed = await Stacks.DeployAsync(stack);
        Assert.All(deployed.Of("StorageAccount"), account =>
        {
            Assert.Equal("false", account.Text("allowSharedKeyAccess"));
            Assert.Equal("false", account.Text("allowBlobPublicAccess"));
            Assert.Equal("TLS1_2", account.Text("minimumTlsVersion"));
        });
        Assert.Equal("AzureServices", deployed.One("StorageAccount", "storage").Text("networkRuleSet.bypass"));
        Assert.All(deployed.Of("BlobContainer"), container => Assert.Equal("None", container.Text("publicAccess")));
        Assert.Equal("true", deployed.One("BlobServiceProperties").Text("deleteRetentionPolicy.enabled"));
        Assert.Equal("true", deployed.One("Component").Text("disableLocalAuth"));
        Assert.Equal("true", deployed.One("WebApp").Text("httpsOnly"));
        Assert.Equal("managedidentity", deployed.FunctionSettings[SettingNames.HostStorageCredential]);
        Assert.All(deployed.FunctionSettings, setting => Assert.DoesNotContain("AccountKey", setting.Value, StringComparison.OrdinalIgnoreCase));
    }

    private static DeploymentSettings Full(string weights, string backend, string token) => Stacks.Settings(
        "prod", ("weights", weights), ("durableBackend", backend), ("schedulerLinkGroup", "scheduler"), ("schedulerLinkZone", "privatelink.example.net")) with
    {
        HuggingFaceToken = token.Length == 0 ? null : Pulumi.Output.CreateSecret(token),
    };
}
